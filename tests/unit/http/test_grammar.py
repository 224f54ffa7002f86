"""What has a grammar, for any input: read as it was written, and no exception, whatever comes."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import UnexpectedAnswer, UnreadableAnswer
from hookline.hooks.saving import MAX_NAME_BYTES, _name
from hookline.http import links
from hookline.http.answer import table
from hookline.http.headers import redacted
from hookline.http.response import Received, read
from hookline.http.select import select
from hookline.http.url import build, split, without_parameter
from hookline.protocol import retry_after

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
HEADER = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\x7f"), max_size=200
)

# Link (RFC 8288)

QUOTED = st.text(st.sampled_from('ab ;,<>="\\'), max_size=10)
LINK = st.tuples(
    st.text(st.sampled_from("abc/?&=,;%20"), max_size=10),
    st.lists(st.tuples(st.sampled_from(["title", "type", "anchor"]), QUOTED), max_size=3),
    st.sampled_from(["next", "prev", "last", "first next", "NEXT"]),
    st.booleans(),
)


def written(link: Any) -> str:
    address, parameters, relation, quoted = link
    shown = [f'{name}="{escaped(value)}"' for name, value in parameters]
    shown.append(f'rel="{relation}"' if quoted or " " in relation else f"rel={relation}")
    return "; ".join([f"<{address}>", *shown])


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@given(st.lists(LINK, max_size=5))
def test_the_first_link_of_a_relation_is_found(given_links: list[Any]) -> None:
    wanted = [link[0] for link in given_links if "next" in link[2].lower().split()]

    assert links.target(", ".join(map(written, given_links)), "next") == (wanted[0] if wanted else None)


@given(HEADER)
def test_any_link_header_is_read(header: str) -> None:
    found = links.target(header, "next")
    assert found is None or found in header


@pytest.mark.parametrize(
    "header",
    ["<" * 60_000, "<a>;" * 20_000, '<a>;a="' + '\\"' * 30_000, "<a>" + ";a=b" * 9999 + '"',
     "<a>;" + " " * 60_000,
     "<a>;a" + " " * 60_000, '<a>;""' + '"x"' * 20_000 + '"'],
    ids=["open", "many", "escapes", "parameters", "spaces", "more spaces", "quotes"],
)  # fmt: skip
@pytest.mark.timeout(5)
def test_a_hostile_link_header_takes_no_time(header: str) -> None:
    assert links.target(header, "next") is None


# Retry-After (RFC 9110)


@given(st.integers(0, 10**8))
def test_seconds_are_read(seconds: int) -> None:
    assert retry_after.parse(str(seconds), NOW) == seconds


@given(st.datetimes(datetime(1971, 1, 1), datetime(2500, 1, 1)))  # noqa: DTZ001  made UTC below
def test_dates_are_read(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    wanted = max(0.0, (moment - NOW) / timedelta(seconds=1))
    assert retry_after.parse(format_datetime(moment, usegmt=True), NOW) == wanted


@given(
    st.one_of(
        HEADER, st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,12} [A-Z][a-z]{2} [0-9]{1,12} [0-9:]{1,9} [+-]?\w+")
    )
)
def test_any_retry_after_is_read(value: str) -> None:
    seconds = retry_after.parse(value, NOW)
    assert seconds is None or seconds >= 0


# Queries

VALUES = st.one_of(TEXT, st.integers(), st.lists(TEXT, max_size=3))


@given(st.dictionaries(TEXT, VALUES, max_size=5))
def test_a_query_is_what_urllib_reads(query: dict[str, Any]) -> None:
    origin, path, _ = split("https://api.example.com/a", "url")
    wanted = [
        (name, str(item))
        for name, value in query.items()
        for item in (value if isinstance(value, list) else [value])
    ]

    made = urlsplit(build(origin, path, "", query)).query

    assert parse_qsl(made, keep_blank_values=True) == [pair for pair in wanted if made]


@given(st.dictionaries(TEXT, TEXT, max_size=5), TEXT.filter(bool))
def test_a_parameter_is_taken_out(query: dict[str, str], name: str) -> None:
    origin, path, _ = split("https://api.example.com/a", "url")
    made = urlsplit(build(origin, path, "", query | {name: "s3cret"})).query

    left = without_parameter(made, name)

    assert parse_qsl(left, keep_blank_values=True) == [
        (key, value) for key, value in query.items() if key != name and left
    ]


# Answers


@given(
    st.sampled_from(["text/plain", "application/json", "text/xml", "text/csv", ""]),
    HEADER,
    st.binary(max_size=200),
)
def test_any_answer_is_read_or_refused(kind: str, parameters: str, content: bytes) -> None:
    with contextlib.suppress(UnreadableAnswer):
        read(Received(200, {"Content-Type": f"{kind};{parameters}"}, content)).xcom()


CELL = st.text(st.sampled_from("ab_12 column"), max_size=9)


@given(st.lists(CELL, min_size=1, max_size=6), st.lists(st.lists(CELL, min_size=1, max_size=8), max_size=4))
def test_no_cell_of_a_table_is_lost(header: list[str], rows: list[list[str]]) -> None:
    text = "\n".join(",".join(f'"{cell}"' for cell in row) for row in [header, *rows])

    records = table.parse(text)

    assert len(records) == len(rows)
    for row, record in zip(rows, records, strict=True):
        found = list(record.values())
        assert found[: len(row)] == row[: len(header)] + row[len(header) : len(row)]
        assert len(record) == max(len(header), len(row))


@given(HEADER, st.text(max_size=50))
def test_any_name_is_a_file_of_the_folder(disposition: str, path: str) -> None:
    for value in (disposition, f"attachment; filename={disposition}", f"attachment; filename*={disposition}"):
        name = _name(f"https://h/{path}", {"content-disposition": value})
        assert name
        assert not set(name) & set("/\\\x00\r\n")
        assert not name.startswith(".")
        assert len(name.encode()) <= MAX_NAME_BYTES


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from("ab"), inner, max_size=2)
    ),
    max_leaves=8,
)


@given(
    JSON,
    st.sampled_from([
        "a.b", "a[0]", "[*].a", "[?a > `1`]", "[?a == b]", "contains(@, `1`)", "sort(@)", "sort_by(@, &a)",
        "max(@)", "sum(@)", "ceil(@)", "join(',', @)", "to_number(@)", "length(a)", "keys(@)", "reverse(@)",
        "a < b", "[::2]", "starts_with(@, 'a')", "map(&a, @)", "min_by(@, &b)", "merge(a, b)", "avg(@)",
    ]),
)  # fmt: skip
def test_an_expression_finds_something_or_says_that_it_does_not_fit(value: Any, expression: str) -> None:
    with contextlib.suppress(UnexpectedAnswer):
        select(value, expression)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=4, max_size=30), TEXT)
def test_a_secret_is_hidden_however_it_is_written(secret: str, around: str) -> None:
    forms = (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1])
    text = "|".join(redacted(f"{around}|{form}", [secret]) for form in forms)
    assert not [form for form in forms if form in text and form not in around and form not in "***"]
