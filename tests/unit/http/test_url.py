"""Where a request goes: below the base path, never to another server with this one's credentials."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hookline.exceptions import ConfigurationError
from hookline.http.request import compose
from hookline.http.target import Target, from_fields
from hookline.http.url import without_query

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/http_url.json").read_text())


def target(host: str = VECTORS["base"], **extra: Any) -> Target:
    return from_fields(host=host, extra={"auth_type": "none", **extra})


@pytest.mark.parametrize("case", VECTORS["below"], ids=lambda case: case["name"])
def test_path_is_taken_below_the_base_path(case: dict[str, Any]) -> None:
    base = target(case.get("base", VECTORS["base"]))
    assert compose(base, "GET", case["path"], query=case.get("query")).url == case["url"]


@pytest.mark.parametrize("case", VECTORS["below_refused"], ids=lambda case: case["name"])
def test_path_that_would_lead_elsewhere_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=case["says"]):
        compose(target(), "GET", case["path"])


@pytest.mark.parametrize("case", VECTORS["own"], ids=lambda case: case["name"])
def test_url_on_the_connections_own_server_is_sent(case: dict[str, Any]) -> None:
    own = from_fields(host=VECTORS["base"], password="k", extra={"auth_type": "bearer"})
    assert compose(own, "GET", address=case["url"]).url == case["sent"]


@pytest.mark.parametrize("case", VECTORS["elsewhere"], ids=lambda case: case["name"])
def test_url_elsewhere_never_gets_credentials(case: dict[str, Any]) -> None:
    own = from_fields(host=VECTORS["base"], password="k", extra={"auth_type": "bearer"})
    with pytest.raises(ConfigurationError, match=r"are for https://api\.example\.com only"):
        compose(own, "GET", address=case["url"])


@pytest.mark.parametrize("case", VECTORS["elsewhere"], ids=lambda case: case["name"])
def test_url_elsewhere_never_gets_default_headers(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=r"are for https://api\.example\.com only"):
        compose(target(headers={"X-Tenant": "a"}), "GET", address=case["url"])


@pytest.mark.parametrize("case", VECTORS["elsewhere"], ids=lambda case: case["name"])
def test_url_elsewhere_is_fine_when_nothing_can_leak(case: dict[str, Any]) -> None:
    assert compose(target(), "GET", address=case["url"]).url == case["url"]


@pytest.mark.parametrize("case", VECTORS["url_refused"], ids=lambda case: case["name"])
def test_url_that_is_none_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        compose(target(), "GET", address=case["url"])
    assert case["says"] in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_url_and_path_together_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="both url and path"):
        compose(target(), "GET", "users", address="https://api.example.com/")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@h:1/a?key=1#f", "https://h:1/a"),
        ("/relative?key=1", "/relative"),
        ("https://[::1", "(not a URL)"),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, shown: str) -> None:
    assert without_query(url) == shown


@pytest.mark.parametrize("query", ["a=1", [("a", 1)]])
def test_query_is_a_dictionary(query: Any) -> None:
    with pytest.raises(ConfigurationError, match="query must be a dictionary"):
        compose(target(), "GET", query=query)


def test_query_value_that_is_an_object_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="query parameter is a dict"):
        compose(target(), "GET", query={"a": {"b": 1}})
