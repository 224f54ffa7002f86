"""The record on the command line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.unit.dispatch import event_dags
from tests.unit.dispatch.dispatching import Dispatching, job, send

Hookline = Callable[..., Any]


@pytest.fixture(scope="module", autouse=True)
def _recorded(metadata: str) -> Iterator[None]:
    event_dags.empty()
    event_dags.write("shop.paid")
    event_dags.write("audit", source="shop", when="data.total > `10`")
    for number in range(3):
        send(f"event-{number}", {"total": 10 * number, "city": f"town {number}"})
    send("lost", name="shop.payd")
    Dispatching().all()
    event_dags.pause("audit")
    send("later", {"total": 11})
    Dispatching().all()
    yield
    event_dags.empty()


def listed(hookline: Hookline, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, str]]:
    hookline("jobs", "list", "--output", "json", *arguments)
    return [(row["event_id"], row["target"]) for row in json.loads(capsys.readouterr().out)]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (["--dag", "audit"], [("later", "audit"), ("event-2", "audit")]),
        (["--state", "held"], [("later", "audit")]),
        (["--text", "town 2", "--dag", "audit"], [("event-2", "audit")]),
        (["--limit", "1"], [("later", "audit")]),
        (["--source", "nobody"], []),
        (["--type", "refunded"], []),
        (["--kind", "manual"], []),
        (["--until", "2020-01-01"], []),
        (["--since", "2020-01-01T00:00+00:00", "--state", "held"], [("later", "audit")]),
    ],
    ids=str,
)
def test_jobs_are_listed_as_asked(
    hookline: Hookline,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    found: list[tuple[str, str]],
) -> None:
    assert listed(hookline, capsys, *arguments) == found


def test_a_page_says_where_the_next_begins(hookline: Hookline, capsys: pytest.CaptureFixture[str]) -> None:
    hookline("jobs", "list", "--limit", "2")
    last = job("later", "shop.paid").seq
    assert f"More: --before {last}" in capsys.readouterr().out
    assert listed(hookline, capsys, "--before", str(last))[0] == ("event-2", "audit")


def test_one_job_is_shown_with_its_event(hookline: Hookline, capsys: pytest.CaptureFixture[str]) -> None:
    hookline("jobs", "show", str(job("event-2", "audit").seq))
    shown = json.loads(capsys.readouterr().out)
    assert (shown["state"], shown["run_id"]) == ("done", "webhook__shop__event-2")
    assert (shown["url"], shown["event"]["data"]["total"]) == ("/hooks/in/shop/paid", 20)


def test_a_job_that_is_not_there_is_said_to_be_none(hookline: Hookline) -> None:
    with pytest.raises(SystemExit, match="No job 99999"):
        hookline("jobs", "show", "99999")


@pytest.mark.parametrize("limit", ["0", "10001"])
def test_a_limit_has_limits(hookline: Hookline, limit: str) -> None:
    with pytest.raises(SystemExit, match="1 to 10000"):
        hookline("jobs", "list", "--limit", limit)


@pytest.mark.parametrize(
    "command", [["list", "--state", "held", "--output", "json"], ["show", "lost"]], ids=str
)
def test_a_held_event_names_the_nearest_dag(
    hookline: Hookline, capsys: pytest.CaptureFixture[str], command: list[str]
) -> None:
    hookline("events", *command)
    assert "The nearest is called `shop.paid`." in capsys.readouterr().out
