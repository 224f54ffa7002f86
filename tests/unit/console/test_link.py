"""The button of a step: where it leads, and for which steps it is there."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from airflow.models.taskinstancekey import TaskInstanceKey
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG
from sqlalchemy.orm import Session

from hookline import database
from hookline.authoring import StepWebhook, step_webhooks
from hookline.console.link import StepWebhookLink
from hookline.observe import registry
from hookline.observe.models import Registered
from tests.unit.observe import airflow_rows

BASE = "https://airflow.example/team"
WEBHOOK = StepWebhook(name="w", conn_id="erp")


@pytest.fixture
def dag(metadata: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A Dag, as the server reads it, one of whose steps has a webhook."""
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", BASE)
    airflow_rows.empty()
    with DAG("shop", schedule=None) as made:
        step_webhooks(EmptyOperator(task_id="ship"), WEBHOOK)
        EmptyOperator(task_id="pay")
    airflow_rows.write(made)
    with Session(database.engine()) as session:
        return registry._latest(session, "shop")


def link(dag: Any, task_id: str, map_index: int = -1) -> str:
    key = TaskInstanceKey("shop", task_id, "manual__2026/1", 1, map_index)
    return StepWebhookLink().get_link(dag.get_task(task_id), ti_key=key)


def test_a_step_with_a_webhook_has_it_and_others_have_none(dag: Any) -> None:
    page = f"{BASE}/hooks/console/tasks/shop/ship/manual__2026%2F1"
    assert link(dag, "ship") == f"{page}/-1"
    assert link(dag, "ship", 7) == f"{page}/7"
    assert link(dag, "pay") == ""


def test_a_webhook_from_elsewhere_counts_for_the_whole_dag(dag: Any) -> None:
    with Session(database.engine()) as session, session.begin():
        registry.put(session, WEBHOOK, "shop", "pay", origin=registry.API, author=None, now=datetime.now(UTC))
    assert link(dag, "pay").endswith("/hooks/console/tasks/shop/pay/manual__2026%2F1/-1")


def test_without_our_tables_airflow_s_page_still_opens(dag: Any) -> None:
    table = Registered.__table__
    table.drop(database.engine())
    try:
        assert link(dag, "pay") == ""
    finally:
        table.create(database.engine())
