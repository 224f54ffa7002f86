"""What is secret is compared in constant time: by ``hmac.compare_digest``, or by a key's own ``verify``."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SIGNATURES = Path(__file__).parents[2] / "plugins" / "hookline" / "protocol" / "signatures"
MODULES = sorted(SIGNATURES.rglob("*.py"))
SECRET = frozenset(
    {"actual", "credentials", "digest", "encoded", "expected", "key", "keys", "password", "presented"}
    | {"secret", "secrets", "signature", "signatures", "token", "tokens"}
)
BY_VALUE = ast.Eq | ast.NotEq | ast.In | ast.NotIn


def compared(module: Path) -> list[str]:
    """Return the comparisons by value that have to do with anything secret, but for those with fixed text."""
    found = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Compare) and any(isinstance(operator, BY_VALUE) for operator in node.ops):
            sides = [node.left, *node.comparators]
            fixed = any(isinstance(side, ast.Constant) for side in sides)
            if not fixed and SECRET & {name for side in sides for name in names(side)}:
                found.append(f"{module.name}:{node.lineno} {ast.unparse(node)}")
    return found


def names(expression: ast.expr) -> set[str]:
    parts = list(ast.walk(expression))
    return {part.id for part in parts if isinstance(part, ast.Name)} | {
        part.attr for part in parts if isinstance(part, ast.Attribute)
    }


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_nothing_secret_is_compared_by_value(module: Path) -> None:
    assert compared(module) == []


def test_a_comparison_by_value_would_be_seen(tmp_path: Path) -> None:
    module = tmp_path / "bad.py"
    module.write_text("def verify(presented, expected):\n    return presented == expected\n")
    assert compared(module) == ["bad.py:2 presented == expected"]


def test_there_is_one_place_that_compares() -> None:
    places = {module.stem for module in MODULES if "compare_digest" in module.read_text(encoding="utf-8")}
    assert places == {"scheme"}
