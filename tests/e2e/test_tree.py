"""Every row of the platform's tree, from a request to a task that succeeded: over HTTP, and by REST."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

import airflow_client.client
import pytest
import requests
from airflow_client.client.models import TriggerDAGRunPostBody

from demo.echo import EchoServer
from demo.rest import request_json
from demo.stack import Stack
from hookline import catalog
from hookline.catalog import KnownEvent
from hookline.protocol import tree
from tests.e2e.conftest import SECRET
from tests.e2e.dags.tree import PATHS
from tests.e2e.driver import Driver

pytestmark = pytest.mark.e2e

GROUPS = tuple(
    f"{group} > {verb}" for group in ("Users", "Teams") for verb in ("Created", "Updated", "Deleted")
)
READY = ("Datastore Forms", "Datastore Submissions", "Submissions")
"""Groups whose ready Dags take whatever slug no Dag of its own has."""
FORMS = ("[hr] > [équipe & co.] > Created", "[hr] > [équipe & co.] > Updated")
READY_PATHS = (
    *FORMS,
    "Datastore Forms > [pool/cars] > Created",
    "Datastore Forms > [pool/cars] > Updated",
    "Datastore Submissions > [pool/cars] > Created",
    "Datastore Submissions > [pool/cars] > Submitted",
    "Submissions > [hr] > [équipe & co.] > Created",
    "Submissions > [hr] > [équipe & co.] > Submitted",
)
SEEN_BY_PYTHON = [(path, via) for path in PATHS for via in ("HTTP", "REST")]
SEEN_BY_ECHO = [(path, via) for path in GROUPS for via in ("HTTP", "REST")]
SEEN_BY_ECHO += [(path, "HTTP") for path in READY_PATHS]


@dataclass(frozen=True)
class Sent:
    """A run that was asked for, and what it is to see."""

    dag_id: str
    run_id: str
    data: Any
    mark: str


def known(path: str) -> KnownEvent:
    found = catalog.find(path) or catalog.of_platform(tree.parse(path))
    assert found is not None
    return found


def marked(event: KnownEvent) -> tuple[Any, str]:
    """Return the sample with a text of its own where a Dag of the group cannot but see it."""
    mark = f"Ada {uuid.uuid4().hex} ✓"
    data = json.loads(json.dumps(event.sample))
    subject = next(name for name in ("user", "team", "submission", "form") if name in data)
    data[subject] |= {"username": mark, "name": mark, "id": mark, "slug": mark}
    return data | {"odd": {"": None, "deep": [1.5, True, {"a\\b": "\u2028<&>"}]}}, mark


def post(stack: Stack, path: str) -> Sent:
    event = known(path)
    data, mark = marked(event)
    place = tree.parse(path)
    url = f"{stack.url}/hooks/in/platform/{event.event_path}"
    for _ in range(3):
        answer = requests.post(url, json=data, auth=("platform", SECRET), timeout=60)
        if answer.status_code != 503:  # which a sender answers by sending again
            break
    assert answer.status_code == 202, answer.text
    dag_id = place.dag_id if path in (*PATHS, *GROUPS) else place.pattern
    return Sent(dag_id, f"webhook__platform__{answer.json()['event_id']}", data, mark)


def trigger(api: airflow_client.client.DagRunApi, path: str) -> Sent:
    data, mark = marked(known(path))
    dag_id = tree.parse(path).dag_id
    run = api.trigger_dag_run(dag_id, TriggerDAGRunPostBody(conf={"data": data}, logical_date=None))
    return Sent(dag_id, run.dag_run_id, data, mark)


@pytest.fixture(scope="module")
def sent(stack: Stack) -> dict[tuple[str, str], Sent]:
    """All rows, asked for at once."""
    Driver(stack).wait_for_dags(*{tree.parse(path).dag_id for path in (*PATHS, *GROUPS)})
    Driver(stack).wait_for_dags(*{tree.parse(path).pattern for path in READY_PATHS})
    login = {"username": "admin", "password": stack.password("admin")}
    token = request_json("POST", f"{stack.url}/auth/token", login).json()["access_token"]
    configuration = airflow_client.client.Configuration(host=stack.url, access_token=token)
    asked = {(path, "HTTP"): post(stack, path) for path in (*PATHS, *GROUPS, *READY_PATHS)}
    with airflow_client.client.ApiClient(configuration) as client:
        api = airflow_client.client.DagRunApi(client)
        return asked | {(path, "REST"): trigger(api, path) for path in (*PATHS, *GROUPS)}


@pytest.mark.parametrize(("path", "via"), SEEN_BY_PYTHON)
def test_the_task_sees_the_event(
    driver: Driver, sent: dict[tuple[str, str], Sent], path: str, via: str
) -> None:
    run = sent[path, via]
    assert driver.finished(run.dag_id, run.run_id) == "success"
    assert driver.xcom(run.dag_id, run.run_id, "see") == run.data


@pytest.mark.parametrize(("path", "via"), SEEN_BY_ECHO)
def test_the_ready_dag_passes_the_event_on(
    driver: Driver, echo: EchoServer, sent: dict[tuple[str, str], Sent], path: str, via: str
) -> None:
    run = sent[path, via]
    assert driver.finished(run.dag_id, run.run_id) == "success"
    assert driver.run(run.dag_id, run.run_id)["conf"]["data"] == run.data
    number = run.mark.split()[1]
    assert [call for call in echo.received()["received"] if number in call["path"] or number in call["body"]]


def test_without_its_connection_a_task_fails_at_once_and_says_which(driver: Driver) -> None:
    driver.wait_for_dags("chaos.unconnected")
    run_id = driver.trigger("chaos.unconnected", {"data": {}}).json()["dag_run_id"]
    assert driver.finished("chaos.unconnected", run_id) == "failed"
    assert driver.instance("chaos.unconnected", run_id, "call")["try_number"] == 1
    assert "nowhere" in driver.log("chaos.unconnected", run_id, "call")
