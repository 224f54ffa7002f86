"""Airflow Dags for the forms of the platform's kapps: the portal's search finds them.

Needs a Connection `search` of type `http_connector`: the API of the search engine.
"""

from __future__ import annotations

from hookline.authoring import event_dag
from hookline.operators.http import HttpPutOperator

KAPP = "{{ dag_run.conf['data']['kapp']['slug'] | urlencode | replace('/', '%2F') }}"
FORM = "{{ dag_run.conf['data']['form']['slug'] | urlencode | replace('/', '%2F') }}"


def index() -> None:
    """Write the form's document; a form that is not active stays in the index, and is not found."""
    HttpPutOperator(
        task_id="index_form",
        http_conn_id="search",
        path=f"/indexes/forms/documents/{KAPP}:{FORM}",
        body={
            "title": "{{ dag_run.conf['data']['form'].get('name') or dag_run.conf['data']['form']['slug'] }}",
            "text": "{{ dag_run.conf['data']['form'].get('description') or '' }}",
            "kapp": "{{ dag_run.conf['data']['kapp'].get('name') or dag_run.conf['data']['kapp']['slug'] }}",
            "status": "{{ dag_run.conf['data']['form'].get('status') or '' }}",
        },
    )


@event_dag("any > any > Created")
def form_created() -> None:
    """Put the new form into the search index."""
    index()


@event_dag("any > any > Updated")
def form_updated() -> None:
    """Bring the search index up to date."""
    index()


form_created()
form_updated()
