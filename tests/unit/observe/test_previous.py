"""What comes before a step, by kind, and what a message shows of it; on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from hookline.authoring import StepWebhook, step_webhooks
from hookline.observe.sweep import Observer
from tests.unit.observe import airflow_rows
from tests.unit.observe.conftest import Messages

AT = datetime(2026, 9, 21, 14, tzinfo=UTC)
ADA = {"chosen_options": ["Approve"], "responded_at": AT, "responded_by": {"id": "7", "name": "ada"}}
WEBHOOK = StepWebhook(name="w", conn_id="erp", on=["created", "completed"])


def chain(*names: str) -> DAG:
    """Return a Dag of tasks one after the other, the last with a webhook."""
    with DAG("d", schedule=None) as dag:
        tasks = [BashOperator(task_id=name, bash_command="true") for name in names]
        for before, after in pairwise(tasks):
            before >> after
        step_webhooks(tasks[-1], WEBHOOK)
    return dag


def joined(*names: str) -> DAG:
    """Return a Dag of tasks that an empty one joins before the last, which has a webhook."""
    with DAG("d", schedule=None) as dag:
        *before, last = (BashOperator(task_id=name, bash_command="true") for name in names)
        before >> EmptyOperator(task_id="join") >> last
        step_webhooks(last, WEBHOOK)
    return dag


def created(observer: Observer, messages: Messages, dag: DAG, asked: dict[str, Any], conf: Any = None) -> Any:
    """Return what came before the step `last`."""
    airflow_rows.write(dag)
    run = airflow_rows.start("d", conf=conf)
    for name, answer in asked.items():
        airflow_rows.asked(run, name, **answer)
    airflow_rows.step(run, "last", "scheduled", try_number=1)
    observer.look()
    [message] = messages()
    return message["payload"]["data"]["previous"]


@pytest.mark.parametrize(
    ("dag", "asked", "expected"),
    [
        (chain("a", "last"), [], ("task", ["a"])),
        (chain("a", "b", "last"), [], ("task", ["b"])),
        (joined("a", "b", "last"), [], ("tasks", ["a", "b"])),
        (chain("a", "b", "last"), ["b"], ("approval", ["b"])),
        (chain("a", "b", "c", "last"), ["b", "c"], ("sequential_approvals", ["b", "c"])),
        (joined("a", "b", "last"), ["a", "b"], ("parallel_approvals", ["a", "b"])),
        (joined("a", "b", "last"), ["a"], ("mixed", ["a", "b"])),
    ],
)
def test_the_kind_is_what_the_steps_before_are(
    observer: Observer, messages: Messages, dag: DAG, asked: list[str], expected: tuple[str, list[str]]
) -> None:
    previous = created(observer, messages, dag, dict.fromkeys(asked, ADA))

    assert (previous["kind"], [one["task_id"] for one in previous["steps"]]) == expected


@pytest.mark.parametrize(
    ("conf", "kind"),
    [
        (None, "run"),
        ({"hello": "you"}, "run"),
        ({"data": {"n": 1}}, "event"),
        ({"data": {"n": 1}, "hookline": {"form": "public"}}, "form"),
    ],
)
def test_the_first_step_follows_what_began_the_run(
    observer: Observer, messages: Messages, conf: Any, kind: str
) -> None:
    assert created(observer, messages, chain("last"), {}, conf)["kind"] == kind


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (ADA, (["Approve"], True, {"id": "7", "name": "ada"}, False)),
        ({**ADA, "chosen_options": ["Reject"]}, (["Reject"], False, {"id": "7", "name": "ada"}, False)),
        ({**ADA, "responded_by": None}, (["Approve"], True, None, True)),
        ({}, (None, None, None, False)),
    ],
    ids=["approved", "rejected", "by default", "not decided"],
)
def test_an_approval_says_who_decided_what(
    observer: Observer, messages: Messages, answer: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    previous = created(observer, messages, chain("a", "last"), {"a": answer})
    approval = previous["steps"][0]["approval"]

    assert tuple(approval[name] for name in ("decision", "approved", "decided_by", "by_default")) == expected


def completed(observer: Observer, messages: Messages, result: Any, fields: dict[str, Any]) -> dict[str, Any]:
    airflow_rows.write(chain("last"))
    run = airflow_rows.start("d")
    airflow_rows.step(run, "last", "success", try_number=1)
    airflow_rows.rendered(run, "last", fields)
    airflow_rows.result(run, "last", result)
    observer.look()
    [step] = [row["payload"]["data"]["step"] for row in messages() if row["transition"] == "completed"]
    return dict(step)


@pytest.mark.parametrize(
    ("result", "told"),
    [
        ({"a": [1, None, "é"]}, {"a": [1, None, "é"]}),
        (None, None),
        (False, False),
        ("x" * 65_000, "x" * 65_000),
        (
            {"__classname__": "datetime.datetime", "__version__": 2, "__data__": {"timestamp": 1.0}},
            "datetime.datetime@version=2(timestamp=1.0)",
        ),
    ],
    ids=["JSON", "nothing", "false", "long", "an object"],
)
def test_a_result_is_told_as_it_is_stored(
    observer: Observer, messages: Messages, result: Any, told: Any
) -> None:
    step = completed(observer, messages, result, {"bash_command": "true"})

    assert step["result"] == told
    assert step["inputs"] == {"bash_command": "true"}


def test_what_is_too_large_is_said_to_be(observer: Observer, messages: Messages) -> None:
    step = completed(
        observer, messages, {"a": [str(n) for n in range(100_000)]}, {"bash_command": "y" * 70_000}
    )

    assert step["result"]["truncated"]
    assert step["result"]["bytes"] > 65_536
    assert step["inputs"] == {"truncated": True, "bytes": 70_019}


@pytest.mark.parametrize(
    ("webhook", "sent"),
    [
        ({"filter": "data.step.result.total > `100`"}, False),
        ({"filter": "data.step.result.total > `1`"}, True),
        ({"filter": "data.step.result.total"}, True),
        ({"filter": "data.step.result.missing"}, False),
        ({"filter": "length(data.step.try_number)"}, False),
        ({"headers": {"X-Text": "${data.step.result.text}"}}, True),
        ({"body": "data.step.result.missing"}, True),
        ({"body": {"t": "${data.step.result.text}"}}, True),
    ],
)
def test_filters_and_templates_never_stop_the_observer(
    observer: Observer, messages: Messages, webhook: dict[str, Any], sent: bool
) -> None:
    with DAG("d", schedule=None) as dag:
        step_webhooks(EmptyOperator(task_id="last"), StepWebhook(name="w", conn_id="erp", **webhook))
    airflow_rows.write(dag)
    run = airflow_rows.start("d")
    airflow_rows.step(run, "last", "success", try_number=1)
    airflow_rows.result(run, "last", {"total": 20, "text": "two\r\nlines ✓"})
    observer.look()

    assert bool(messages()) == sent
