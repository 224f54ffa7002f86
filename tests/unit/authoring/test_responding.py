"""Answering the sender from a task."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.execution_time import task_runner
from airflow.serialization.serialized_objects import DagSerialization

from hookline.authoring import event_dag, respond
from hookline.exceptions import ConfigurationError
from hookline.operators.webhook import WebhookResponseOperator
from hookline.protocol import response
from hookline.protocol.response import Response


class Supervisor:
    """Keeps what a task sends to its supervisor."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, message: Any) -> None:
        self.sent.append(message)


@pytest.fixture
def supervisor(monkeypatch: pytest.MonkeyPatch) -> Supervisor:
    made = Supervisor()
    monkeypatch.setattr(task_runner, "SUPERVISOR_COMMS", made, raising=False)
    return made


def context(map_index: int | None = None) -> dict[str, Any]:
    return {"ti": SimpleNamespace(dag_id="shop.paid", run_id="r", task_id="answer", map_index=map_index)}


@pytest.mark.parametrize(("index", "kept"), [(None, -1), (-1, -1), (3, 3)])
def test_the_answer_is_an_xcom_of_the_task(supervisor: Supervisor, index: int | None, kept: int) -> None:
    assert respond(context(index), 201, {"Link": "<a>"}, {"ok": True}) == {"status": 201}
    [sent] = supervisor.sent
    assert (sent.dag_id, sent.run_id, sent.task_id, sent.map_index) == ("shop.paid", "r", "answer", kept)
    assert sent.key == response.KEY
    headers = {"link": "<a>", "content-type": "application/json"}
    assert response.load(sent.value) == Response(201, headers, b'{"ok": true}')


def test_an_answer_that_is_not_allowed_fails_the_task(supervisor: Supervisor) -> None:
    with pytest.raises(ConfigurationError, match="may not be set"):
        respond(context(), headers={"Set-Cookie": "a=b"})
    assert supervisor.sent == []


def test_the_operator_leaves_its_answer(supervisor: Supervisor) -> None:
    operator = WebhookResponseOperator(task_id="answer", status="202", body="thanks", deferrable=False)
    assert operator.execute(context()) == {"status": 202}  # type: ignore[arg-type]
    assert response.load(supervisor.sent[0].value).content == b"thanks"


def test_a_status_that_no_answer_has_is_refused_when_the_dag_is_parsed() -> None:
    with pytest.raises(ConfigurationError, match=r"`answer`: .* means nothing to a sender"):
        WebhookResponseOperator(task_id="answer", status=304)


@pytest.mark.parametrize("deferrable", [True, False])
def test_the_operator_needs_no_worker_where_it_may_be_deferred(deferrable: bool) -> None:
    def shop_paid() -> None:
        WebhookResponseOperator(task_id="answer", body={"ok": True}, deferrable=deferrable)

    dag = event_dag("shop.paid")(shop_paid)()
    task = DagSerialization.from_dict(DagSerialization.to_dict(dag)).get_task("answer")
    assert task.start_from_trigger is deferrable
    if deferrable:
        assert task.start_trigger_args.trigger_cls == "hookline.triggers.webhook.WebhookResponseTrigger"


def test_a_trigger_is_made_again_as_what_it_was() -> None:
    from hookline.triggers.webhook import WebhookResponseTrigger

    assert WebhookResponseTrigger("{}").serialize() == (
        "hookline.triggers.webhook.WebhookResponseTrigger",
        {"call": "{}"},
    )
