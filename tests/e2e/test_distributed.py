"""docker-compose.yml as processes: all of it comes up, and an event goes all the way through it."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from demo.topology import Topology
from tests.chaos import experiment
from tests.chaos.receiver import Receiver
from tests.e2e.driver import Driver

DAGS = Path(__file__).parent / "distributed_dags"
KEY = "a-fleet-secret"
SEED = 20260924
# The long form: python -m tests.chaos
CHAOS = experiment.Size(events=60, deliveries=30, worked=4, waits=4, seconds=20)
ONE_OF_EACH = (
    "api-server-1", "dag-processor", "gateway-1", "hookline-worker-1", "postgres", "proxy", "redis",
    "scheduler", "triggerer", "worker-1",
)  # fmt: skip
IDLE = "/hooks/in/fleet/idle"
READY_SECONDS = 150
pytestmark = [pytest.mark.e2e, pytest.mark.own_stack]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with Receiver(SEED) as made:
        yield made


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Topology]:
    source = {
        "conn_type": "webhook",
        "password": KEY,
        "extra": {"auth_type": "api_key", "event_id": "header:X-Delivery-Id", "rate_limit": "1000/second"},
    }
    dags = tmp_path_factory.mktemp("dags")
    for folder in (DAGS, experiment.DAGS):
        shutil.copytree(folder, dags, dirs_exist_ok=True)
    made = Topology(
        tmp_path_factory.mktemp("topology"),
        dags_folder=dags,
        environment={
            "AIRFLOW_CONN_FLEET": json.dumps(source),
            **experiment.environment(receiver, CHAOS.width, queued=20),
        },
        variables=experiment.VARIABLES,
    )
    with made:
        made.wait_ready(READY_SECONDS)
        Driver(made).wait_for_dags("fleet.tick", *experiment.DAG_IDS)
        yield made


def post(topology: Topology, delivery: str, path: str = "/hooks/in/fleet/tick") -> requests.Response:
    verify = str(topology.certificate) if topology.has_proxy else True
    headers = {"X-API-Key": KEY, "X-Delivery-Id": delivery}
    return requests.post(
        topology.public_url + path, json={"n": 7}, headers=headers, verify=verify, timeout=30
    )


def test_an_event_at_the_proxy_becomes_a_task_of_a_celery_worker(topology: Topology) -> None:
    answer = post(topology, "all-the-way")

    assert answer.status_code == 202, answer.text
    driver = Driver(topology)
    assert driver.finished("fleet.tick", "webhook__fleet__all-the-way") == "success"
    result = driver.xcom("fleet.tick", "webhook__fleet__all-the-way", "take")
    assert result["n"] == 7
    # By Airflow's own doing a task has no database; of our secrets its process has none but the broker's.
    given = set(result["settings"]) & {
        name for service in topology.services.values() for name in service.environment
    }
    assert {name for name in given if name.endswith("_CMD")} == {
        "AIRFLOW__CELERY__BROKER_URL_CMD",
        "AIRFLOW__CELERY__RESULT_BACKEND_CMD",
    }


def test_a_gateway_is_replaced_without_a_refusal(topology: Topology) -> None:
    answers: list[int] = []
    done = threading.Event()

    def send() -> None:
        number = 0
        while not done.is_set():
            number += 1
            # No Dag takes it: hundreds of tasks would stand in the way of what comes after.
            answers.append(post(topology, f"rolling-{threading.get_ident()}-{number}", IDLE).status_code)

    if not topology.has_proxy:
        pytest.skip("no nginx on this machine")
    senders = [threading.Thread(target=send) for _ in range(2)]
    for sender in senders:
        sender.start()
    try:
        topology.components["gateway-1"].restart()
        assert topology.wait_for(lambda: topology.healthy("gateway-1"), 60)
    finally:
        done.set()
        for sender in senders:
            sender.join()

    assert set(answers) == {202}
    assert len(answers) > 20


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/hooks/health", 200),
        ("/", 404),
        ("/api/v2/dags", 404),
        ("/execution/health", 404),
        ("/hooks/api/v1/events", 404),
        ("/hooks/health/live", 404),
        ("/hooks/in/../../api/v2/version", 404),
    ],
)
def test_outside_are_the_public_routes_only(topology: Topology, path: str, status: int) -> None:
    if not topology.has_proxy:
        pytest.skip("no nginx on this machine")
    request = requests.Request("GET", topology.public_url).prepare()
    request.url = topology.public_url + path
    with requests.Session() as session:
        answer = session.send(request, verify=str(topology.certificate), timeout=30)

    assert answer.status_code == status


def test_no_secret_stands_in_a_command_line_or_a_log(topology: Topology) -> None:
    secrets = {
        file.name: file.read_text().strip()
        for file in (topology.home.path / "secrets").iterdir()
        if file.name != "tls_certificate"
    }
    lines = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    logs = {file: file.read_text(errors="replace") for file in topology.home.path.rglob("*.log")}

    assert [name for name, secret in secrets.items() if secret in lines] == []
    assert [
        (file.name, n) for file, text in logs.items() for n, secret in secrets.items() if secret in text
    ] == []


def test_nothing_is_lost_and_nothing_comes_twice_while_each_component_is_killed(
    topology: Topology, receiver: Receiver
) -> None:
    names = [name for name in ONE_OF_EACH if name in topology.components]
    wrong, figures = experiment.carry_out(
        topology, receiver, CHAOS, names=names, seed=SEED, every=2, patience=200
    )

    assert wrong == [], figures
    assert figures["kills"].keys() == set(names)
