"""Whether a call is sent again, as a table."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from hookline.exceptions import NoAnswer
from hookline.http.idempotency import derive
from hookline.http.request import compose
from hookline.http.response import Received
from hookline.http.retry import Again, GiveUp, decide
from hookline.http.target import from_fields

TARGET = from_fields(host="h", extra={"auth_type": "none", "backoff": 2})
KEY = {"idempotency-key": "k"}
BROKEN = NoAnswer("broken")


def decision(
    method: str, outcome: Any, attempt: int = 1, headers: dict[str, str] | None = None, **options: Any
) -> Again | GiveUp:
    return decide(
        replace(TARGET, **options),
        compose(TARGET, method, fields=headers),
        outcome,
        attempt=attempt,
        chance=lambda: 0.5,
        now=lambda: datetime(2026, 11, 24, 12, tzinfo=UTC),
    )


def answered(status: int, after: str | None = None) -> Received:
    return Received(status, {"Retry-After": after} if after else {}, b"")


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 507, 599])
def test_statuses_that_may_change(status: int) -> None:
    assert decision("GET", answered(status)) == Again(1.0)


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 409, 422, 501, 505])
def test_statuses_that_will_not(status: int) -> None:
    assert isinstance(decision("GET", answered(status)), GiveUp)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"])
def test_idempotent_methods(method: str) -> None:
    assert decision(method, BROKEN) == Again(1.0)


@pytest.mark.parametrize("outcome", [BROKEN, NoAnswer("refused"), answered(503), answered(429, "1")])
@pytest.mark.parametrize("method", ["POST", "PATCH", "PURGE"])
def test_other_methods_only_with_a_key(method: str, outcome: Any) -> None:
    assert isinstance(decision(method, outcome), GiveUp)
    assert isinstance(decision(method, outcome, headers=KEY), Again)


def test_what_no_second_attempt_mends() -> None:
    assert isinstance(decision("GET", NoAnswer("no trust", final=True)), GiveUp)


@pytest.mark.parametrize(("attempt", "last"), [(1, 3), (2, 3)])
def test_attempts_up_to_the_last(attempt: int, last: int) -> None:
    assert isinstance(decision("GET", BROKEN, attempt, max_attempts=last), Again)


def test_after_the_last_attempt() -> None:
    assert decision("GET", BROKEN, 3, max_attempts=3) == GiveUp("given up after 3 attempts")


@pytest.mark.parametrize(
    ("after", "seconds"),
    [("120", 120.0), ("120.1", 120.1), ("0", 1.0), ("invalid", 1.0), ("Wed, 21 Oct 2015 07:28:00 GMT", 1.0)],
)
def test_retry_after_is_never_undercut(after: str, seconds: float) -> None:
    assert decision("GET", answered(429, after)) == Again(seconds)


def test_a_wait_longer_than_allowed_is_none() -> None:
    given_up = decision("GET", answered(429, "600"), max_wait=599.0)
    assert isinstance(given_up, GiveUp)
    assert "it asks to wait 600 s" in given_up.reason
    assert given_up.retry_after == 600.0


def test_the_key_of_a_task_is_its_own() -> None:
    tasks = [
        ("d", "r", "t", -1),
        ("d", "r", "t", 0),
        ("d", "r2", "t", -1),
        ("dr", "", "t", -1),
        ("d", "rt", "", -1),
    ]
    assert len({derive(*task) for task in tasks}) == len(tasks)
    assert derive(*tasks[0]) == derive(*tasks[0])
