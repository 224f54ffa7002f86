"""Tasks that Airflow would end or start without the guard of an event Dag."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.models.taskinstance import TaskInstance
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import BaseOperator
from airflow.serialization.serialized_objects import DagSerialization
from airflow.triggers.base import StartTriggerArgs

from hookline.authoring import event_dag


class Starts(BaseOperator):
    """Starts in the triggerer, as an operator of some provider may."""

    start_from_trigger = True
    start_trigger_args = StartTriggerArgs("some.Trigger", "execute_complete")


def made(author: Callable[[], Any]) -> Any:
    def shop_paid() -> None:
        author()

    return event_dag("shop.paid")(shop_paid)()


def goes_to_a_worker(dag: Any, task_id: str) -> bool:
    return bool(
        TaskInstance.is_task_schedulable(
            DagSerialization.from_dict(DagSerialization.to_dict(dag)).get_task(task_id)
        )
    )


def test_an_empty_operator_alone_is_run_so_that_it_can_fail() -> None:
    assert goes_to_a_worker(made(lambda: EmptyOperator(task_id="empty")), "empty")


def test_an_empty_operator_beside_others_costs_no_worker() -> None:
    assert not goes_to_a_worker(
        made(lambda: EmptyOperator(task_id="empty") >> BaseOperator(task_id="other")), "empty"
    )


def test_a_task_added_later_counts() -> None:
    dag = made(lambda: EmptyOperator(task_id="empty"))
    with dag:
        EmptyOperator(task_id="second")
    assert goes_to_a_worker(dag, "second")
    with dag:
        BaseOperator(task_id="other")
    assert not goes_to_a_worker(dag, "empty")


def test_the_author_s_callback_stays() -> None:
    def say(_context: Any) -> None: ...

    dag = made(lambda: EmptyOperator(task_id="empty", on_execute_callback=say))
    assert dag.get_task("empty").on_execute_callback[-1] is say


@pytest.mark.parametrize("event", [True, False])
def test_another_provider_s_task_starts_in_the_triggerer_only_outside_of_event_dags(event: bool) -> None:
    task = made(lambda: Starts(task_id="starts")).get_task("starts") if event else Starts(task_id="starts")
    assert task.start_from_trigger is not event
