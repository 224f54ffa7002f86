"""The wheel in an Airflow that has no checkout of ours, and the plugins folder dropped into one that exists."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from demo.ports import LOOPBACK, free_port
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

    def airflow(self, *arguments: str) -> str:
        command = [str(self.python), "-m", "airflow", *arguments]
        done = subprocess.run(
            command, env=self.environment, cwd=self.environment["AIRFLOW_HOME"], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def serve(self, log: Path, *command: str, **environment: str) -> Served:
        served = Served({**self.environment, **environment}, log, *command)
        served._command[:1] = [str(self.python), "-m", "airflow"]
        return served


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installed]:
    place = tmp_path_factory.mktemp("installed")
    wheel = next(WheelBuilder(str(REPOSITORY)).build(directory=str(place / "dist"), versions=["standard"]))
    venv.create(place / "venv", with_pip=False, symlinks=True)
    python = place / "venv" / "bin" / "python"
    paths = sysconfig.get_paths(vars={"base": str(place / "venv"), "platbase": str(place / "venv")})
    site = Path(paths["purelib"])
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    # After what pip installed, and as a plain path: our own editable install, which is a hook there, is not run.
    (site / "dependencies.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
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
    made.airflow("db", "migrate")
    yield made


def test_hookline_is_the_wheel_s(installed: Installed) -> None:
    code = "import hookline, hookline_plugin; print(hookline.__file__, hookline_plugin.__file__)"
    done = subprocess.run(
        [str(installed.python), "-c", code], env=installed.environment, cwd="/", capture_output=True, text=True
    )

    assert done.stdout.count(str(installed.python.parent.parent)) == 2, done.stdout + done.stderr


def test_airflow_knows_the_provider_its_tables_and_commands(installed: Installed) -> None:
    assert "airflow-hookline" in installed.airflow("providers", "list", "-o", "json")
    assert "hookline" in installed.airflow("plugins", "-o", "json")
    findings = {
        row["subject"]: row["level"]
        for row in json.loads(installed.airflow("hookline", "doctor", "-o", "json") or "[]")
    }
    assert {findings["database"], findings["plugin"], findings["provider"]} == {"ok"}


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

    with installed.serve(
        tmp_path / "log", "api-server", AIRFLOW__CORE__PLUGINS_FOLDER=str(folder)
    ) as server:
        answer = request_json("POST", f"{server.url}/hooks/in/open/paid", {"n": 1})
        health = request("GET", f"{server.url}/hooks/health").json()

    log = (tmp_path / "log").read_text()
    assert answer.status == 202, answer.body
    assert health["ready"] is True
    assert "Traceback" not in log
    assert "Failed to import plugin" not in log
