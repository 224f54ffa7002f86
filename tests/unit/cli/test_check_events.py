"""What ``doctor`` says of events that wait for Dags."""

from __future__ import annotations

import pytest

from hookline.cli import check_events
from hookline.cli.finding import Level
from tests.unit.dispatch import event_dags
from tests.unit.dispatch.dispatching import Dispatching, send


@pytest.fixture(autouse=True)
def dispatcher(metadata: str) -> Dispatching:
    event_dags.empty()
    return Dispatching()


def found(subject: str) -> list[tuple[Level, str]]:
    return [(one.level, one.finding) for one in check_events.findings() if one.subject == subject]


def test_dags_that_claim_one_event_are_named_before_an_event_comes() -> None:
    event_dags.write("shop.paid")
    event_dags.write("shop.paid", also=True, dag_id="loyalty")
    [(level, finding)] = found("claims")
    assert level is Level.FAIL
    assert "shop.paid.py" in finding
    assert "loyalty.py" in finding


def test_dags_that_share_an_event_are_no_finding() -> None:
    event_dags.write("shop.paid", also=True)
    event_dags.write("shop.paid", also=True, dag_id="loyalty")
    assert found("claims") == []


def test_held_jobs_name_the_dags_that_they_wait_for(dispatcher: Dispatching) -> None:
    event_dags.write("shop.paid")
    event_dags.pause("shop.paid")
    send("1")
    dispatcher.all()
    [(level, finding)] = found("held jobs")
    assert (level, "shop.paid" in finding) == (Level.WARN, True)
