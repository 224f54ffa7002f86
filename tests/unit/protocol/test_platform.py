"""Platform events follow the tree; `any` stands in for slugs, most specific first."""

from __future__ import annotations

import pytest
from airflow.sdk.definitions._internal.node import validate_key
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import NamingError
from hookline.protocol import naming, platform
from tests.unit.protocol.requests import source

SLUG = st.one_of(
    st.sampled_from(
        [
            "any",
            "users",
            "teams",
            "submissions",
            "datastore_forms",
            "slug",
            "_x41",
            "_x61ny",
            "created",
            "_x75sers",
            "a.b",
            "a",
            "b",
            "Users",
            "ANY",
            ".",
            "..",
            "a/b",
            "é",
        ]
    ),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=6),
)
VERB = st.sampled_from(["created", "updated", "deleted", "submitted", "any", "Created"])
SEGMENTS = st.one_of(
    st.tuples(st.sampled_from(["users", "teams"]), VERB),
    st.tuples(st.sampled_from(["datastore_forms", "datastore_submissions"]), SLUG, VERB),
    st.tuples(st.just("submissions"), SLUG, SLUG, VERB),
    st.tuples(SLUG, SLUG, VERB),
    st.lists(SLUG, min_size=1, max_size=5).map(tuple),
).filter(lambda segments: sum(len(naming.escape(segment)) + 1 for segment in segments) < 230)
"""Short enough for a dag id; what is not is refused (``test_naming.py``)."""

ORDER = {
    "a user": (("users", "created"), ["users.created"]),
    "a team": (("teams", "deleted"), ["teams.deleted"]),
    "a datastore form": (
        ("datastore_forms", "cars", "updated"),
        ["datastore_forms.cars.updated", "datastore_forms.any.updated"],
    ),
    "a datastore submission": (
        ("datastore_submissions", "cars", "submitted"),
        ["datastore_submissions.cars.submitted", "datastore_submissions.any.submitted"],
    ),
    "a form": (
        ("hr", "onboarding", "created"),
        ["hr.onboarding.created", "hr.any.created", "any.onboarding.created", "any.any.created"],
    ),
    "a submission": (
        ("submissions", "hr", "onboarding", "submitted"),
        [
            "submissions.hr.onboarding.submitted",
            "submissions.hr.any.submitted",
            "submissions.any.onboarding.submitted",
            "submissions.any.any.submitted",
        ],
    ),
    "a kapp called like a group": (
        ("users", "onboarding", "created"),
        ["_x75sers.onboarding.created", "_x75sers.any.created", "any.onboarding.created", "any.any.created"],
    ),
    "slugs called any": (
        ("any", "any", "created"),
        ["_x61ny._x61ny.created", "_x61ny.any.created", "any._x61ny.created", "any.any.created"],
    ),
    "a verb the tree does not have": (("hr", "onboarding", "deleted"), ["hr.onboarding.deleted"]),
    "a path the tree does not have": (("hr", "a", "b", "created"), ["hr.a.b.created"]),
    "a single segment": (("users",), ["users"]),
}


@pytest.mark.parametrize(("segments", "expected"), ORDER.values(), ids=ORDER)
def test_candidates_are_in_this_order(segments: tuple[str, ...], expected: list[str]) -> None:
    assert platform.candidates(segments) == expected


@given(one=SEGMENTS, other=SEGMENTS)
def test_two_platform_events_never_share_an_exact_dag_id(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    exact = {platform.candidates(one)[0], platform.candidates(other)[0]}
    assert len(exact) == len({one, other})


@given(one=SEGMENTS, other=SEGMENTS)
def test_a_wildcard_is_never_another_events_exact_dag_id(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    assert platform.candidates(one)[0] not in platform.candidates(other)[1:]


@given(one=SEGMENTS, other=SEGMENTS, prefix=st.sampled_from(["shop", "any", "a_x41", "x-y"]))
def test_two_events_of_a_source_never_share_an_exact_dag_id(
    one: tuple[str, ...], other: tuple[str, ...], prefix: str
) -> None:
    shop = source(dag_prefix=prefix)
    assert len({shop.candidates(one)[0], shop.candidates(other)[0]}) == len({one, other})


@given(segments=SEGMENTS, prefix=st.sampled_from(["", "shop", "any"]))
def test_every_candidate_is_a_dag_id_that_airflow_takes(segments: tuple[str, ...], prefix: str) -> None:
    for dag_id in source(dag_prefix=prefix).candidates(segments):
        validate_key(dag_id)
        assert dag_id.isascii()
        assert ".." not in dag_id


@given(segments=SEGMENTS, prefix=st.sampled_from(["", "shop", "any"]))
def test_every_candidate_may_be_the_name_of_an_event_dag(segments: tuple[str, ...], prefix: str) -> None:
    for dag_id in source(dag_prefix=prefix).candidates(segments):
        assert platform.check(dag_id) == dag_id


@given(name=st.lists(SLUG | VERB, min_size=1, max_size=5).map(".".join))
def test_a_name_that_is_checked_is_a_candidate_of_the_event_it_reads_as(name: str) -> None:
    try:
        platform.check(name)
    except NamingError:
        return
    segments = ["slug" if segment is None else segment for segment in naming.split(name)]
    assert name in platform.candidates(segments)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("github.Push", "`_x50ush`"),
        ("Github.push", "`_x47ithub`"),
        ("", "without a name"),
        (".", "not how an event name is written"),
        ("github.", "not how an event name is written"),
        ("github..push", "not how an event name is written"),
        ("github/push", "`github_x2Fpush`"),
        ("github push", "`github_x20push`"),
        ("any", "stands for slugs of platform events only"),
        ("github.any", "stands for slugs of platform events only"),
        ("users.any", "stands for slugs of platform events only"),
        ("any.onboarding.deleted", "stands for slugs of platform events only"),
        ("users.onboarding.created", "`_x75sers.onboarding.created`"),
        ("_x75sers.created", "`users.created`"),
        ("_x68r.onboarding.created", "`_x5Fx68r`"),
        ("a" * 251, "251 characters"),
    ],
)
def test_a_name_no_event_has_is_refused_with_what_is_wrong(name: str, says: str) -> None:
    with pytest.raises(NamingError) as raised:
        platform.check(name)
    assert says in str(raised.value)
