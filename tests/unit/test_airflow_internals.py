"""What we use of Airflow that it does not promise to keep: what breaks on another version is named here.

``airflow_internals.json`` lists it; ``python -m tests.versions 3.3.1`` runs this file on another Airflow.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import json
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

LISTED: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("airflow_internals.json").read_text(encoding="utf-8")
)
PACKAGE = Path(__file__).parents[2] / "plugins" / "hookline"


def imported() -> dict[str, str]:
    """Return what the package imports of Airflow, with a file that does."""
    found = {}
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "airflow":
                for alias in node.names:
                    found[f"{node.module}:{alias.name}"] = str(file.relative_to(PACKAGE))
    return found


def resolve(name: str) -> Any:
    module, _, path = name.partition(":")
    try:
        return reduce(getattr, path.split("."), importlib.import_module(module))
    except AttributeError:
        return importlib.import_module(f"{module}.{path}")


IMPORTED = imported()


@pytest.mark.parametrize("name", IMPORTED)
def test_what_is_imported_is_there(name: str) -> None:
    assert resolve(name) is not None, f"hookline/{IMPORTED[name]} imports it"


@pytest.mark.parametrize("name", LISTED)
def test_what_is_used_of_it_is_there(name: str) -> None:
    found, uses = resolve(name), LISTED[name]
    members = set(dir(found)) | (set(inspect.get_annotations(found)) if uses.get("annotated") else set())

    assert [one for one in uses.get("attributes", ()) if one not in members] == []
    if "parameters" in uses:
        taken = inspect.signature(found).parameters
        assert [one for one in uses["parameters"] if one not in taken] == []
    source = inspect.getsource(found) if "source" in uses else ""
    assert [one for one in uses.get("source", ()) if one not in source] == []


def test_everything_private_is_listed() -> None:
    private = {name for name in IMPORTED if "._" in name or ":_" in name}

    assert private - set(LISTED) == set()
