"""Airflow Dags for the platform's datastore submissions: the warehouse has a copy of every record.

Needs a Connection `warehouse` of type `http_connector`: the API that loads rows into the data warehouse.
"""

from __future__ import annotations

from hookline.authoring import event_dag
from hookline.operators.http import HttpPutOperator

ROW = """{
    "state": "%s",
    "label": {{ (dag_run.conf['data']['submission'].get('label') or '') | tojson }},
    "by": {{ (dag_run.conf['data']['submission'].get('createdBy') or '') | tojson }},
    "values": {{ dag_run.conf['data']['submission']['values'] | tojson }}
}"""


def load(state: str) -> None:
    """Write the record under its id; the same record again changes nothing."""
    HttpPutOperator(
        task_id="load_record",
        http_conn_id="warehouse",
        path=(
            "/tables/{{ dag_run.conf['data']['form']['slug'] | urlencode | replace('/', '%2F') }}"
            "/rows/{{ dag_run.conf['data']['submission']['id'] | urlencode | replace('/', '%2F') }}"
        ),
        body=ROW % state,
    )


@event_dag("Datastore Submissions > any > Created")
def datastore_submission_created() -> None:
    """Load the record as a draft."""
    load("draft")


@event_dag("Datastore Submissions > any > Submitted")
def datastore_submission_submitted() -> None:
    """Load the record as it was submitted."""
    load("submitted")


datastore_submission_created()
datastore_submission_submitted()
