"""What a source asks before it reads, and what cannot be asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hookline.exceptions import ConfigurationError
from hookline.protocol import networks
from tests.unit.protocol.requests import source

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "guards.json").read_text())


@pytest.mark.parametrize("case", VECTORS["accepted"], ids=lambda case: case["name"])
def test_extras_make_the_guard(case: dict[str, Any]) -> None:
    guard = source(**case["extra"]).guard

    seen = {} if guard is None else {
        "networks": [str(network) for network in guard.networks],
        "origins": sorted(guard.origins),
        "rates": [repr(rate) for rate in guard.rates],
    }  # fmt: skip
    assert {name: value for name, value in seen.items() if value} == {
        name: value for name, value in case.items() if name not in ("name", "extra")
    }


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_what_cannot_be_meant_closes_the_source(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        source(**case["extra"])

    assert case["says"] in str(raised.value)


@pytest.mark.parametrize(
    ("text", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("", ""),
        ("unix:", ""),
        ("1" * 100_000, ""),
    ],
)
def test_a_client_is_what_it_can_hardly_change(text: str, group: str) -> None:
    assert networks.group(text) == group
