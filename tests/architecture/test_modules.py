"""Modules stay small and are called after what they hold."""

from __future__ import annotations

import ast
import statistics
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
MODULES = sorted(PLUGINS.rglob("*.py"))
NAMES_OF_NOTHING = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "base", "core", "lib"}


def lines(module: Path) -> int:
    return len(module.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PLUGINS)))
def test_no_module_is_longer_than_300_lines(module: Path) -> None:
    assert lines(module) <= 300


def test_most_modules_have_at_most_100_lines() -> None:
    assert statistics.median(lines(module) for module in MODULES if module.name != "__init__.py") <= 100


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PLUGINS)))
def test_every_module_is_called_after_something(module: Path) -> None:
    assert not NAMES_OF_NOTHING & {part.removesuffix(".py") for part in module.relative_to(PLUGINS).parts}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: str(module.relative_to(PLUGINS)))
def test_every_module_says_what_it_is(module: Path) -> None:
    assert ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))


def test_airflow_does_not_run_the_package_s_modules_as_plugins() -> None:
    assert (PLUGINS / ".airflowignore").read_text().split() == ["hookline/"]
    assert [module.name for module in PLUGINS.glob("*.py")] == ["hookline_plugin.py"]
