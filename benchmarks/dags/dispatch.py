"""What both ways of starting a run start, for benchmarks/dispatch.py."""

from __future__ import annotations

from airflow.sdk import task

from hookline.authoring import Event, event_dag

SCHEMA = {"type": "object", "required": ["order"], "properties": {"order": {"type": "object"}}}


@event_dag("bench.order", schema=SCHEMA, sample={"order": {}}, max_active_runs=1000)
def bench_order():
    """Read the event."""

    @task
    def read(**context):
        return Event.from_context(context).id

    read()


bench_order()
