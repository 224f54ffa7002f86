"""Airflow Dags for GitHub's events.

Needs a Connection `chat` of type `http_connector`: the chat system's API.
"""

from __future__ import annotations

from hookline.authoring import event_dag
from hookline.operators.http import HttpPostOperator


@event_dag("github.push", dag_display_name="GitHub / Push", tags=["github"])
def github_push() -> None:
    """Tell the team's channel what was pushed, by whom, where to read it."""
    HttpPostOperator(
        task_id="tell_channel",
        http_conn_id="chat",
        path="/messages",
        body={
            "channel": "deployments",
            "text": (
                "{% set push = dag_run.conf['data'] %}"
                "{{ (push.get('pusher') or {}).get('name', 'Somebody') }} pushed"
                " {{ push['commits'] | length }} commit(s)"
                " to {{ push['repository']['full_name'] }} ({{ push['ref'] }})"
            ),
            "link": "{{ dag_run.conf['data'].get('compare') or '' }}",
        },
    )


github_push()
