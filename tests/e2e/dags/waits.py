"""Airflow Dags that stop in the middle until another system calls."""

from __future__ import annotations

from airflow.sdk import DAG, Asset, AssetWatcher, PartitionedAssetTimetable, task

from hookline.operators.callback import HttpCallAndWaitOperator
from hookline.operators.link import SendResumeLinkOperator
from hookline.sensors.webhook import WebhookSensor
from hookline.triggers.webhook import WebhookEventTrigger

KEY = "{{ run_id }}"

with DAG("waits.one", schedule=None):
    WebhookSensor(task_id="wait", source="partner", event_type="paid.*", correlation=KEY, condition="ok")

with DAG("waits.mapped", schedule=None):
    WebhookSensor.partial(task_id="wait", source="partner").expand(
        correlation=[f"{{{{ run_id }}}}/{number}" for number in range(3)]
    )

with DAG("waits.several", schedule=None):
    WebhookSensor(task_id="wait", source="partner", correlation=KEY, count=3)

with DAG("waits.soft", schedule=None):
    WebhookSensor(task_id="wait", source="partner", correlation=KEY, timeout=5, soft_fail=True)

with DAG("waits.callback", schedule=None):
    HttpCallAndWaitOperator(
        task_id="ask",
        http_conn_id="api",
        path="callback",
        body={"url": "{{ callback_url }}", "reference": "{{ correlation }}"},
        source="partner",
    )

with DAG("waits.link", schedule=None):
    SendResumeLinkOperator(task_id="ask")

watched = Asset(
    "waits-watched",
    watchers=[AssetWatcher(name="partner", trigger=WebhookEventTrigger("partner", event_type="watched.*"))],
)

with DAG("waits.asset", schedule=[watched]):

    @task
    def read(triggering_asset_events=None) -> list[str]:
        """Return the ids of the events."""
        events = [event for events in triggering_asset_events.values() for event in events]
        return [event.extra["payload"]["id"] for event in events]

    read()


partitioned = Asset(
    "waits-partitioned",
    watchers=[AssetWatcher(name="partner", trigger=WebhookEventTrigger("partner", event_type="part.*"))],
)

with DAG("waits.partitioned", schedule=PartitionedAssetTimetable(assets=partitioned)):

    @task
    def key(dag_run=None) -> str | None:
        """Return the partition that the run is for."""
        return dag_run.partition_key

    key()
