"""Batches, quiet times and turns, as a written table says; what an author may write."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import ConfigurationError
from hookline.protocol import gathering
from hookline.protocol.gathering import Waiting, declared, ready

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "gathering.json").read_text())
CASES = [pytest.param(case, id=f"{how}: {case['name']}") for how, cases in VECTORS.items() for case in cases]
BEGAN = datetime(2026, 9, 21, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def rule(case: dict[str, Any]) -> gathering.Gathering:
    durations = {name: timedelta(seconds=case[name]) for name in ("within", "debounce") if name in case}
    made = declared(batch=case.get("batch"), order=case.get("order"), **durations)
    assert made is not None
    return made


@pytest.mark.parametrize("case", CASES)
def test_the_table(case: dict[str, Any]) -> None:
    size = case.get("size", 0)
    waiting = [Waiting(number, at(moment), size) for number, moment in enumerate(case["arrivals"])]
    groups = ready(rule(case), waiting, at(case["now"]))
    assert [[case["arrivals"][one.number] for one in group] for group in groups] == case["runs"]


def test_the_reference_has_the_table() -> None:
    page = (Path(__file__).parents[3] / "docs/reference/jobs.md").read_text()
    rows = [
        f"| {declaration(case)} | {case['name']} | {listed(case['arrivals'])} | {case['now']} "
        f"| {' · '.join(map(listed, case['runs'])) or 'none'} |"
        for how in ("batch", "debounce")
        for case in VECTORS[how]
    ]
    assert page.endswith("\n".join(["|---|---|---|---|---|", *rows]) + "\n")


def declaration(case: dict[str, Any]) -> str:
    words = {"batch": "batch={}", "debounce": "debounce={} s", "within": "within={} s"}
    words["size"] = "events of {:,} bytes"
    return ", ".join(word.format(case[name]) for name, word in words.items() if name in case)


def listed(moments: list[int]) -> str:
    return " ".join(map(str, moments)) or "none"


@given(
    gaps=st.lists(st.integers(0, 30), max_size=40),
    looks=st.lists(st.integers(0, 700), max_size=10),
    how=st.sampled_from([{"batch": 3, "within": MINUTE / 6}, {"debounce": MINUTE / 6}]),
)
def test_it_does_not_matter_when_somebody_looks(
    gaps: list[int], looks: list[int], how: dict[str, Any]
) -> None:
    made = declared(**how)
    assert made is not None
    arrivals, moment = [], 0
    for gap in gaps:
        moment += gap
        arrivals.append(moment)
    everybody = [Waiting(number, at(moment)) for number, moment in enumerate(arrivals)]
    at_the_end = ready(made, everybody, at(10_000))
    step_by_step: list[tuple[Waiting, ...]] = []
    gone: set[int] = set()
    for look in sorted({*looks, *arrivals, 10_000}):
        there = [one for one in everybody if one.arrived <= at(look) and one.number not in gone]
        for group in ready(made, there, at(look)):
            step_by_step.append(group)
            gone |= {one.number for one in group}
    assert step_by_step == at_the_end
    assert [one for group in at_the_end for one in group] == everybody
    assert all(before[-1].number < after[0].number for before, after in pairwise(at_the_end))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"batch": 2}, "batch needs within"),
        ({"batch": 1, "within": MINUTE}, "2 to 1000 events"),
        ({"batch": 1001, "within": MINUTE}, "2 to 1000 events"),
        ({"batch": True, "within": MINUTE}, "2 to 1000 events"),
        ({"batch": 2, "within": 60}, "write a timedelta"),
        ({"batch": 2, "within": timedelta(0)}, "write a timedelta"),
        ({"batch": 2, "within": timedelta(days=8)}, "write a timedelta"),
        ({"debounce": 5}, "write a timedelta"),
        ({"debounce": MINUTE, "within": MINUTE / 2}, "cannot be shorter"),
        ({"debounce": MINUTE, "key": "data["}, "key: .* is not JMESPath"),
        ({"debounce": MINUTE, "key": ""}, "key is a JMESPath"),
        ({"order": "subject", "key": "data.id"}, "order is the key itself"),
        ({"order": 3}, "order is a JMESPath"),
        ({"batch": 2, "within": MINUTE, "order": "subject"}, "batch and order do not go together"),
        ({"within": MINUTE}, "within needs"),
        ({"key": "data.id"}, "key needs"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        declared(**options)


def test_nothing_written_is_nothing_gathered() -> None:
    assert declared() is None


@pytest.mark.parametrize(
    ("event", "key"),
    [
        ({"data": {"id": "x"}}, "x"),
        ({"data": {"id": 7}}, "7"),
        ({"data": {"id": [1, {"b": 2, "a": 1}]}}, '[1, {"a": 1, "b": 2}]'),
        ({"data": {"id": False}}, "false"),
        ({"data": {"id": ""}}, ""),
        ({"data": []}, None),
        ({}, None),
    ],
    ids=str,
)
def test_the_key_is_what_the_expression_finds(event: dict[str, Any], key: str | None) -> None:
    debounced = declared(debounce=MINUTE, key="data.id")
    ordered = declared(order="data.id")
    assert debounced is not None
    assert ordered is not None
    assert debounced.key_of(event) == key
    assert ordered.key_of(event) == (key or "")


@pytest.mark.parametrize("found", ["x" * 201, "a\0b", "a\nb", "\ud83d"])
def test_a_key_that_no_database_takes_is_its_digest(found: str) -> None:
    made = declared(order="data")
    assert made is not None
    key = made.key_of({"data": found})
    assert key is not None
    assert key.startswith("sha256-")
    assert len(key) == 71


def test_without_a_key_all_are_gathered_together() -> None:
    made = declared(batch=2, within=MINUTE)
    assert made is not None
    assert made.key_of({"data": {"id": 1}}) == ""
