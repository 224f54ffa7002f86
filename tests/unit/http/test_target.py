"""A Connection's fields become a target, or an error that says what to change."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hookline.exceptions import ConfigurationError
from hookline.http.extras import FIELDS
from hookline.http.target import Target, from_fields

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/http_target.json").read_text())


def make(fields: dict[str, Any]) -> Target:
    return from_fields(**{"host": "api.example.com", **fields})


@pytest.mark.parametrize("case", VECTORS["accepted"], ids=lambda case: case["name"])
def test_fields_make_the_target(case: dict[str, Any]) -> None:
    target = make(case["fields"])
    seen = {name: getattr(target, name) for name in case["target"]}
    for name in {"origin", "rate_limit"} & seen.keys():
        seen[name] = str(seen[name])
    if "allowed_networks" in seen:
        seen["allowed_networks"] = [str(network) for network in seen["allowed_networks"]]
    if "expired_status" in seen:
        seen["expired_status"] = sorted(seen["expired_status"])
    assert seen == case["target"]


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_wrong_fields_are_refused_with_what_to_do(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        make(case["fields"])
    assert case["says"] in str(raised.value)
    assert "s3cret" not in str(raised.value)


def test_the_representation_shows_no_secret() -> None:
    target = make(
        {
            "login": "l0gin",
            "password": "s3cret",
            "extra": {"auth_type": "basic", "headers": {"X-Token": "t0ken"}},
        }
    )
    assert not {word for word in ("l0gin", "s3cret", "t0ken") if word in repr(target)}


def test_every_extra_is_a_field_of_the_target() -> None:
    assert set(FIELDS) <= set(Target.__dataclass_fields__)


def test_secrets_are_known_for_redaction() -> None:
    target = make(
        {
            "login": "a",
            "password": "b:c",
            "extra": {"auth_type": "basic", "headers": {"X-Token": "t", "X-A": "b"}},
        }
    )
    assert target.secrets == {"b:c", "YTpiOmM=", "t"}


def test_a_target_without_authentication_but_with_headers_is_bound_to_its_origin() -> None:
    target = make({"extra": {"auth_type": "none"}})
    assert not target.bound_to_origin
    assert replace(target, headers={"X-Tenant": "a"}).bound_to_origin
