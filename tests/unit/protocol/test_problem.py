"""Refusals as RFC 9457 writes them."""

from __future__ import annotations

import json

import pytest

from hookline.protocol import problem
from hookline.protocol.problem import Problem, Rejected

PROBLEMS = [value for value in vars(problem).values() if isinstance(value, Problem)]

STABLE = {
    "malformed": 400,
    "unauthenticated": 401,
    "address-not-allowed": 403,
    "origin-not-allowed": 403,
    "no-form": 404,
    "link-invalid": 404,
    "link-spent": 410,
    "unknown-source": 404,
    "method-not-allowed": 405,
    "request-timeout": 408,
    "too-large": 413,
    "headers-too-large": 431,
    "unsupported-media-type": 415,
    "unprocessable": 422,
    "too-many-requests": 429,
    "form-refused": 422,
    "run-failed": 500,
    "not-started": 500,
    "internal": 500,
    "no-page": 503,
    "source-closed": 503,
    "unavailable": 503,
}


def test_types_and_their_statuses_are_stable() -> None:
    assert {kind.slug: kind.status for kind in PROBLEMS} == STABLE


@pytest.mark.parametrize("kind", PROBLEMS, ids=lambda kind: kind.slug)
def test_the_body_has_the_members_of_rfc_9457(kind: Problem) -> None:
    body = Rejected(kind, "What the sender may know.", reason="What the operator may know.").body()
    assert body == {
        "type": f"urn:hookline:problem:{kind.slug}",
        "title": kind.title,
        "status": kind.status,
        "detail": "What the sender may know.",
    }


def test_the_operator_s_reason_is_not_in_the_body() -> None:
    rejected = Rejected(problem.MALFORMED, "detail", reason="reason")
    assert "reason" not in json.dumps(rejected.body())
    assert str(rejected) == rejected.reason == "reason"


def test_without_a_reason_the_detail_is_it() -> None:
    assert Rejected(problem.MALFORMED, "detail").reason == "detail"
