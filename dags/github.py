"""Airflow Dags for GitHub's events.

Needs three Connections of type `http_connector`: `deployments`, the system that deploys; `github_api`,
https://api.github.com with a token that may write commit statuses; `chat`, the chat system's API.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import task

from hookline.authoring import Event, event_dag
from hookline.operators.http import HttpPostOperator

# https://docs.github.com/rest/commits/statuses#create-a-commit-status
STATUS = {
    "http_conn_id": "github_api",
    "path": (
        "/repos/{{ dag_run.conf['data']['repository']['full_name'] }}"
        "/statuses/{{ dag_run.conf['data']['after'] }}"
    ),
    "headers": {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"},
}


@event_dag("github.push", dag_display_name="GitHub / Push", tags=["github"])
def github_push() -> None:
    """Deploy what was pushed, confirm it to the repository, and tell the team's channel."""

    @task.short_circuit
    def has_commits(**context: Any) -> bool:
        """Go on unless a branch or tag was deleted."""
        return not Event.from_context(context).data.get("deleted")

    deployment = HttpPostOperator(
        task_id="start_deployment",
        http_conn_id="deployments",
        path="/deployments",
        body={
            "repository": "{{ dag_run.conf['data']['repository']['full_name'] }}",
            "ref": "{{ dag_run.conf['data']['ref'] }}",
            "commit": "{{ dag_run.conf['data']['after'] }}",
        },
        idempotency_key=True,
    )
    confirmed = HttpPostOperator(
        task_id="confirm_deployment",
        body={
            "state": "success",
            "context": "deployment",
            "description": "Deployment {{ ti.xcom_pull('start_deployment')['body'].get('id', '') }} started",
        },
        **STATUS,
    )
    failed = HttpPostOperator(
        task_id="report_failure",
        body={"state": "failure", "context": "deployment", "description": "No deployment was started"},
        trigger_rule="all_failed",
        **STATUS,
    )
    has_commits() >> deployment >> [confirmed, failed]
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
