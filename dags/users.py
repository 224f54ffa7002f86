"""Airflow Dags for the platform's user events: they keep the company directory in step.

Needs a Connection `directory` of type `http_connector`: the base URL of the system to provision.
"""

from __future__ import annotations

from hookline.authoring import event_dag
from hookline.operators.http import HttpPostOperator

# A slash in a name must not lead to another path.
USER_PATH = "/people/{{ dag_run.conf['data']['user']['username'] | urlencode | replace('/', '%2F') }}"
PERSON = {
    "username": "{{ dag_run.conf['data']['user']['username'] }}",
    "name": "{{ dag_run.conf['data']['user'].get('displayName') or '' }}",
    "email": "{{ dag_run.conf['data']['user'].get('email') or '' }}",
}


@event_dag("Users > Created")
def users_created() -> None:
    """Create the new user in the directory."""
    HttpPostOperator(
        task_id="create_person",
        http_conn_id="directory",
        path="/people",
        body={**PERSON, "active": True},
    )


@event_dag("Users > Updated")
def users_updated() -> None:
    """Bring the directory's entry up to date."""
    HttpPostOperator(task_id="update_person", http_conn_id="directory", path=USER_PATH, body=PERSON)


@event_dag("Users > Deleted")
def users_deleted() -> None:
    """Deactivate the person; directories keep the entry for their records."""
    HttpPostOperator(
        task_id="deactivate_person",
        http_conn_id="directory",
        path=f"{USER_PATH}/deactivate",
        body={"reason": "deleted in the platform"},
    )


users_created()
users_updated()
users_deleted()
