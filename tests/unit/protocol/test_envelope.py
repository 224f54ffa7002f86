"""The event as Dags see it: CloudEvents 1.0, without anything secret."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.protocol.envelope import envelope
from tests.unit.protocol.requests import message

SECRET_WORDS = [
    "authorization",
    "cookie",
    "secret",
    "password",
    "passwd",
    "token",
    "api-key",
    "apikey",
    "api_key",
    "access-key",
    "private-key",
    "auth-key",
    "signature",
    "credential",
    "jwt",
    "assertion",
    "session",
    "auth",
    "sig",
    "hmac",
]
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def event(headers: Any = (), query: str = "", *, hidden: frozenset[str] = frozenset()) -> dict[str, Any]:
    return envelope(
        message(headers=headers, query=query),
        source="shop",
        event_id="17",
        event_type="orders.paid",
        hidden=hidden,
    )


def test_the_event_is_a_cloudevent() -> None:
    assert event({"X-Shop": "1"}, "page=2") == {
        "specversion": "1.0",
        "id": "17",
        "source": "shop",
        "type": "orders.paid",
        "time": "2026-09-21T14:13:20.123Z",
        "datacontenttype": "application/json",
        "hookline": {
            "path": "/hooks/in/shop",
            "headers": {"x-shop": "1"},
            "query": {"page": "2"},
        },
    }


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Proxy-Authorization",
        "Cookie",
        "Set-Cookie",
        "X-API-Key",
        "X-Auth-Token",
        "X-Gitlab-Token",
        "X-Hub-Signature-256",
        "Stripe-Signature",
        "X-Shopify-Hmac-Sha256",
        "X-Client-Secret",
        "X-Amz-Security-Token",
        "X-Goog-Iap-Jwt-Assertion",
        "Cf-Access-Jwt-Assertion",
        "X-Auth-Key",
        "X-Auth",
        "X-Access-Key",
        "X-Session-Id",
        "apikey",
        "X-Slack-Signature",
        "X-Forwarded-Access-Token",
        "X-Twilio-Email-Event-Webhook-Signature",
    ],
)
def test_a_header_that_carries_a_secret_does_not_travel_on(name: str) -> None:
    assert "s3cret" not in json.dumps(event({name: "s3cret"}))


@pytest.mark.parametrize(
    "name",
    [
        "X-GitHub-Event",
        "X-GitHub-Delivery",
        "User-Agent",
        "Content-Type",
        "X-Author",
        "X-Design",
        "X-Request-Id",
        "X-Slack-Request-Timestamp",
        "X-Shopify-Topic",
        "Signal",
    ],
)
def test_other_headers_do(name: str) -> None:
    assert event({name: "value"})["hookline"]["headers"] == {name.lower(): "value"}


@pytest.mark.parametrize(
    "name",
    [
        "token",
        "access_token",
        "api_key",
        "apiKey",
        "client_secret",
        "sig",
        "hmac",
        "signature",
        "password",
        "X-Amz-Credential",
        "auth",
        "jwt",
    ],
)
def test_a_query_field_that_carries_a_secret_does_not_travel_on(name: str) -> None:
    assert event(query=f"{name}=s3cret&page=2")["hookline"]["query"] == {"page": "2"}


def test_what_the_scheme_reads_does_not_travel_on_whatever_its_name() -> None:
    assert event({"X-Shop": "s3cret", "X-Other": "1"}, hidden=frozenset({"x-shop"}))["hookline"][
        "headers"
    ] == {"x-other": "1"}


NAME = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789", max_size=5)
JOIN = st.sampled_from(["-", "_"])


@given(
    name=st.tuples(NAME, JOIN, st.sampled_from(SECRET_WORDS), JOIN, NAME).map("".join), upper=st.booleans()
)
def test_no_name_with_a_secret_s_word_travels_on(name: str, upper: bool) -> None:
    name = name.upper() if upper else name
    assert "s3cret" not in json.dumps(event({name: "s3cret"}, f"{name}=s3cret"))


def test_a_valid_traceparent_travels_on() -> None:
    assert event({"traceparent": TRACEPARENT})["hookline"]["traceparent"] == TRACEPARENT


@pytest.mark.parametrize(
    "value",
    [
        "",
        "garbage",
        TRACEPARENT.upper(),
        TRACEPARENT + "-x",
        TRACEPARENT[:-1],
        "ff" + TRACEPARENT[2:],
        "00-" + "0" * 32 + TRACEPARENT[35:],
        TRACEPARENT[:36] + "0" * 16 + "-01",
    ],
    ids=[
        "empty",
        "garbage",
        "upper case",
        "longer",
        "shorter",
        "version ff",
        "trace id zero",
        "parent id zero",
    ],
)
def test_an_invalid_traceparent_is_left_out(value: str) -> None:
    assert "traceparent" not in event({"traceparent": value})["hookline"]


def test_a_repeated_traceparent_is_left_out() -> None:
    assert "traceparent" not in event([("traceparent", TRACEPARENT)] * 2)["hookline"]
