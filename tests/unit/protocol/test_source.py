"""A Connection's fields become a source, or an error that says what to change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import ConfigurationError
from hookline.get_provider_info import get_provider_info
from hookline.protocol import naming
from hookline.protocol.signatures.registry import SCHEMES
from hookline.protocol.source import Source, parse
from tests.unit.protocol.requests import source

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/sources.json").read_text(encoding="utf-8"))
FORM = next(
    declared["conn-fields"]
    for declared in get_provider_info()["connection-types"]
    if declared["connection-type"] == "webhook"
)
SECRETS = {
    "adyen": "44782DEF547AAA06",
    "discord": "e7a1b3b2a4b6c2f5f1d0e3c4b5a69788796a5b4c3d2e1f00112233445566778f",
    "sendgrid": "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEDr2LjtURuePQzplybdC+u4CwrqDqBaWjcMMsTbhdbcwHBcepxo7yAQG"
    "hHPTnlvFYPAZFceEu/1FwCM/QmGUhA==",
    "standard_webhooks": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "svix": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
}
"""Secrets of the schemes whose secret has a form."""


def make(case: dict[str, Any]) -> Source:
    return parse("shop", case.get("login"), case.get("password"), case["extra"])


@pytest.mark.parametrize("case", VECTORS["accepted"], ids=lambda case: case["name"])
def test_fields_make_the_source(case: dict[str, Any]) -> None:
    made = make(case)
    seen = {name: getattr(made, name) for name in case["source"]}
    for name in {"event_type", "event_id"} & set(seen):
        seen[name] = str(seen[name])
    if "methods" in seen:
        seen["methods"] = list(seen["methods"])
    assert seen == case["source"]
    assert made.scheme is SCHEMES[case["extra"]["auth_type"]]


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_wrong_fields_are_refused_with_what_to_do(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        make(case)
    assert case["says"] in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize("name", ["a", "github", "shop-2", "my_shop", "0", "a" * 100])
def test_a_source_may_be_called(name: str) -> None:
    assert source(name).name == name


@pytest.mark.parametrize("name", ["", "GitHub", "_a", "-a", "a.b", "a b", "a/b", "é", "a\n", "a" * 101])
def test_a_source_may_not_be_called(name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be a source's name"):
        source(name)


@pytest.mark.parametrize("group", sorted(naming.GROUPS))
def test_a_source_called_like_a_platform_group_needs_another_prefix(group: str) -> None:
    with pytest.raises(ConfigurationError, match="belongs to the platform's events"):
        source(group)
    assert source(group, dag_prefix="other").dag_prefix == "other"


def test_a_source_without_a_prefix_sends_platform_events() -> None:
    found = source(dag_prefix="").candidates(("hr", "onboarding", "created"))
    assert found == (
        "hr.onboarding.created",
        "hr.any.created",
        "any.onboarding.created",
        "any.any.created",
        "shop",
    )


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        (("orders", "paid"), ["shop.orders.paid", "shop"]),
        (("any", "any", "created"), ["shop._x61ny._x61ny.created", "shop"]),
        ((), ["shop"]),
    ],
)
def test_the_catch_all_comes_last(segments: tuple[str, ...], expected: list[str]) -> None:
    assert source().candidates(segments) == tuple(expected)


def test_a_source_called_any_is_no_wildcard() -> None:
    assert source("any").candidates(("push",)) == ("_x61ny.push", "_x61ny")


def test_the_form_offers_exactly_what_is_read() -> None:
    from hookline.protocol.source import _OPTIONS

    assert set(FORM) == _OPTIONS.union(*(scheme.options for scheme in SCHEMES.values()))


def test_the_form_offers_every_scheme() -> None:
    assert set(FORM["auth_type"]["schema"]["enum"]) == set(SCHEMES)


@pytest.mark.parametrize(
    "scheme", [scheme for scheme in SCHEMES.values() if scheme.needs_secret], ids=lambda s: s.name
)
def test_the_representation_shows_no_secret(scheme: Any) -> None:
    secret = SECRETS.get(scheme.name, "s3cret")
    made = source(login="user", password=secret, auth_type=scheme.name, previous_secret=secret)
    assert secret not in repr(made)


def test_the_token_of_a_handshake_is_not_shown() -> None:
    assert "t0ken" not in repr(source(password="x", auth_type="meta", verify_token="t0ken"))


VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.lists(st.text(max_size=5), max_size=2),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
    st.sampled_from(["hmac", "github", "none", "body:length(@)", "header:", "{body}", "{timestamp}{body}"]),
)


@given(
    extra=st.dictionaries(st.sampled_from([*FORM, "other"]), VALUE),
    login=st.none() | st.text(max_size=5),
    password=st.none() | st.text(max_size=5),
)
def test_any_fields_make_a_source_or_a_configuration_error(
    extra: dict[str, Any], login: str | None, password: str | None
) -> None:
    for scheme in [extra.get("auth_type"), *SCHEMES]:
        try:
            made = parse("shop", login, password, {**extra, "auth_type": scheme})
        except ConfigurationError:
            continue
        assert made.scheme.name in SCHEMES
        assert not made.scheme.needs_secret or (password or "").strip()
