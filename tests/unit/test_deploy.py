"""What ``deploy/`` ships names what exists: values of the chart, secrets, commands, options, routes."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.configuration import conf

from hookline.get_provider_info import get_provider_info
from tests.unit.test_docs_commands import parse

DEPLOY = Path(__file__).parents[2] / "deploy"
PAGE = (DEPLOY.parent / "docs/how-to/run-it-distributed.md").read_text()
CHART = json.loads((Path(__file__).parent / "helm_chart_keys.json").read_text())
VALUES = yaml.safe_load((DEPLOY / "kubernetes/values.yaml").read_text())
MANIFESTS = list(yaml.safe_load_all((DEPLOY / "kubernetes/hookline.yaml").read_text()))
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list}


def paths(values: dict[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from paths(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def containers() -> list[dict[str, Any]]:
    return [
        container
        for manifest in MANIFESTS
        if manifest["kind"] == "Deployment"
        for container in manifest["spec"]["template"]["spec"]["containers"]
    ]


def test_the_chart_knows_every_value() -> None:
    used = dict(paths(VALUES))

    assert used.keys() == CHART["keys"].keys()
    assert {key: type(value) for key, value in used.items()} == {
        key: TYPES[kind] for key, kind in CHART["keys"].items()
    }
    assert f"--version {CHART['version']} " in (DEPLOY / "kubernetes/values.yaml").read_text()
    assert f"version {CHART['version']};" in PAGE


def test_the_versions_are_ours() -> None:
    assert VALUES["airflowVersion"] == version("apache-airflow")
    image = f"{VALUES['defaultAirflowRepository']}:{VALUES['defaultAirflowTag']}"
    assert {container["image"] for container in containers()} == {image}
    assert VALUES["defaultAirflowTag"] == version("airflow-hookline")


def test_the_page_makes_every_secret_that_is_named() -> None:
    made = dict(re.findall(r"create secret generic (\S+) --from-\w+=([\w-]+)=", PAGE))
    named_by_us = {
        (reference["name"], reference["key"])
        for container in containers()
        for variable in container["env"]
        if (reference := variable.get("valueFrom", {}).get("secretKeyRef"))
    }
    by_values = {value for key, value in paths(VALUES) if key.endswith("SecretName")}

    assert named_by_us <= made.items()
    assert by_values == made.keys()


def test_every_command_can_be_typed() -> None:
    kubernetes = [shlex.join(container["args"]) for container in containers()]
    systemd = re.findall(
        r"(?m)^ExecStart=/opt/airflow/bin/(.*)$", "".join(unit.read_text() for unit in UNITS)
    )
    commands = [*kubernetes, *(line.replace("%i", "8085") for line in systemd)]

    assert len(commands) == 4
    for line in commands:
        parse(line)


def test_every_option_exists() -> None:
    text = "".join(file.read_text() for file in DEPLOY.rglob("*") if file.is_file()) + PAGE
    names = set(re.findall(r"AIRFLOW__([A-Z_]+?)__([A-Z_]+?)(?:_CMD|_SECRET)?\b", text))

    assert {("HOOKLINE", "TRUSTED_PROXIES"), ("CORE", "FERNET_KEY")} <= names
    known = {**conf.configuration_description, **get_provider_info()["config"]}
    assert [name for section, name in names if name.lower() not in known[section.lower()]["options"]] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_reads_its_credentials(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text()
    credentials = set(re.findall(r"(?m)^LoadCredential=(\w+):", text))
    for name in credentials:
        (tmp_path / name).write_text(f"the-{name}_=")
    commands = dict(re.findall(r'(?m)^Environment="(\w+)_CMD=(.*)"$', text))

    def value(name: str) -> str:
        command = shlex.split(commands[name].replace("%d", str(tmp_path)).replace("%%", "%"))
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    assert set(re.findall(r"%d/(\w+)", text)) == credentials
    assert value("AIRFLOW__CORE__FERNET_KEY") == "the-fernet_key_="
    assert value("AIRFLOW__API__SECRET_KEY") == "the-api_secret_key_="
    assert value("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN") == (
        "postgresql+psycopg2://airflow:the-database_password_=@db.internal:5432/airflow"
    )
