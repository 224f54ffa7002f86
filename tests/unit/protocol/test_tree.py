"""Tree paths and dag ids of the platform's events say the same, one-to-one."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from airflow.sdk.definitions._internal.node import validate_key
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import NamingError
from hookline.protocol import naming, platform, tree
from hookline.protocol.platform import SLUG, TREE
from hookline.protocol.tree import Place
from tests.unit.protocol.requests import source

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/tree_paths.json").read_text(encoding="utf-8"))

TRICKY = st.sampled_from(
    [
        " ",
        "[",
        "]",
        "]]",
        " > ",
        ">",
        ".",
        "..",
        "/",
        "any",
        "users",
        "datastore_forms",
        "_x41",
        "_x",
        "A",
        "é",
        "\0",
        "*",
    ]
)
SLUGS = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
    st.lists(TRICKY, min_size=1, max_size=3).map("".join),
)
OPTIONAL = st.none() | SLUGS


@st.composite
def places(draw: st.DrawFn, slugs: st.SearchStrategy[str | None] = OPTIONAL) -> Place:
    """Draw a place in the tree that some event has: its path, as segments, is on its own branch."""
    branch, verbs = draw(st.sampled_from(TREE))
    segments = [draw(slugs) if name == SLUG else name for name in branch]
    made = Place(branch, (*segments, draw(st.sampled_from(sorted(verbs)))))
    return made if platform.branch_of(made.segments) == branch else draw(places(slugs))


SHORT = places().filter(lambda place: len(".".join(platform.parts(place.branch, place.segments))) <= 250)


@pytest.mark.parametrize("case", VECTORS["paths"], ids=lambda case: case["path"])
def test_a_path_is_a_dag_id_and_a_title(case: dict[str, str]) -> None:
    place = tree.parse(case["path"])
    assert (place.dag_id, place.title) == (case["dag_id"], case["title"])
    assert tree.find(case["dag_id"]) == place
    assert place.path == case["path"]


@pytest.mark.parametrize("case", VECTORS["mistakes"], ids=lambda case: case["path"])
def test_a_path_that_the_tree_does_not_have_is_refused_with_the_nearest(case: dict[str, str]) -> None:
    with pytest.raises(NamingError) as raised:
        tree.parse(case["path"])
    assert str(raised.value).endswith(f"did you mean `{case['nearest']}`?")
    assert tree.parse(case["nearest"]).path == case["nearest"]


@pytest.mark.parametrize("case", VECTORS["dag_ids"], ids=lambda case: case["dag_id"])
def test_a_dag_id_that_a_group_does_not_have_is_refused_with_the_nearest(case: dict[str, str]) -> None:
    with pytest.raises(NamingError) as raised:
        tree.require(case["dag_id"])
    assert str(raised.value).endswith(f"did you mean `{case['nearest']}`?")
    tree.require(case["nearest"])


@pytest.mark.parametrize("case", VECTORS["near"], ids=lambda case: case["dag_id"] or "nothing")
def test_a_dag_id_that_any_source_may_have_is_compared(case: dict[str, str | None]) -> None:
    assert tree.near(str(case["dag_id"])) == case["nearest"]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("[] > [a] > Created", "empty part"),
        ("[hr > [a] > Created", "did you mean"),
        ("[hr] x > [a] > Created", "is no tree path"),
        ("[hr > a", "is no tree path"),
        ("hr] > [a] > Created", "is no tree path"),
        ("[\ud800] > [a] > Created", "lone surrogate"),
        (f"[{'a' * 250}] > [a] > Created", "260 characters"),
    ],
    ids=["empty", "half a slug", "more than a slug", "not closed", "not opened", "a surrogate", "too long"],
)
def test_what_is_no_path_is_refused(path: str, says: str) -> None:
    with pytest.raises(NamingError, match=says):
        tree.parse(path)


@given(place=SHORT)
def test_a_path_says_the_dag_id_and_a_dag_id_the_path(place: Place) -> None:
    assert tree.parse(place.path) == place
    assert tree.find(place.dag_id) == place
    tree.require(place.dag_id)


@given(one=SHORT, other=SHORT)
def test_two_events_share_neither_dag_id_nor_path(one: Place, other: Place) -> None:
    different = len({one, other})
    assert len({one.dag_id, other.dag_id}) == different
    assert len({one.path, other.path}) == different


@given(place=SHORT)
def test_a_dag_id_is_one_that_airflow_takes(place: Place) -> None:
    validate_key(place.dag_id)
    assert platform.check(place.dag_id) == place.dag_id


@given(place=places(SLUGS))
def test_an_event_sent_to_a_path_runs_the_dag_of_the_path(place: Place) -> None:
    segments = tuple(str(segment) for segment in place.segments)
    try:
        sent = source("platform", dag_prefix="").candidates(segments)
    except NamingError:
        with pytest.raises(NamingError, match="characters"):
            tree.parse(place.path)
        return
    assert sent[0] == place.dag_id
    assert place.pattern in sent


@given(text=st.text(alphabet="[]> aUsersCreatd", max_size=40))
def test_whatever_is_written_is_a_place_or_refused(text: str) -> None:
    try:
        place = tree.parse(text)
    except NamingError:
        return
    assert tree.parse(place.path) == place


@given(name=st.text(alphabet=".usercatdny_x5E", max_size=30))
def test_whatever_is_asked_for_has_a_near_place_or_none(name: str) -> None:
    nearest = tree.near(name)
    assert nearest is None or tree.find(nearest) is not None


@pytest.mark.parametrize("piece", [" ", "[", "]", "[]", ">", "[a]", "a "], ids=repr)
def test_a_long_path_is_refused_at_once(piece: str) -> None:
    started = time.perf_counter()
    with pytest.raises(NamingError):
        tree.parse(piece * 5000 + "[")
    assert time.perf_counter() - started < 1


def test_what_would_be_too_long_a_dag_id_is_not_proposed() -> None:
    assert tree.near(f"datastore_form.{'a' * 226}.created") == f"datastore_forms.{'a' * 226}.created"
    assert tree.near(f"datastore_form.{'a' * 227}.created") is None


def test_only_a_kapp_s_form_may_be_another_source_s_event() -> None:
    names = [
        "users.created",
        "hr.any.created",
        "any.form.updated",
        "_x75sers.form.created",
        "hr.form.created",
    ]
    assert [tree.find(name).certain for name in names] == [True, True, True, True, False]


def test_what_is_no_platform_event_has_no_place() -> None:
    for name in ("github.push", "users.onboarding.created", "shop.order.paid", "users.craeted"):
        assert tree.find(name) is None
    assert {place[0] for place, _verbs in TREE if place[0] != SLUG} == naming.GROUPS
