"""Each page: for whom, with which protection, and that what strangers sent is text on it."""

from __future__ import annotations

import json

import pytest

from tests.unit.api import inbox
from tests.unit.console.conftest import Open

LISTS = [
    "/",
    "/sources",
    "/events",
    "/jobs",
    "/deliveries",
    "/endpoints",
    "/step-webhooks",
    "/connections",
    "/event-dags",
    "/replays",
    "/held",
    "/refused",
    "/new-source",
    "/new-step-webhook",
    "/dags/shop.order.paid",
    "/runs/shop.order.paid/run",
    "/tasks/shop.order.paid/tell",
    "/tasks/shop.order.paid/tell/run/{MAP_INDEX}",
]
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}"


@pytest.mark.parametrize("path", LISTS)
def test_a_page_opens(look: Open, path: str) -> None:
    page = look(path)

    assert page.status_code == 200
    assert page.text.count("<h1>") == 1


@pytest.mark.parametrize("path", LISTS)
def test_strangers_are_sent_to_log_in(look: Open, path: str) -> None:
    page = look(path, None)

    assert page.status_code == 303
    assert page.headers["location"].startswith("/auth/login?next=http")


@pytest.mark.parametrize("path", [*LISTS, "/events/999999", "/static/console.js"])
def test_a_page_loads_nothing_from_elsewhere(look: Open, path: str) -> None:
    policy = look(path).headers["content-security-policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'self'" in policy


@pytest.mark.parametrize("path", ["/events/999999", "/jobs/999999", "/events/nothing", "/sources/nobody"])
def test_what_is_not_there_is_said_on_a_page(look: Open, path: str) -> None:
    page = look(path)

    assert page.status_code in (404, 422)
    assert page.headers["content-type"].startswith("text/html")
    assert "<h1>" in page.text


@pytest.mark.parametrize("path", ["/events", "/events/1"])
def test_what_strangers_send_is_text(look: Open, path: str) -> None:
    inbox.store(
        {
            "seq": 1,
            "event_type": HOSTILE[:60],
            "reason": HOSTILE,
            "body": json.dumps({"data": {HOSTILE: HOSTILE}, "hookline": {"headers": {HOSTILE: HOSTILE}}}),
        }
    )

    page = look(path)

    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert "49" not in page.text.replace(HOSTILE, "")


def test_a_wrong_filter_is_named_beside_its_field(look: Open) -> None:
    page = look("/events?since=yesterday&source=shop")

    assert page.status_code == 200
    assert 'aria-invalid="true"' in page.text
    assert 'value="yesterday"' in page.text
