"""Which Dag takes each known event, in the management API and on the page."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.api.conftest import As
from tests.unit.dispatch import event_dags

SHOP = {"conn_type": "webhook", "extra": {"auth_type": "none", "dag_prefix": "shopify"}}


@pytest.fixture(autouse=True)
def dags(call: As, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A Dag by name, one that claims beside it, two catch-alls, a subscriber."""
    monkeypatch.setenv("AIRFLOW_CONN_NORTH", json.dumps(SHOP))
    event_dags.write("github.push", also=True)
    event_dags.write("github.push", also=True, dag_id="audit")
    event_dags.write("github")
    event_dags.write("north")
    event_dags.write("billing", source="stripe", types=["invoice.*"], when="data.livemode")
    event_dags.pause("github")
    yield
    event_dags.empty()


def listed(call: As, role: str = "op") -> dict[str, dict[str, Any]]:
    return {one["name"]: one for one in call(role).get("/event-dags?limit=200").json()["items"]}


def taken(one: dict[str, Any]) -> list[tuple[Any, ...]]:
    return [(each["dag_id"], each["how"], each["source"], each["paused"]) for each in one["taken_by"]]


TAKEN: dict[str, list[tuple[Any, ...]]] = {
    "github.push": [("audit", "claim", None, False), ("github.push", "name", None, False)],
    "github.star": [("github", "catch-all", "github", True)],
    "shopify.orders.paid": [("north", "catch-all", "north", False)],
    "stripe.invoice.paid": [("billing", "subscription", "stripe", False)],
    "stripe.customer.created": [],
    "users.created": [],
    "audit": [],
    "billing": [],
}


def test_each_event_says_who_takes_it(call: As) -> None:
    found = listed(call)

    assert {name: taken(found[name]) for name in TAKEN} == TAKEN


def test_a_dag_that_is_called_otherwise_says_what_it_runs_for(call: As) -> None:
    found = listed(call, "viewer")

    assert {name: one["takes"] for name, one in found.items() if one["takes"]} == {
        "audit": "The event `github.push`",
        "billing": "Events `invoice.*` of `stripe` where `data.livemode`",
        "github": "Every event of `github` that no other Dag claims",
        "north": "Every event of `north` that no other Dag claims",
    }


def test_the_page_calls_free_what_nobody_takes(call: As) -> None:
    client = call("op")
    client.base_url = "http://airflow.test/hooks/console"
    rows = re.findall(r"<tr>(.*?)</tr>", client.get("/event-dags").text, re.DOTALL)
    of = {found[1]: html.unescape(row) for row in rows if (found := re.search(r"<code>(.*?)</code>", row))}

    assert ">free<" in of["stripe.customer.created"]
    assert ">free<" not in of["github.star"]
    assert "the catch-all of github" in of["github.star"]
    assert "subscribes to stripe, where <code>data.livemode</code>" in of["stripe.invoice.paid"]
