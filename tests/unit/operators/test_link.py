"""What a task hands out, and what it leaves behind, when it asks by a link."""

from __future__ import annotations

import json
import re
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSensorTimeout, TaskAwaitingInput

from hookline.exceptions import ConfigurationError
from hookline.operators.link import SendResumeLinkOperator, resume_url
from hookline.protocol import link
from hookline.protocol.wait import KEY

FIELDS = {"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "integer"}}}


class Instance:
    """As much of a task instance as the operator knows."""

    def __init__(self) -> None:
        self.id = uuid.uuid4()
        self.pushed: dict[str, Any] = {}

    def xcom_push(self, key: str, value: Any) -> None:
        self.pushed[key] = value


@pytest.fixture
def instance() -> Instance:
    return Instance()


@pytest.fixture(autouse=True)
def _address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__HOOKLINE__PUBLIC_URL", "https://hooks.example.com/air/")


def test_the_link_is_pushed_and_its_digest_is_parked(instance: Instance) -> None:
    operator = SendResumeLinkOperator(
        task_id="ask", title="Go?", fields=FIELDS, expires_in=timedelta(hours=2)
    )
    with pytest.raises(TaskAwaitingInput) as parked:
        operator.execute({"ti": instance})
    url = instance.pushed["resume_url"]
    assert url.startswith("https://hooks.example.com/air/hooks/resume/")
    token = url.rpartition("/")[2]
    wait = parked.value.kwargs[KEY]
    assert link.read(token) == (instance.id, wait["digest"])
    assert token not in json.dumps(wait)
    assert (wait["kind"], wait["title"], wait["fields"]["x-order"]) == ("link", "Go?", ["z", "a"])
    left = datetime.fromisoformat(wait["expires"]) - datetime.now(UTC)
    assert timedelta(minutes=119) < left <= timedelta(hours=2)
    assert parked.value.timeout == timedelta(hours=2)
    assert callable(getattr(operator, parked.value.method_name))


def test_an_answer_is_the_task_s_result() -> None:
    operator = SendResumeLinkOperator(task_id="ask")
    assert operator.on_answer({}, {"result": '{"approved": true}'}, {}) == {"approved": True}


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"error_type": "timeout"}, AirflowSensorTimeout),
        ({"result": '{"__classname__": "os.system"}'}, AirflowFailException),
    ],
)
def test_what_is_no_answer_fails_the_task(event: dict[str, str], error: type[Exception]) -> None:
    with pytest.raises(error):
        SendResumeLinkOperator(task_id="ask").on_answer({}, event, {})


def test_fields_that_make_no_page_are_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(ConfigurationError, match="`ask`: `fields` makes no page"):
        SendResumeLinkOperator(task_id="ask", fields={"properties": {"a": {}}})


def test_each_link_is_another(instance: Instance) -> None:
    context = {"ti": instance}
    assert resume_url(context) != resume_url(context)
    assert resume_url(context, base_url="http://here:1").startswith("http://here:1/hooks/resume/")


def test_without_an_address_nobody_is_sent_a_link(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__HOOKLINE__PUBLIC_URL", "")
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "")
    with pytest.raises(AirflowFailException, match="public_url"):
        SendResumeLinkOperator(task_id="ask").execute({"ti": SimpleNamespace(id=uuid.uuid4())})


def test_the_operator_of_the_guide_parks(instance: Instance) -> None:
    guide = Path(__file__).parents[3] / "docs" / "how-to" / "ask-a-person.md"
    snippet = re.findall(r"```python\n(.*?)```", guide.read_text(), re.DOTALL)[1]
    namespace: dict[str, Any] = {}
    exec(snippet, namespace)
    operator = namespace["Ring"](task_id="ring")
    with pytest.raises(TaskAwaitingInput) as parked:
        operator.execute({"ti": instance})
    assert parked.value.kwargs[KEY]["title"] == "Did it ring?"
    assert operator.answered({}, {"result": "1"}, {}) == 1
