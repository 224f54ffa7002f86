"""What a command prints is its own: loading it prints nothing, so that its JSON is JSON and no more."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import hookline.cli

LOAD = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(f"hookline.cli.{name}")
print(sorted({"fastapi.testclient"} & set(sys.modules)))
"""


def test_loading_every_command_prints_nothing() -> None:
    # Airflow's execution API loads a client that warns of itself, and Airflow prints warnings to stdout.
    modules = sorted(file.stem for file in Path(hookline.cli.__path__[0]).glob("[a-z]*.py"))
    assert "events" in modules

    done = subprocess.run([sys.executable, "-c", LOAD, *modules], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"
