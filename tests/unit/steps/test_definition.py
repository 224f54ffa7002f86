"""What a step webhook may be, and what its templates become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hookline.exceptions import ConfigurationError
from hookline.steps import definition, template

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parents[2] / "vectors" / "step_webhooks.json").read_text()
)
DATA = {"a": {"n": 1}, "b": 2.5, "c": [1, 2, 3], "d": "text", "e": "${a}"}


@pytest.mark.parametrize("name", VECTORS["accepted"])
def test_a_definition_survives_its_json(name: str) -> None:
    webhook = definition.parse(VECTORS["accepted"][name])

    assert definition.parse(json.loads(json.dumps(webhook.as_json()))).as_json() == webhook.as_json()


@pytest.mark.parametrize("name", VECTORS["refused"])
def test_what_cannot_be_meant_is_refused_with_what_to_do(name: str) -> None:
    document, reason = VECTORS["refused"][name]

    with pytest.raises(ConfigurationError) as refused:
        definition.parse(document)
    assert reason in str(refused.value)


@pytest.mark.parametrize("name", VECTORS["filled"])
def test_placeholders_become_what_they_find(name: str) -> None:
    given, expected = VECTORS["filled"][name]

    assert template.fill(given, DATA) == expected


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (["${a}"] * 101, "100 are allowed"),
        ("x" * 70_000, "65536 are allowed"),
        (float("nan"), "must be JSON"),
        ({"a": object()}, "must be JSON"),
    ],
    ids=["placeholders", "characters", "NaN", "an object"],
)
def test_a_template_is_bounded(body: Any, reason: str) -> None:
    with pytest.raises(ConfigurationError, match=reason):
        template.check(body, "body")


def test_a_deep_template_is_refused() -> None:
    deep: Any = "x"
    for _ in range(30):
        deep = [deep]
    with pytest.raises(ConfigurationError, match="deeper than 20"):
        template.check(deep, "body")
