"""The same signed content under another delivery id is the first event, for a while."""

from __future__ import annotations

import asyncio
import json
import lzma
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hookline.database import async_engine
from hookline.inbox import group_commit
from hookline.protocol.intake import Accepted, events, take
from hookline.protocol.replay import Replay
from tests.unit.inbox.events import ARRIVAL, accepted, stored
from tests.unit.protocol.requests import message, source

pytestmark = pytest.mark.usefixtures("inbox")

SIGNED = Replay("ab" * 32, 300)

KEY = "It's a Secret to Everybody"


def github_examples() -> list[tuple[str, bytes]]:
    """Return type and body of every payload of npm ``@octokit/webhooks-examples``."""
    packed = (Path(__file__).parents[2] / "vectors" / "octokit_webhooks_examples.json.xz").read_bytes()
    return [
        (kind, json.dumps(payload).encode())
        for kinds in json.loads(lzma.decompress(packed)).values()
        for kind, payloads in kinds.items()
        for payload in payloads
    ]


def event(name: str, seconds: float = 0.0, **changed: Any) -> Accepted:
    return accepted(name, received_at=ARRIVAL + timedelta(seconds=seconds), **{"replay": SIGNED, **changed})


def write(*requests: tuple[Accepted, ...]) -> list[tuple[str, bool]]:
    """Store requests that wait at the same time; return each event's id and whether it is new."""

    async def main() -> Any:
        engine = async_engine()
        try:
            return await group_commit.write(engine, list(requests))
        finally:
            await engine.dispose()

    return [tuple(stored) for result in asyncio.run(main()) for stored in result]


def test_a_replay_is_answered_with_the_id_of_the_first() -> None:
    assert write((event("1"),)) == [("1", True)]
    assert write((event("2", 299),)) == [("1", False)]
    assert stored() == ["1"]


def test_the_same_delivery_is_a_duplicate_as_ever() -> None:
    write((event("1"),))
    assert write((event("1", 1),)) == [("1", False)]


def test_after_the_window_it_is_an_event_of_its_own() -> None:
    write((event("1"),))
    assert write((event("2", 300),)) == [("2", True)]
    assert write((event("3", 301),)) == [("2", False)]


def test_replays_that_arrive_together_are_one_event() -> None:
    assert write((event("1"),), (event("2"),), (event("3"),)) == [("1", True), ("1", False), ("1", False)]
    assert stored() == ["1"]


@pytest.mark.parametrize(
    "other",
    [{"replay": Replay("cd" * 32, 300)}, {"replay": None}, {"source": "another"}],
    ids=["other content", "not remembered", "another source"],
)
def test_nothing_else_is_taken_for_a_replay(other: dict[str, Any]) -> None:
    write((event("1"),))
    assert write((event("2", 1, **other),)) == [("2", True)]


MISFIT = {"quarantine": "The event does not fit the schema of its Dag."}


def test_what_was_quarantined_may_be_sent_again_as_another_delivery() -> None:
    write((event("1", **MISFIT),))
    assert write((event("2", 1),)) == [("2", True)]
    assert write((event("3", 2),)) == [("2", False)]


def test_what_is_quarantined_at_the_same_time_hides_nothing() -> None:
    assert write((event("1", **MISFIT),), (event("2"),), (event("3"),)) == [
        ("1", True),
        ("2", True),
        ("2", False),
    ]


def test_what_is_quarantined_after_the_window_hides_nothing() -> None:
    write((event("1"),))
    assert write((event("2", 300, **MISFIT),), (event("3", 301),)) == [("2", True), ("3", True)]


def test_what_ran_hides_the_same_when_it_does_not_fit_any_more() -> None:
    write((event("1"),))
    assert write((event("2", 1, **MISFIT),)) == [("1", False)]


def test_of_github_s_examples_only_equal_ones_of_one_type_are_duplicates() -> None:
    github = source("github", password=KEY, auth_type="github")
    sent = []
    for number, (kind, body) in enumerate(github_examples()):
        headers = {"X-GitHub-Event": kind, "X-GitHub-Delivery": f"d{number}"}
        taken = take(github, message(body, {**headers, **github.verifier.sign(message(body))}))
        sent += [((kind, body), one) for one in events(taken)]
    first: dict[Any, str] = {}
    expected = [(first.setdefault(content, one.event_id), one.event_id) for content, one in sent]
    assert write(*((one,) for _, one in sent)) == [(known, known == own) for known, own in expected]
    assert stored() == list(first.values())
    assert len(first) == 399


def delivered(auth_type: str, headers: list[dict[str, str]], **extra: Any) -> list[tuple[str, bool]]:
    """Send one body with each of the headers."""
    shop = source("shop", password=KEY, auth_type=auth_type, **extra)
    body = b'{"id": 450789469, "financial_status": "paid"}'
    made = shop.verifier.sign(message(body))
    return write(*(events(take(shop, message(body, {**one, **made}))) for one in headers))


def test_switched_off_every_delivery_is_an_event() -> None:
    sent = [{"X-GitHub-Event": "push", "X-GitHub-Delivery": name} for name in ("1", "2")]
    assert delivered("github", sent, replay_window=0) == [("1", True), ("2", True)]


def test_one_order_that_is_two_events_at_shopify_runs_twice() -> None:
    topics = (("1", "orders/create"), ("2", "orders/paid"), ("3", "orders/paid"))
    sent = [{"X-Shopify-Topic": topic, "X-Shopify-Webhook-Id": name} for name, topic in topics]
    assert delivered("shopify", sent) == [("1", True), ("2", True), ("2", False)]
