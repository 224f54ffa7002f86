"""Python values become JSON, or an error that names the place."""

from __future__ import annotations

import json
from collections import UserDict, UserList
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import pendulum
import pytest

from hookline.exceptions import ConfigurationError
from hookline.http.body import encode

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/http_body.json").read_text())


class Colour(Enum):
    RED = "red"


class Level(IntEnum):
    HIGH = 3


@pytest.mark.parametrize("case", VECTORS["documents"], ids=lambda case: case["name"])
def test_values_become_compact_json(case: dict[str, Any]) -> None:
    content = encode("json", case["value"])
    assert (content.data.decode(), content.media_type) == (case["sent"], "application/json")


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_what_is_not_json_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError) as raised:
        encode("json", case["value"])
    assert case["says"] in str(raised.value)


@pytest.mark.parametrize(
    ("value", "sent"),
    [
        pytest.param(datetime(2024, 5, 1, 12, tzinfo=UTC), '"2024-05-01T12:00:00+00:00"', id="datetime"),
        pytest.param(datetime(2024, 5, 1, 12), '"2024-05-01T12:00:00"', id="datetime without zone"),  # noqa: DTZ001  the case
        pytest.param(
            pendulum.datetime(2024, 5, 1, tz="Europe/Paris"), '"2024-05-01T00:00:00+02:00"', id="pendulum"
        ),
        pytest.param(date(2024, 5, 1), '"2024-05-01"', id="date"),
        pytest.param(time(12, 30), '"12:30:00"', id="time"),
        pytest.param(timedelta(minutes=1), "60.0", id="timedelta"),
        pytest.param(pendulum.duration(minutes=1), "60.0", id="pendulum duration"),
        pytest.param(Decimal("12.50"), '"12.50"', id="decimal keeps its digits"),
        pytest.param(UUID(int=1), '"00000000-0000-0000-0000-000000000001"', id="uuid"),
        pytest.param(Colour.RED, '"red"', id="enum"),
        pytest.param(Level.HIGH, "3", id="int enum"),
        pytest.param((1, 2), "[1,2]", id="tuple"),
        pytest.param(UserDict(a=UserList([1])), '{"a":[1]}', id="other mapping and sequence"),
        pytest.param({1: "a", date(2024, 5, 1): "b"}, '{"1":"a","2024-05-01":"b"}', id="keys"),
    ],
)
def test_python_values_beyond_json(value: Any, sent: str) -> None:
    assert encode("json", [value]).data.decode() == f"[{sent}]"


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "says"),
    [
        pytest.param({"items": [{"price": float("nan")}]}, "body.items[0].price is nan", id="nan"),
        pytest.param([float("-inf")], "body[0] is -inf", id="infinity"),
        pytest.param([Decimal("NaN")], "body[0] is NaN", id="decimal nan"),
        pytest.param({"file": b"s3cret"}, "body.file is bytes", id="bytes"),
        pytest.param({"tags": {"s3cret"}}, "body.tags is a set", id="set"),
        pytest.param(object(), "body is a object", id="object"),
        pytest.param({None: 1}, "body has the key None", id="key null"),
        pytest.param({True: 1}, "body has the key True", id="key true"),
        pytest.param(endless(), "contains itself", id="endless"),
        pytest.param("[" * 100_000, "not a JSON document", id="endless document"),
    ],
)
def test_errors_name_the_place_and_not_the_value(value: Any, says: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        encode("json", value)
    assert says in str(raised.value)
    assert "s3cret" not in str(raised.value)
