"""Airflow Dags for the platform's datastore forms: the data catalog knows each of them, and its fields.

Needs a Connection `data_catalog` of type `http_connector`: the API of the company's data catalog.
"""

from __future__ import annotations

from hookline.authoring import event_dag
from hookline.operators.http import HttpPutOperator

DATASET = """{
    "name": {{ (dag_run.conf['data']['form'].get('name') or dag_run.conf['data']['form']['slug']) | tojson }},
    "description": {{ (dag_run.conf['data']['form'].get('description') or '') | tojson }},
    "status": {{ (dag_run.conf['data']['form'].get('status') or '') | tojson }},
    "columns": {{ (dag_run.conf['data']['form'].get('fields') or [])
        | map(attribute='name') | list | tojson }}
}"""


def describe() -> None:
    """Write the form's entry; the same entry again changes nothing."""
    HttpPutOperator(
        task_id="describe_dataset",
        http_conn_id="data_catalog",
        path="/datasets/{{ dag_run.conf['data']['form']['slug'] | urlencode | replace('/', '%2F') }}",
        body=DATASET,
    )


@event_dag("Datastore Forms > any > Created")
def datastore_form_created() -> None:
    """Describe the new form in the data catalog."""
    describe()


@event_dag("Datastore Forms > any > Updated")
def datastore_form_updated() -> None:
    """Bring the data catalog's entry up to date."""
    describe()


datastore_form_created()
datastore_form_updated()
