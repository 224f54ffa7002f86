"""Which addresses are public, and which others are allowed."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import EgressRefused
from hookline.http.egress import allowed, checked, literal, require_name
from hookline.http.extras.check import networks

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/egress.json").read_text())


@pytest.mark.parametrize("address", VECTORS["public"])
def test_public_addresses_may_be_called(address: str) -> None:
    assert allowed(ipaddress.ip_address(address), ())


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_other_addresses_may_not(case: dict[str, Any]) -> None:
    assert not allowed(ipaddress.ip_address(case["address"]), ())


@pytest.mark.parametrize("case", VECTORS["allowed"], ids=lambda case: case["name"])
def test_other_addresses_can_be_allowed(case: dict[str, Any]) -> None:
    assert allowed(ipaddress.ip_address(case["address"]), networks(case["networks"]))


@pytest.mark.parametrize("case", VECTORS["not_allowed"], ids=lambda case: case["name"])
def test_a_network_allows_no_other(case: dict[str, Any]) -> None:
    assert not allowed(ipaddress.ip_address(case["address"]), networks(case["networks"]))


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: Any) -> None:
    if address.is_private or address.is_loopback or address.is_link_local or address.is_multicast:
        embedded = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
        assert not allowed(address, ()) or (embedded and embedded.is_global)


def test_a_name_with_both_kinds_of_address_is_refused() -> None:
    with pytest.raises(EgressRefused, match=r"twofold\.example \(10\.0\.0\.1\) is not a public address"):
        checked("twofold.example", ["1.1.1.1", "10.0.0.1"], ())


def test_the_message_says_what_to_do() -> None:
    with pytest.raises(EgressRefused, match=r"set allowed_networks of the Connection .* to 127\.0\.0\.1/32$"):
        checked("127.0.0.1", ["127.0.0.1"], ())


def test_a_zone_is_no_way_around() -> None:
    with pytest.raises(EgressRefused):
        checked("router", ["fe80::1%eth0"], ())


@pytest.mark.parametrize("case", VECTORS["literals"], ids=lambda case: case["name"])
def test_every_notation_of_an_address_is_known(case: dict[str, Any]) -> None:
    assert literal(case["host"]) == case["address"]


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST.", "db.localhost", "127.1", "2130706433", "::1"])
def test_what_a_proxy_would_look_up_is_judged_by_name(host: str) -> None:
    with pytest.raises(EgressRefused):
        require_name(host, ())


def test_other_names_are_the_proxy_s_affair() -> None:
    require_name("intranet.example", ())
