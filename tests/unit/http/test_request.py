"""Headers and authentication of a request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hookline.exceptions import ConfigurationError
from hookline.http.body import encode
from hookline.http.headers import checked, masked, redacted
from hookline.http.request import DEFAULT_HEADERS, compose
from hookline.http.target import from_fields

VECTORS = Path(__file__).parents[2] / "vectors"
AUTH = json.loads((VECTORS / "http_auth.json").read_text())
HEADERS = json.loads((VECTORS / "http_headers.json").read_text())
TARGET = from_fields(host="h", extra={"auth_type": "none", "headers": {"X-Tenant": "a"}})


@pytest.mark.parametrize("case", AUTH, ids=lambda case: case["name"])
def test_authentication_adds_its_header(case: dict[str, Any]) -> None:
    request = compose(from_fields(host="h", **case["fields"]), "POST")
    assert request.headers == {**DEFAULT_HEADERS, **case["added"]}


@pytest.mark.parametrize("case", AUTH[1:], ids=lambda case: case["name"])
def test_a_header_that_authentication_writes_cannot_be_given_too(case: dict[str, Any]) -> None:
    (name,) = case["added"]
    with pytest.raises(ConfigurationError, match="drop one of them"):
        compose(from_fields(host="h", **case["fields"]), "POST", fields={name.lower(): "x"})


@pytest.mark.parametrize("case", HEADERS["sent"], ids=lambda case: case["name"])
def test_headers_that_can_be_sent(case: dict[str, Any]) -> None:
    assert checked(case["headers"]) == case["fields"]


@pytest.mark.parametrize("case", HEADERS["refused"], ids=lambda case: case["name"])
def test_headers_that_cannot_be_sent_are_refused_without_their_value(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        compose(TARGET, "POST", fields=case["headers"])
    assert case["says"] in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("case", HEADERS["masked"], ids=lambda case: case["name"])
def test_headers_are_stored_without_secrets(case: dict[str, Any]) -> None:
    assert masked(case["headers"]) == case["stored"]


def test_headers_of_the_call_replace_those_of_the_connection_and_the_body() -> None:
    request = compose(
        TARGET,
        "POST",
        content=encode("json", {}),
        fields={"x-tenant": "b", "content-type": "application/vnd.api+json", "USER-AGENT": "me"},
    )
    assert request.headers == {
        "USER-AGENT": "me",
        "Accept": "*/*",
        "Accept-Encoding": "gzip, deflate",
        "x-tenant": "b",
        "content-type": "application/vnd.api+json",
    }


def test_a_request_without_body_has_no_content_type() -> None:
    assert "Content-Type" not in compose(TARGET, "GET").headers


@pytest.mark.parametrize("method", ["", "GET /", "G\r\n", "É"])
def test_what_is_no_method_is_refused(method: str) -> None:
    with pytest.raises(ConfigurationError, match="not an HTTP method"):
        compose(TARGET, method)


def test_the_representation_shows_no_secret() -> None:
    request = compose(
        TARGET, "POST", "a?key=s3cret", fields={"X-Token": "s3cret"}, content=encode("json", ["s3cret"])
    )
    assert "s3cret" not in f"{request!r} {request}"
    assert str(request) == "POST https://h/a"


def test_the_longest_secret_is_hidden_first() -> None:
    assert redacted("abcd ab", ["ab", "abcd", ""]) == "*** ***"
