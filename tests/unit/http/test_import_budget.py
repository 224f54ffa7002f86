"""Dag-side modules are parsed again and again, so importing them loads nothing heavy."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("fastapi", "requests", "sqlalchemy", "starlette", "urllib3")

SCRIPT = """
import sys
import airflow.sdk
from airflow.sdk import BaseHook, BaseOperator
before = set(sys.modules)
import {module}
print(*sorted({{name.partition(".")[0] for name in set(sys.modules) - before}}))
"""


@pytest.mark.parametrize("module", ["hookline.operators.http", "hookline.hooks.http"])
def test_importing_after_the_sdk_loads_nothing_heavy(module: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(module=module)], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.split()
    assert "hookline" in loaded
    assert not set(HEAVY) & set(loaded)


@pytest.mark.parametrize(
    "module", ["hookline.http.request", "hookline.http.response", "hookline.http.transport"]
)
def test_the_http_room_knows_no_airflow_and_loads_no_client(module: str) -> None:
    script = f"import sys, {module}; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert not {"airflow", *HEAVY} & set(done.stdout.split())
