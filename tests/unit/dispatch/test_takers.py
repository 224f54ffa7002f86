"""Which Dags take an event that has not come yet: as those that come are routed."""

from __future__ import annotations

import pytest

from hookline.dispatch import takers
from hookline.protocol.mark import Mark
from hookline.protocol.subscription import Subscription

PUSH, ALL, TREE, ALSO = (
    Mark("github.push", event="github.push"),
    Mark("github", event="github"),
    Mark("platform", event="platform"),
    Mark("audit", event="github.push", also=True),
)
SOME = Mark("some", subscription=Subscription("github", ("pu*",), "data.forced"))
EVERY = Mark("every", subscription=Subscription("platform"))
UPPER = Mark("_x53hop", event="_x53hop")
PREFIXES = {"github": "github", "platform": "", "north": "github"}
NORTH = Mark("north", event="north")

CASES: dict[str, tuple[str, list[Mark], list[tuple[str, str]]]] = {
    "nobody": ("github.push", [], []),
    "its name": ("github.push", [PUSH], [("github.push", "name")]),
    "its name before the catch-all": ("github.push", [ALL, PUSH], [("github.push", "name")]),
    "a claim beside its name": ("github.push", [PUSH, ALSO], [("github.push", "name"), ("audit", "claim")]),
    "a claim alone": ("github.push", [ALSO, ALL], [("audit", "claim")]),
    "the catch-all": ("github.star", [ALL, PUSH, ALSO], [("github", "catch-all")]),
    "that of a source with the same prefix": ("github.push", [NORTH], [("north", "catch-all")]),
    "no other source's": ("stripe.invoice.paid", [ALL, TREE, UPPER], [("platform", "catch-all")]),
    "that of the platform": ("users.created", [ALL, TREE], [("platform", "catch-all")]),
    "whatever the slugs": ("datastore_forms.any.created", [TREE], [("platform", "catch-all")]),
    "a subscription of this type": ("github.push", [SOME], [("some", "subscription")]),
    "beside its name": ("github.push", [PUSH, SOME], [("github.push", "name"), ("some", "subscription")]),
    "beside the catch-all": ("github.push", [SOME, ALL], [("github", "catch-all"), ("some", "subscription")]),
    "not one of another type": ("github.star", [SOME, EVERY], [("every", "subscription")]),
}


@pytest.mark.parametrize(("name", "marks", "expected"), CASES.values(), ids=CASES)
def test_who_takes_an_event(name: str, marks: list[Mark], expected: list[tuple[str, str]]) -> None:
    assert [(one.dag_id, one.how) for one in takers.of(name, marks, PREFIXES)] == expected


def test_a_subscription_says_whose_events_and_on_which_condition() -> None:
    [one] = takers.of("github.push", [SOME], PREFIXES)

    assert (one.source, one.when) == ("github", "data.forced")


def test_the_sources_that_matter_are_those_that_dags_name() -> None:
    assert takers.named([PUSH, ALL, ALSO, EVERY]) == {"github", "platform"}
