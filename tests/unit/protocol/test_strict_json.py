"""JSON as RFC 8259 has it, nothing that only Python takes, and bounded."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hookline.protocol import strict_json

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/strict_json.json").read_text(encoding="utf-8"))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)
NESTS = {
    "arrays": ("[", "]"),
    "objects": ('{"a":', "}"),
    "arrays and objects in turn": ('[{"a":', "}]"),
    "beside other values": ('[1,{"b":0,"a":', "}]"),
}


@pytest.mark.parametrize("case", VECTORS["accepted"], ids=lambda case: case["name"])
def test_json_is_read(case: dict[str, Any]) -> None:
    assert strict_json.loads(case["text"].encode()) == case["value"]


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_anything_else_is_refused_with_what_is_wrong(case: dict[str, Any]) -> None:
    with pytest.raises(strict_json.NotJson) as raised:
        strict_json.loads(case["text"].encode())
    assert case["says"] in str(raised.value)


@pytest.mark.parametrize(
    "body",
    ['"é"'.encode("latin-1"), b'"\xff"', b'"\xed\xa0\x80"', '"a"'.encode("utf-16"), b'"\xc0\xaf"'],
    ids=["Latin-1", "no UTF-8", "surrogate in UTF-8", "UTF-16", "overlong"],
)
def test_bytes_that_are_not_utf_8_are_refused(body: bytes) -> None:
    with pytest.raises(strict_json.NotJson, match="not UTF-8"):
        strict_json.loads(body)


def test_an_integer_of_5000_digits_is_refused() -> None:
    with pytest.raises(strict_json.NotJson, match="too many digits"):
        strict_json.loads(b'{"a": ' + b"7" * 5000 + b"}")


MANY = {
    "objects": "[" + "{}," * 600_000 + "{}]",
    "arrays": "[" + "[]," * 600_000 + "[]]",
    "numbers": "[" + "0," * 1_000_000 + "0]",
    "names": "{" + '"":0,' * 1_000_000 + '"":0}',
    "after a text that is not ended": "[" + "0," * 1_000_000 + '"\\"',
}


@pytest.mark.parametrize("text", MANY.values(), ids=MANY)
def test_more_than_a_million_elements_are_refused(text: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(strict_json.NotJson, match="more than 1000000 elements"):
            strict_json.loads(text.encode())
        assert tracemalloc.get_traced_memory()[1] < 3 * len(text)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("text", ["," * 2_000_000, '\\",{' * 700_000], ids=["commas", "quotes"])
def test_what_stands_in_a_text_is_no_element(text: str) -> None:
    assert strict_json.loads(f'["{text}"]'.encode()) == [text.replace('\\"', '"')]


def test_a_million_elements_are_read() -> None:
    assert len(strict_json.loads(("[" + "0," * 999_998 + "0]").encode())) == 999_999


def test_a_lone_surrogate_that_is_escaped_is_json() -> None:
    assert strict_json.loads(rb'"\ud800"') == "\ud800"


def nested(nest: str, depth: int, inside: str) -> bytes:
    opening, closing = NESTS[nest]
    levels = opening.count("[") + opening.count("{")
    return (opening * (depth // levels) + inside + closing * (depth // levels)).encode()


@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize(("inside", "deeper"), [("1", 0), ("[]", 1), ("{}", 1), ('["x"]', 1)])
def test_64_levels_are_read(nest: str, inside: str, deeper: int) -> None:
    outside = 64 - deeper * 2  # keep pairs of levels whole
    assert strict_json.loads(nested(nest, outside, inside))


@pytest.mark.parametrize("nest", NESTS)
@pytest.mark.parametrize("inside", ["[]", "{}", '["x"]', '[{"a": 1}]'])
def test_65_levels_are_refused(nest: str, inside: str) -> None:
    with pytest.raises(strict_json.NotJson, match="deeper than 64"):
        strict_json.loads(nested(nest, 64, inside))


@pytest.mark.parametrize("opening", ["[", '{"a":', "[[[{"])
def test_a_body_of_brackets_is_refused_without_harm(opening: str) -> None:
    with pytest.raises(strict_json.NotJson):
        strict_json.loads(opening.encode() * 50_000)


def test_100_000_closed_levels_are_refused_without_harm() -> None:
    with pytest.raises(strict_json.NotJson, match="deeper than 64"):
        strict_json.loads(b"[" * 100_000 + b"]" * 100_000)


def test_many_brackets_beside_each_other_are_not_deep() -> None:
    assert len(strict_json.loads(b"[" + b"[]," * 5000 + b"{}]")) == 5001


@given(value=VALUES, ascii_only=st.booleans())
def test_what_json_writes_reads_back_equal(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    assert strict_json.loads(text.encode()) == value


@given(body=st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        value = strict_json.loads(body)
    except strict_json.NotJson:
        return
    json.dumps(value, allow_nan=False)


TOKENS = r"""{ } [ ] , : null true NaN Infinity " "a" "\ud83d" "\u0000" - 01 1.5 1e999 1e-999 -0.0 . E+2 é"""
PIECES = st.sampled_from([*TOKENS.split(), " ", "\t", "\ufeff", "\x7f", "\x1f", "9" * 19, "9" * 400])
NUMBERS = st.from_regex(r"-?[0-9]{1,25}(\.[0-9]{1,25})?([eE][+-]?[0-9]{1,3})?", fullmatch=True)


@given(st.one_of(st.lists(PIECES).map("".join), NUMBERS, VALUES.map(json.dumps)))
def test_what_is_read_is_what_python_reads(text: str) -> None:
    try:
        value = strict_json.loads(text.encode())
    except strict_json.NotJson:
        return
    assert repr(value) == repr(json.loads(text.removeprefix("\ufeff")))
