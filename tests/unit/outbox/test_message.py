"""What an endpoint may be, and what it is called."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hookline.exceptions import ConfigurationError
from hookline.outbox.message import Endpoint
from tests.unit.outbox.messages import message

LONG = "/" + "a" * 300


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"conn_id": "crm"}, "crm /"),
        ({"conn_id": "crm", "path": "/hooks"}, "crm /hooks"),
        ({"conn_id": "crm", "path": "/hooks", "ordered": True}, "crm /hooks (in order)"),
        ({"conn_id": "crm", "path": "/hooks", "headers": {"X-A": "1"}}, "crm /hooks"),
        ({"url": "https://crm.example/hooks"}, "https://crm.example/hooks"),
    ],
)
def test_an_endpoint_is_called_after_where_it_is(fields: dict[str, Any], key: str) -> None:
    assert Endpoint(**fields).key == key


@pytest.mark.parametrize(
    "fields", [{"url": "https://crm.example/hooks?sig=123"}, {"conn_id": "crm", "path": "/hooks?sig=123"}]
)
def test_a_query_is_not_shown_and_still_tells_endpoints_apart(fields: dict[str, Any]) -> None:
    key = Endpoint(**fields).key
    other = Endpoint(**{name: value.replace("123", "456") for name, value in fields.items()}).key
    assert "123" not in key
    assert key != other


@pytest.mark.parametrize("ordered", [False, True])
def test_a_long_name_is_cut_and_stays_its_own(ordered: bool) -> None:
    keys = [Endpoint(conn_id="crm", path=LONG + end, ordered=ordered).key for end in "ab"]
    assert len(set(keys)) == 2
    assert max(map(len, keys)) <= 250


def test_an_endpoint_survives_being_written_as_json() -> None:
    endpoint = Endpoint(conn_id="crm", path="/hooks", headers={"X-A": "1"}, auth="hmac", ordered=True)
    assert Endpoint(**json.loads(json.dumps(endpoint.as_json()))) == endpoint


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, "either conn_id or url"),
        ({"conn_id": "crm", "url": "https://crm.example"}, "either conn_id or url"),
        ({"url": "ftp://crm.example"}, "url"),
        ({"url": "https://crm.example", "auth": "basic"}, "auth go with conn_id"),
        ({"url": "https://crm.example", "path": "/a"}, "path and auth go with conn_id"),
        ({"conn_id": "crm", "path": "hooks"}, "begin with /"),
        ({"conn_id": "crm", "path": "/a b"}, "visible ASCII"),
        ({"conn_id": "crm", "method": "GET"}, "POST, PUT, PATCH"),
        ({"conn_id": "crm", "auth": "magic"}, "standard_webhooks"),
        ({"conn_id": "crm", "headers": {"X-A": "a\nb"}}, "headers"),
    ],
)
def test_what_cannot_be_an_endpoint_is_refused_with_the_reason(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        Endpoint(**fields)


@pytest.mark.parametrize("number", ["msg_a.b", "msg_1", "", "msg_" + "a" * 61])
def test_a_delivery_id_that_cannot_be_signed_is_refused(number: str) -> None:
    with pytest.raises(ConfigurationError, match="delivery id"):
        type(message())(**{**vars(message()), "delivery_id": number})
