"""The event inside a run: from a webhook, from the Trigger form, or none at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException

from hookline.authoring import Event, require_event
from hookline.exceptions import NotAnEvent
from hookline.protocol.intake import Accepted, take
from tests.unit.authoring.contexts import context
from tests.unit.protocol.requests import message, source


def test_a_webhook_s_run_has_the_whole_event() -> None:
    accepted = take(
        source(event_id="header:X-Id"),
        message(b'{"total": 5}', {"X-Id": "17", "X-Shop": "north"}, event_path="orders/paid", query="page=2"),
    )
    assert isinstance(accepted, Accepted)
    assert Event.from_context(context(json.loads(accepted.body))) == Event(
        data={"total": 5},
        id="17",
        source="shop",
        type="orders.paid",
        time="2026-09-21T14:13:20.123Z",
        subject=None,
        headers={"x-id": "17", "x-shop": "north"},
        query={"page": "2"},
    )


def test_a_run_started_by_hand_needs_only_data() -> None:
    assert Event.from_context(context({"data": {"total": 5}})) == Event(
        data={"total": 5},
        id="manual__1",
        source="manual",
        type="shop.paid",
        time="2026-09-21T14:00:00+00:00",
    )


@pytest.mark.parametrize("data", [None, False, 0, "", [], {}], ids=repr)
def test_empty_data_is_data(data: Any) -> None:
    assert Event.from_context(context({"data": data})).data == data


NO_EVENT: dict[str, dict[str, Any] | None] = {
    "no conf": None,
    "empty conf": {},
    "conf without data": {"id": "17", "type": "orders.paid"},
    "the payload without its frame": {"user": {"username": "ada"}},
}


@pytest.mark.parametrize("conf", NO_EVENT.values(), ids=NO_EVENT)
def test_a_run_without_data_is_no_event_and_says_what_to_do(conf: dict[str, Any] | None) -> None:
    with pytest.raises(NotAnEvent) as raised:
        Event.from_context(context(conf))
    text = str(raised.value)
    assert "`manual__1` of the event Dag `shop.paid` carries no event" in text
    assert '{"data": {...}}' in text
    assert "the sample shown in the Trigger form is never used by itself" in text


@pytest.mark.parametrize("conf", NO_EVENT.values(), ids=NO_EVENT)
def test_a_task_without_an_event_fails_for_good(conf: dict[str, Any] | None) -> None:
    with pytest.raises(AirflowFailException, match="carries no event"):
        require_event(context(conf))


def test_a_task_with_an_event_goes_on() -> None:
    require_event(context({"data": {}}))
