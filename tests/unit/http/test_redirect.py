"""Which redirects are followed, and what goes along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hookline.http.body import encode
from hookline.http.redirect import follow, origin_of, stranger
from hookline.http.request import DEFAULT_HEADERS, compose
from hookline.http.response import Received
from hookline.http.target import Target, from_fields

CASES = json.loads((Path(__file__).parents[2] / "vectors/redirects.json").read_text())
TARGET = from_fields(
    host="https://api.example.com/v2",
    login="ann",
    password="s3cret",
    extra={"auth_type": "basic", "headers": {"X-Tenant": "a"}, "client_cert": "/c.pem"},
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_redirects(case: dict[str, Any]) -> None:
    request = compose(TARGET, case["method"], "a", fields={"X-Call": "1", "Cookie": "sid=1"})

    onward = follow(request, Received(case["status"], {"Location": case["location"]}, b""), TARGET)

    assert (onward and onward.url) == case["sent"]
    if onward is not None:
        assert onward.headers == (request.headers if case["keeps"] else DEFAULT_HEADERS)
        assert (onward.method, onward.body) == (case["method"], None)


def test_nothing_secret_of_the_connection_goes_to_a_stranger() -> None:
    request = compose(TARGET, "GET", "a")
    onward = follow(request, Received(302, {"location": "https://blob.example.net/x"}, b""), TARGET)
    assert onward is not None
    there = stranger(TARGET, origin_of(onward))
    assert "s3cret" not in repr(vars(there))
    assert (there.auth_type, there.headers, there.client_cert) == ("none", {}, "")


def test_credentials_do_not_come_back_after_a_stranger() -> None:
    request = compose(TARGET, "GET", "a")
    there = follow(request, Received(302, {"location": "https://blob.example.net/x"}, b""), TARGET)
    assert there is not None
    stranger_there = stranger(TARGET, origin_of(there))
    back = follow(there, Received(302, {"location": "https://api.example.com/v2/a"}, b""), stranger_there)
    assert back is not None
    assert back.headers == DEFAULT_HEADERS


def key_in_the_query() -> Target:
    return from_fields(host="https://h", password="k3y", extra={"auth_type": "api_key", "key_query": "key"})


@pytest.mark.parametrize("location", ["/b?x=1", "/b?x=1&key=k3y"], ids=["without", "repeated"])
def test_a_key_in_the_query_goes_along_once(location: str) -> None:
    target = key_in_the_query()
    onward = follow(compose(target, "GET", "a"), Received(302, {"location": location}, b""), target)
    assert onward is not None
    assert onward.url == "https://h/b?x=1&key=k3y"


def test_a_signature_is_made_for_what_is_sent() -> None:
    target = from_fields(
        host="https://h",
        password="s3cret",
        extra={"auth_type": "hmac", "signed_content": "{url}{body}"},
    )
    request = compose(target, "GET", "a", content=encode("json", {"x": 1}), fields={"X-Call": "1"})

    onward = follow(request, Received(302, {"location": "/b"}, b""), target)

    assert onward == compose(target, "GET", "b", fields={"X-Call": "1"})
