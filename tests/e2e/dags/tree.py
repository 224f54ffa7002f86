"""Airflow Dags for each row of the platform's tree that has slugs, with slugs of odd characters."""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from hookline.authoring import Event, event_dag
from hookline.operators.http import HttpPostOperator

PATHS = (
    "Datastore Forms > [v1.2 (PTO)] > Created",
    "Datastore Forms > [any] > Updated",
    "Datastore Submissions > [a]] > [b] > Created",
    "Datastore Submissions > [Überstunden/2026] > Submitted",
    "[users] > [onboarding] > Created",
    "[HR] > [_x41] > Updated",
    "Submissions > [hr] > [on.boarding] > Created",
    "Submissions > [any] > [e-mail @ home; 50%] > Submitted",
)
IN_THE_FORM = "Submissions > [it] > [v1.2 (PTO)] > Submitted"

for path in (*PATHS, IN_THE_FORM):

    @event_dag(path)
    def on_event() -> None:
        """Tell what the task sees."""

        @task
        def see(**context: Any) -> Any:
            return Event.from_context(context).data

        see()

    on_event()


@event_dag("chaos.unconnected", schema={"type": "object"})
def chaos_unconnected() -> None:
    """Call with a Connection that there is not."""
    HttpPostOperator(task_id="call", http_conn_id="nowhere")


chaos_unconnected()
