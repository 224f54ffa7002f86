"""``airflow hookline deliveries`` and ``endpoints``, on an outbox with one delivery of each kind."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import insert, update

from hookline import database
from hookline.inbox.models import InboxEvent
from hookline.outbox import store
from hookline.outbox.message import Endpoint
from hookline.outbox.models import Attempt, Delivery
from tests.unit.delivery.running import endpoint, inside, row, rows
from tests.unit.outbox.messages import NOW, message

Run = Callable[..., Any]
Captured = pytest.CaptureFixture[str]
STATES = ("pending", "delivered", "dead", "held", "cancelled")


@pytest.fixture(autouse=True)
def deliveries(outbox: str) -> None:
    """One delivery in each state; the dead one goes elsewhere and has an attempt."""
    InboxEvent.__table__.create(database.engine(), checkfirst=True)
    dead = message(2, endpoint=Endpoint(conn_id="erp"), dag_id="shop.refund")
    inside(lambda s: store.add(s, [dead if n == 2 else message(n) for n in range(len(STATES))]))
    for number, state in enumerate(STATES):
        named = Delivery.delivery_id == f"msg_{number:08}"
        inside(lambda s, where=named, to=state: s.execute(update(Delivery).where(where).values(state=to)))
    made = {"delivery": row(2).seq, "started_at": NOW, "seconds": 0.1, "status": 500, "error": "broken"}
    inside(lambda s: s.execute(insert(Attempt).values(**made, request_headers="{}")))


def states() -> list[str]:
    return [one.state for one in rows()]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ((), [4, 3, 2, 1, 0]),
        (("--state", "dead"), [2]),
        (("--endpoint", "erp /"), [2]),
        (("--dag-id", "shop.order", "--limit", "2"), [4, 3]),
        (("--since", "2999-01-01"), []),
    ],
)
def test_list_shows_what_the_filter_finds(
    hookline: Run, capsys: Captured, arguments: tuple[str, ...], found: list[int]
) -> None:
    hookline("deliveries", "list", "--output", "json", *arguments)
    shown = json.loads(capsys.readouterr().out.strip().splitlines()[-1] or "[]")
    assert [one["delivery_id"] for one in shown] == [f"msg_{number:08}" for number in found]


def test_show_prints_message_and_attempts(hookline: Run, capsys: Captured) -> None:
    hookline("deliveries", "show", "msg_00000002")
    shown = json.loads(capsys.readouterr().out)
    assert shown["message"] == message().payload
    assert [attempt["status"] for attempt in shown["attempts"]] == [500]
    assert shown["to"] == "erp /"


@pytest.mark.parametrize(
    ("arguments", "after"),
    [
        (("replay", "msg_00000002"), ["pending", "delivered", "pending", "held", "cancelled"]),
        (("replay", "--state", "dead"), ["pending", "delivered", "pending", "held", "cancelled"]),
        (("replay", "--state", "dead", "--dry-run"), list(STATES)),
        (("replay", "--state", "dead", "--dag-id", "shop.order"), list(STATES)),
        (
            ("cancel", "--endpoint", "crm /hooks"),
            ["cancelled", "delivered", "dead", "cancelled", "cancelled"],
        ),
    ],
)
def test_what_is_named_changes_and_nothing_else(
    hookline: Run, arguments: tuple[str, ...], after: list[str]
) -> None:
    hookline("deliveries", *arguments)
    assert states() == after


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("deliveries", "show", "msg_none"), "No delivery `msg_none`"),
        (("deliveries", "replay", "msg_00000000"), "It is pending"),
        (("deliveries", "cancel", "msg_00000001"), "It is delivered"),
        (("deliveries", "replay"), "--state"),
        (("deliveries", "cancel"), "--endpoint"),
        (("deliveries", "list", "--limit", "0"), "--limit takes 1 to 500"),
        (("endpoints", "enable", "nobody"), "No endpoint `nobody`"),
        (("endpoints", "disable", "nobody"), "No endpoint `nobody`"),
    ],
)
def test_what_cannot_be_done_is_said(hookline: Run, arguments: tuple[str, ...], says: str) -> None:
    with pytest.raises(SystemExit, match=says):
        hookline(*arguments)
    assert states() == list(STATES)


def test_an_endpoint_is_disabled_and_enabled(hookline: Run, capsys: Captured) -> None:
    hookline("endpoints", "disable", "crm /hooks", "--reason", "moves")
    assert (endpoint().state, endpoint().reason) == ("disabled", "by hand: moves")
    hookline("endpoints", "list", "--state", "disabled", "--output", "json")
    assert "crm /hooks" in capsys.readouterr().out

    hookline("endpoints", "enable", "crm /hooks")

    assert endpoint().state == "closed"
    assert states()[3] == "pending"
    assert "1 held deliveries go out" in capsys.readouterr().out
