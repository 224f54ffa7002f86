"""A database in which strangers' texts stand wherever the console shows one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.models.dag import DagModel
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.inbox.models import InboxEvent
from hookline.inbox.refusals import LINKS, NO_SOURCE, Refusal
from hookline.jobs.models import Job
from hookline.observe.models import Registered
from hookline.outbox.models import Attempt, Delivery, EndpointState
from hookline.replay.models import Replay
from hookline.tokens.models import KeptToken
from tests.unit.dispatch import event_dags

NOON = datetime(2026, 9, 21, 12, tzinfo=UTC)
DAG = "shop.order.paid"
TABLES = (InboxEvent, Refusal, Job, Delivery, Attempt, EndpointState, Replay, KeptToken, Registered)
KEPT = {
    "conn_type": "http_connector",
    "host": "api.example",
    "login": "me",
    "password": "secret",
    "extra": {
        "auth_type": "oauth2",
        "grant": "authorization_code",
        "oauth_authorize_url": "https://id.example/authorize",
        "oauth_exchange_url": "https://id.example/token",
    },
}
MOST_KEPT = 50
DETAILS = ("/events/{}", "/jobs/{}", "/deliveries/{}", "/replays/{}", "/connections/kept{}")
"""Pages of a text's own rows, by its place in the list from 1 on."""
LISTS = (
    "/",
    "/sources",
    "/sources/shop",
    "/sources/shut",
    "/events",
    "/jobs",
    "/deliveries",
    "/deliveries?dag_id=" + DAG + "&state=dead",
    "/endpoints",
    "/step-webhooks",
    "/connections",
    "/event-dags",
    "/replays",
    "/held",
    "/refused",
    "/new-source",
    "/new-step-webhook?dag_id=" + DAG,
    "/dags/" + DAG,
    "/runs/" + DAG + "/run",
    "/tasks/" + DAG + "/tell",
    "/tasks/" + DAG + "/tell/run/-1",
)


def sources(text: str) -> dict[str, str]:
    """Return an environment with a source that is open, one that ``text`` closes, and OAuth 2.0 ones."""
    kinds = {"shop": "none", "shut": text}
    found = {name: {"conn_type": "webhook", "extra": {"auth_type": kind}} for name, kind in kinds.items()}
    found |= {f"kept{place}": KEPT for place in range(1, MOST_KEPT + 1)}
    return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(fields) for name, fields in found.items()}


def empty() -> None:
    """Remove what :func:`fill` wrote."""
    with Session(engine()) as session, session.begin():
        for table in TABLES:
            session.execute(delete(table))
    event_dags.empty()


def fill(texts: Sequence[str]) -> None:
    """Write a row of each table for each text, which stands in every field that others choose."""
    empty()
    event_dags.write(DAG)
    rows = [_rows(place, text) for place, text in enumerate(texts, 1)]
    with Session(engine()) as session, session.begin():
        for table in TABLES:
            session.execute(insert(table), [row[table] for row in rows])
        dag = session.get(DagModel, DAG)
        assert dag is not None
        dag._dag_display_property_value = texts[0]


def _rows(place: int, text: str) -> dict[Any, dict[str, Any]]:
    """Return the rows of one text; events, jobs and messages take turns in their states."""
    at = NOON + timedelta(seconds=place)
    headers = json.dumps({text: text})
    event = {"id": text, "type": text, "subject": text, "data": {text: [text]}}
    body = json.dumps({**event, "hookline": {"headers": {text: text}}})
    same = {"source": "shop", "event_id": text, "event_type": text, "received_at": at}
    return {
        InboxEvent: {
            **same,
            "seq": place,
            "candidates": json.dumps([text]),
            "run_paused": False,
            "due_at": at,
            "body": body,
            "state": ("held", "quarantined", "dispatched")[place % 3],
            "attempts": 1,
            "dag_id": DAG if place % 3 == 2 else None,
            "run_id": text if place % 3 == 2 else None,
            "reason": text,
        },
        Refusal: {
            "seq": place,
            "source": ("shop", LINKS, NO_SOURCE)[place % 3],
            "refused_at": at,
            "problem": text[:40],
            "status": 401,
            "reason": text,
            "client": text[:64],
            "request": headers,
            "times": place,
        },
        Job: {
            **same,
            "seq": place,
            "event_seq": place,
            "url": text,
            "kind": ("run", "asset")[place % 2],
            "target": text,
            "dag_id": DAG,
            "run_id": "run" if place < 3 else text,
            "state": ("done", "held", "refused")[place % 3],
            "reason": text,
            "attempts": 1,
            "due_at": at,
            "created_at": at,
            "updated_at": at,
        },
        Delivery: {
            "seq": place,
            "delivery_id": f"msg_{place}",
            "webhook": text,
            "endpoint": text,
            "target": headers,
            "dag_id": DAG,
            "run_id": "run",
            "task_id": "tell" if place < 3 else text,
            "map_index": -1,
            "try_number": 1,
            "transition": text[:40],
            "occurred_at": at,
            "added_at": at,
            "payload": headers,
            "state": ("pending", "dead", "held")[place % 3],
            "due_at": at,
            "attempts": 1,
            "failures": 1,
            "status": 500,
            "reason": text,
            "ended_at": None,
        },
        Attempt: {
            "seq": place,
            "delivery": place,
            "started_at": at,
            "seconds": 0.5,
            "status": 500,
            "error": text,
            "request_headers": headers,
            "response_headers": headers,
            "response_body": text,
        },
        EndpointState: {
            "key": text,
            "conn_id": text,
            "ordered": False,
            "state": "open",
            "reason": text,
            "changed_at": at,
            "failures": 1,
            "failing_since": at,
            "openings": 1,
            "probe_at": at,
            "full_at": 0.0,
        },
        Replay: {
            "seq": place,
            "state": "planned",
            "selection": headers,
            "version": "latest",
            "rate": 1,
            "total": 1,
            "done": 0,
            "gone": 0,
            "created_by": text,
            "due_at": at,
            "created_at": at,
        },
        KeptToken: {
            "conn_id": f"kept{place}",
            "state": "failing",
            "secrets": '{"access_token": "x"}',
            "fingerprint": "x",
            "scope": text,
            "failures": 1,
            "error": text,
        },
        Registered: {
            "name": f"hook{place}",
            "dag_id": DAG,
            "task_id": text,
            "definition": json.dumps(
                {"name": f"hook{place}", "on": "completed", "conn_id": "crm"}
                | ({"description": text} if place % 2 else {})
            ),
            "enabled": place % 2 == 0,
            "origin": "console",
            "author": text,
            "updated_at": at,
        },
    }
