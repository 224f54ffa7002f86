"""Which redirects are followed, and what goes along."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hookline.http.redirect import follow, origin_of, stranger
from hookline.http.request import DEFAULT_HEADERS, compose
from hookline.http.response import Received
from hookline.http.target import from_fields

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

    onward = follow(request, Received(case["status"], {"Location": case["location"]}, b""))

    assert (onward and onward.url) == case["sent"]
    if onward is not None:
        assert onward.headers == (request.headers if case["keeps"] else DEFAULT_HEADERS)
        assert (onward.method, onward.body) == (case["method"], None)


def test_nothing_secret_of_the_connection_goes_to_a_stranger() -> None:
    request = compose(TARGET, "GET", "a")
    onward = follow(request, Received(302, {"location": "https://blob.example.net/x"}, b""))
    assert onward is not None
    there = stranger(TARGET, origin_of(onward))
    assert "s3cret" not in repr(vars(there))
    assert (there.auth_type, there.headers, there.client_cert) == ("none", {}, "")


def test_credentials_do_not_come_back_after_a_stranger() -> None:
    request = compose(TARGET, "GET", "a")
    there = follow(request, Received(302, {"location": "https://blob.example.net/x"}, b""))
    assert there is not None
    back = follow(there, Received(302, {"location": "https://api.example.com/v2/a"}, b""))
    assert back is not None
    assert back.headers == DEFAULT_HEADERS
