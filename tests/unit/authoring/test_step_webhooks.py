"""Step webhooks travel with the Dag and reach no task."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG, TaskGroup, task
from airflow.serialization.serialized_objects import DagSerialization

from hookline.authoring import StepWebhook, event_dag, step_webhooks
from hookline.exceptions import ConfigurationError
from hookline.steps import declared

ERP = StepWebhook(name="erp", conn_id="erp", path="/steps", on=["created", "completed"])
OPS = StepWebhook(name="ops", url="https://ops.example.com", on="run_failed")


def read(dag: DAG) -> tuple[dict[str, list[str]], list[str]]:
    """Return what the server reads: the names by step, and those of the run."""
    found = declared.read(DagSerialization.from_dict(DagSerialization.to_dict(dag)).default_args)
    return {step: [one.name for one in all_of] for step, all_of in found.steps.items()}, [
        one.name for one in found.run
    ]


def test_a_task_has_its_own() -> None:
    with DAG("a") as dag:
        step_webhooks(EmptyOperator(task_id="one"), ERP)
        EmptyOperator(task_id="two")

    assert read(dag) == ({"one": ["erp"]}, [])


def test_what_a_decorated_function_returned_is_its_task() -> None:
    with DAG("a") as dag:

        @task
        def one() -> int:
            return 1

        value = one()
        assert step_webhooks(value, ERP) is value

    assert read(dag)[0] == {"one": ["erp"]}


def test_a_group_s_are_those_of_its_tasks_also_of_later_and_inner_ones() -> None:
    with DAG("a") as dag:
        with TaskGroup("g") as group:
            EmptyOperator(task_id="before")
            step_webhooks(group, ERP)
            EmptyOperator(task_id="after")
            BashOperator.partial(task_id="mapped").expand(bash_command=["a"])
            with TaskGroup("inner"):
                EmptyOperator(task_id="deep")
        EmptyOperator(task_id="outside")

    assert set(read(dag)[0]) == {"g.before", "g.after", "g.mapped", "g.inner.deep"}


def test_a_dag_s_are_those_of_every_task_and_of_its_runs() -> None:
    with DAG("a") as dag:
        step_webhooks(dag, ERP, OPS)
        EmptyOperator(task_id="one")

    assert read(dag) == ({"one": ["erp"]}, ["ops"])


def test_an_event_dag_keeps_its_mark() -> None:
    @event_dag("shop.paid", sample={})
    def paid() -> None:
        step_webhooks(EmptyOperator(task_id="one"), ERP)

    dag = paid()
    step_webhooks(dag, OPS)

    assert read(dag) == ({"one": ["erp"]}, ["ops"])
    assert dag.default_args["hookline.event_dag"] == {"version": 1, "event": "shop.paid"}


def test_nothing_of_it_is_in_a_task_nor_in_what_dags_share() -> None:
    shared: dict[str, Any] = {"retries": 2}
    with DAG("a", default_args=shared) as dag:
        step_webhooks(dag, ERP)
        EmptyOperator(task_id="one")
        BashOperator.partial(task_id="mapped").expand(bash_command=["a"])

    assert shared == {"retries": 2}
    assert "hookline" not in json.dumps(DagSerialization.to_dict(dag)["dag"]["tasks"])


def test_steps_and_dag_show_that_they_have_one() -> None:
    with DAG("a") as dag:
        one = step_webhooks(EmptyOperator(task_id="one"), ERP, StepWebhook(name="two", conn_id="erp"))
        named = step_webhooks(EmptyOperator(task_id="named", task_display_name="Ship it"), ERP)

    assert (one.task_display_name, named.task_display_name) == ("one ↗", "Ship it ↗")
    assert dag.tags == {"step-webhooks"}


def test_one_definition_on_several_steps_is_one() -> None:
    with DAG("a") as dag:
        for name in ("one", "two"):
            step_webhooks(EmptyOperator(task_id=name), ERP, ERP)

    assert read(dag)[0] == {"one": ["erp"], "two": ["erp"]}
    assert list(dag.default_args[declared.KEY]["webhooks"]) == ["erp"]


def other_definition(dag: DAG) -> None:
    step_webhooks(dag, ERP)
    step_webhooks(EmptyOperator(task_id="one"), StepWebhook(name="erp", conn_id="other"))


def run_trigger_on_a_task(dag: DAG) -> None:
    step_webhooks(EmptyOperator(task_id="one"), OPS)


def not_a_step(dag: DAG) -> None:
    step_webhooks("one", ERP)


def not_a_webhook(dag: DAG) -> None:
    step_webhooks(dag, {"name": "erp"})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("declare", "reason"),
    [
        (other_definition, "two step webhooks named `erp`"),
        (run_trigger_on_a_task, "declare it on the Dag"),
        (not_a_step, "needs a task, a task group or a Dag"),
        (not_a_webhook, "is no StepWebhook"),
    ],
)
def test_what_cannot_be_meant_is_an_import_error(declare: Any, reason: str) -> None:
    with DAG("a") as dag, pytest.raises(ConfigurationError, match=reason):
        declare(dag)


@pytest.mark.parametrize(
    "written",
    [{"version": 2}, 5, {"version": 1}, {"version": 1, "webhooks": {}, "steps": {"a": ["b"]}, "run": []}],
)
def test_what_another_version_wrote_is_not_guessed(written: Any) -> None:
    with pytest.raises(ConfigurationError):
        declared.read({declared.KEY: written})
