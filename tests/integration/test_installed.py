"""The wheel in an Airflow without a checkout of ours; the plugins folder dropped beside other plugins."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from demo.rest import request, request_json
from demo.stack import REPOSITORY
from tests.integration.gateway import Served

OTHER_PLUGIN = '''"""Somebody's own plugin."""

from airflow.plugins_manager import AirflowPlugin


class Other(AirflowPlugin):
    name = "other"
'''


@dataclass(frozen=True)
class Installed:
    """An Airflow with the wheel; its dependencies are those of the tests, nothing of the checkout is."""

    python: Path
    environment: dict[str, str]

    def run(self, *arguments: str) -> str:
        """Run Python with these arguments, far from the checkout; return what it printed."""
        home = self.environment["AIRFLOW_HOME"]
        done = subprocess.run(
            [str(self.python), *arguments],
            env=self.environment,
            cwd=home,
            capture_output=True,
            text=True,
            check=False,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.stdout

    def serve(self, log: Path, *command: str, **environment: str) -> Served:
        served = Served({**self.environment, **environment}, log, *command)
        served._command[:1] = [str(self.python), "-m", "airflow"]
        return served


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    place = tmp_path_factory.mktemp("installed")
    wheel = next(WheelBuilder(str(REPOSITORY)).build(directory=str(place / "dist"), versions=["standard"]))
    venv.create(place / "venv", with_pip=False, symlinks=True)
    python = place / "venv" / "bin" / "python"
    paths = sysconfig.get_paths(vars={"base": str(place / "venv"), "platbase": str(place / "venv")})
    site = Path(paths["purelib"])
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "--quiet",
        "--no-deps",
        str(wheel),
    ]
    subprocess.run(pip, check=True, capture_output=True)
    for entry in Path(sysconfig.get_paths()["purelib"]).iterdir():
        if "hookline" not in entry.name and not (site / entry.name).exists():
            (site / entry.name).symlink_to(entry)
    home = place / "home"
    (home / "plugins").mkdir(parents=True)
    (home / "plugins" / "other.py").write_text(OTHER_PLUGIN)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "PYTHON"))}
    made = Installed(
        python,
        {
            **kept,
            "PATH": os.pathsep.join([str(python.parent), kept["PATH"]]),
            "AIRFLOW_HOME": str(home),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW_CONN_OPEN": json.dumps({"conn_type": "webhook", "extra": {"auth_type": "none"}}),
        },
    )
    made.run("-m", "airflow", "db", "migrate")
    return made


def test_airflow_knows_the_plugin_the_provider_and_its_tables(installed: Installed) -> None:
    said = installed.run("-m", "airflow", "hookline", "doctor", "-o", "json")
    findings = {row["subject"]: row["level"] for row in json.loads(said)}

    assert {findings["database"], findings["plugin"], findings["provider"]} == {"ok"}, said
    place = installed.run("-c", "import hookline; print(hookline.__file__)")
    assert place.startswith(str(installed.python.parent.parent))


def test_a_gateway_of_the_wheel_receives(installed: Installed, tmp_path: Path) -> None:
    with installed.serve(tmp_path / "log", "hookline", "gateway") as gateway:
        answer = request_json("POST", f"{gateway.url}/hooks/in/open/paid", {"n": 1})
        assert answer.status == 202, answer.body
        assert gateway.terminate() == 0


def test_the_folder_dropped_beside_other_plugins_is_one_registration(
    installed: Installed, tmp_path: Path
) -> None:
    folder = tmp_path / "plugins"
    shutil.copytree(REPOSITORY / "plugins", folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "other.py").write_text(OTHER_PLUGIN)

    with installed.serve(tmp_path / "log", "api-server", AIRFLOW__CORE__PLUGINS_FOLDER=str(folder)) as server:
        answer = request_json("POST", f"{server.url}/hooks/in/open/paid", {"n": 1})
        health = request("GET", f"{server.url}/hooks/health").json()

    log = (tmp_path / "log").read_text()
    assert answer.status == 202, answer.body
    assert health["ready"] is True
    assert "Traceback" not in log
    assert "Failed to import plugin" not in log
