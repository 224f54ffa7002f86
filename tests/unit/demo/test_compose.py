"""docker-compose.yml: what Compose would refuse, and what it should not ship."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.compose import Placement, Service, read

ROOT = Path(__file__).parents[3]
FILE = ROOT / "docker-compose.yml"
DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text())
SERVICES = DOCUMENT["services"]


def test_it_follows_the_compose_specification() -> None:
    program = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(FILE)]
    done = subprocess.run(program, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_all_it_names_is_declared(service: str) -> None:
    declared = SERVICES[service]
    volumes = {volume.split(":")[0] for volume in declared.get("volumes", ())}

    assert set(declared.get("secrets", ())) <= set(DOCUMENT["secrets"])
    assert set(declared["networks"]) <= set(DOCUMENT["networks"])
    assert {name for name in volumes if not name.startswith(".")} <= set(DOCUMENT["volumes"])
    assert all((ROOT / name).exists() for name in volumes if name.startswith("."))
    assert set(declared.get("depends_on", ())) <= set(SERVICES)


@pytest.mark.parametrize("service", SERVICES)
def test_it_has_limits_and_no_privilege(service: str) -> None:
    declared = SERVICES[service]

    assert set(declared["deploy"]["resources"]["limits"]) == {"cpus", "memory", "pids"}
    assert declared["cap_drop"] == ["ALL"]
    assert declared["security_opt"] == ["no-new-privileges:true"]
    assert declared.get("user") != "root"
    assert "healthcheck" in declared or service == "init"


@pytest.mark.parametrize("service", SERVICES)
def test_secrets_are_files_that_are_mounted(service: str) -> None:
    text = yaml.safe_dump({name: SERVICES[service].get(name) for name in ("command", "environment")})

    named = set(re.findall(r"/run/secrets/(\w+)", text))
    assert named <= set(SERVICES[service].get("secrets", ()))
    environment = SERVICES[service].get("environment", {})
    sensitive = [
        name for name in environment if re.search(r"PASSWORD|SECRET|KEY|CONN\b|BROKER_URL|BACKEND", name)
    ]
    assert all(name.endswith(("_CMD", "_FILE")) for name in sensitive)


def test_only_the_proxy_is_reached_from_outside() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert DOCUMENT["networks"]["database"] == DOCUMENT["networks"]["broker"] == {"internal": True}


def test_workers_of_dag_authors_have_no_way_to_the_database() -> None:
    for name in ("worker-1", "worker-2"):
        assert "database" not in SERVICES[name]["networks"]
        assert SERVICES[name]["secrets"] == ["redis_password"]


@pytest.mark.parametrize("kind", ["api-server", "worker", "gateway", "hookline-worker"])
def test_there_are_two_alike(kind: str) -> None:
    one, two = (SERVICES[f"{kind}-{number}"] for number in (1, 2))

    assert yaml.safe_dump(one).replace(f"{kind}-1", f"{kind}-2") == yaml.safe_dump(two)


def test_every_secret_is_made() -> None:
    made = (ROOT / "deploy" / "secrets.sh").read_text()

    assert [name for name in DOCUMENT["secrets"] if name not in made] == []


def test_variables_are_filled_in_as_compose_does(tmp_path: Path) -> None:
    file = tmp_path / "compose.yml"
    file.write_text(
        "services: {one: {command: [a, '${A:-x}', '${B:-}', '$$HOME'], environment: {N: '${C:-1}'}}}"
    )

    [service] = read(file, {"C": "2"}).values()

    assert service == Service("one", ("a", "x", "", "$HOME"), {"N": "2"}, (), ())


def test_hosts_ports_and_folders_move_to_this_machine(tmp_path: Path) -> None:
    placement = Placement(("api", "db"), {"/opt/it": tmp_path, "/tmp": tmp_path / "t"}, "10.0.0.9")
    db, api, other = (placement.port(*key) for key in (("db", 5432), ("api", 80), ("db", 80)))

    moved = placement.text("api", "db:5432 localhost:80 /opt/it/x /tmp/y /opt/items 10.0.0.9 --port 80")

    assert moved == (
        f"127.0.0.1:{db} 127.0.0.1:{api} {tmp_path}/x {tmp_path}/t/y /opt/items 127.0.0.1 --port {api}"
    )
    assert len({db, api, other}) == 3
