"""A dag id says exactly one event, and every event has exactly one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import NamingError
from hookline.protocol import naming

TEXT = st.text(st.characters(codec="utf-8"), min_size=1)
# Pieces that the rule itself could trip over, so that their combinations are tried too.
TRICKY = st.lists(
    st.sampled_from(
        ["_", "x", "4", "1", "5F", "_x41", "_x5F", "_x", "A", "any", ".", "é", "\0", "/", "-", "users"]
    ),
    min_size=1,
).map("".join)
RESERVED = st.sampled_from([frozenset({naming.ANY}), naming.GROUPS | {naming.ANY}])


@pytest.mark.parametrize(
    ("segment", "part"),
    [
        ("created", "created"),
        ("pull_request", "pull_request"),
        ("e-mail", "e-mail"),
        ("Push", "_x50ush"),
        ("issues.opened", "issues_x2Eopened"),
        ("any", "_x61ny"),
        ("anyone", "anyone"),
        ("ANY", "_x41_x4E_x59"),
        ("_x41", "_x5Fx41"),
        ("_x4", "_x4"),
        ("_xyz", "_xyz"),
        ("_xc3", "_xc3"),
        ("é", "_xC3_xA9"),
        ("a b", "a_x20b"),
        ("a/b", "a_x2Fb"),
        ("..", "_x2E_x2E"),
        ("\0", "_x00"),
        ("users", "users"),
    ],
)
def test_a_segment_stands_in_a_dag_id_as(segment: str, part: str) -> None:
    assert naming.escape(segment) == part
    assert naming.unescape(part) == segment


def test_a_reserved_word_is_escaped_in_its_first_letter() -> None:
    assert naming.escape("users", reserved=naming.GROUPS) == "_x75sers"


@given(segment=TEXT | TRICKY, reserved=RESERVED)
def test_escaping_is_undone_exactly(segment: str, reserved: frozenset[str]) -> None:
    assert naming.unescape(naming.escape(segment, reserved=reserved), reserved=reserved) == segment


@given(one=TRICKY, other=TRICKY, reserved=RESERVED)
def test_two_segments_never_look_the_same(one: str, other: str, reserved: frozenset[str]) -> None:
    parts = {naming.escape(one, reserved=reserved), naming.escape(other, reserved=reserved)}
    assert len(parts) == len({one, other})


@given(text=TEXT | TRICKY)
def test_unescaping_accepts_only_what_escaping_makes(text: str) -> None:
    try:
        segment = naming.unescape(text)
    except NamingError:
        return
    assert naming.escape(segment) == text


@given(segment=TEXT | TRICKY)
def test_a_part_has_no_dot_and_is_never_the_wildcard(segment: str) -> None:
    part = naming.escape(segment)
    assert re.fullmatch(r"[\w-]+", part, re.ASCII)
    assert part != naming.ANY


@pytest.mark.parametrize(
    "part",
    ["", "Push", "_x61", "_x50USH", "_xFF", "_xC3", "any", "é", "a.b", "_x5Fx4", "_x41_xED_xA0_x80", "☃"],
)
def test_what_escaping_never_makes_is_refused(part: str) -> None:
    with pytest.raises(NamingError):
        naming.unescape(part)


@pytest.mark.parametrize(
    "segment", ["", "\ud800", "a\udfffb"], ids=["empty", "surrogate", "surrogate inside"]
)
def test_what_is_no_text_is_refused(segment: str) -> None:
    with pytest.raises(NamingError):
        naming.escape(segment)


@pytest.mark.parametrize(
    ("prefix", "segments", "expected"),
    [
        ("github", ("push",), "github.push"),
        ("github", ("issues", "opened"), "github.issues.opened"),
        ("", ("users", "created"), "users.created"),
        ("any", ("push",), "_x61ny.push"),
        ("github", ("any",), "github._x61ny"),
        ("a_x41", ("push",), "a_x5Fx41.push"),
    ],
)
def test_a_dag_id_is_the_prefix_and_the_segments(
    prefix: str, segments: tuple[str, ...], expected: str
) -> None:
    assert naming.dag_id(prefix, segments) == expected


def test_a_dag_id_has_at_most_the_250_characters_airflow_takes() -> None:
    assert len(naming.dag_id("github", ("a" * 243,))) == 250
    with pytest.raises(NamingError, match="251 characters"):
        naming.dag_id("github", ("a" * 244,))
    with pytest.raises(NamingError, match="characters"):
        naming.dag_id("github", ("É" * 50,))


def test_no_parts_make_no_dag_id() -> None:
    with pytest.raises(NamingError):
        naming.dag_id("", ())
