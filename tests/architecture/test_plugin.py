"""Airflow finds the plugin once, from the distribution alone and from its plugins folder too."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PLUGINS = Path(__file__).parents[2] / "plugins"
LOOK = """
import json
from airflow import plugins_manager
plugins, errors = plugins_manager._get_plugins()
print(json.dumps([[str(plugin.source) for plugin in plugins if plugin.name == "hookline"], errors]))
"""


@pytest.mark.parametrize(
    ("in_folder", "source"),
    [(False, "airflow-hookline=="), (True, "$PLUGINS_FOLDER/hookline_plugin.py")],
    ids=["distribution", "plugins folder"],
)
def test_the_plugin_is_registered_once(tmp_path: Path, in_folder: bool, source: str) -> None:
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(PLUGINS if in_folder else tmp_path),
    }

    looked = subprocess.run(
        [sys.executable, "-c", LOOK], env=environment, check=True, capture_output=True, text=True
    )

    sources, errors = json.loads(looked.stdout.splitlines()[-1])
    assert len(sources) == 1
    assert sources[0].startswith(source)
    assert errors == {}
