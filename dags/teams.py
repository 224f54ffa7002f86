"""Airflow Dags for the platform's team events: each team has a channel, and people hear of changes.

Needs a Connection `chat` of type `http_connector`: the chat system's API.
"""

from __future__ import annotations

from hookline.authoring import event_dag
from hookline.operators.http import HttpPostOperator

TEAM = "{{ dag_run.conf['data']['team']['name'] }}"
CHANNEL_PATH = "/channels/{{ dag_run.conf['data']['team']['name'] | urlencode | replace('/', '%2F') }}"
CHANNEL = """{
    "name": {{ dag_run.conf['data']['team']['name'] | tojson }},
    "topic": {{ (dag_run.conf['data']['team'].get('description') or '') | tojson }},
    "members": {{ (dag_run.conf['data']['team'].get('memberships') or [])
        | map(attribute='user.username', default={}) | select | list | tojson }}
}"""
CHANGED = "{{ (dag_run.conf['data'].get('previous') or ['something']) | join(', ') }}"
ANNOUNCEMENTS = "teams"


@event_dag("Teams > Created")
def teams_created() -> None:
    """Open the team's channel, invite its members, and announce it."""
    channel = HttpPostOperator(
        task_id="open_channel",
        http_conn_id="chat",
        path="/channels",
        body=CHANNEL,
        idempotency_key=True,
    )
    channel >> HttpPostOperator(
        task_id="announce",
        http_conn_id="chat",
        path="/messages",
        body={"channel": ANNOUNCEMENTS, "text": f"The team {TEAM} was created."},
    )


@event_dag("Teams > Updated")
def teams_updated() -> None:
    """Tell the team what changed."""
    HttpPostOperator(
        task_id="tell_team",
        http_conn_id="chat",
        path="/messages",
        body={
            "channel": TEAM,
            "text": f"The team {TEAM} was changed: {CHANGED}",
        },
    )


@event_dag("Teams > Deleted")
def teams_deleted() -> None:
    """Archive the team's channel, so that nobody writes into the void, and announce it."""
    archived = HttpPostOperator(
        task_id="archive_channel",
        http_conn_id="chat",
        path=f"{CHANNEL_PATH}/archive",
        body={"reason": "deleted in the platform"},
        expected_status=(200, 201, 202, 204, 404),  # gone is as good as archived
    )
    archived >> HttpPostOperator(
        task_id="announce",
        http_conn_id="chat",
        path="/messages",
        body={"channel": ANNOUNCEMENTS, "text": f"The team {TEAM} was deleted."},
    )


teams_created()
teams_updated()
teams_deleted()
