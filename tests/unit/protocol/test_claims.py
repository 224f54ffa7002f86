"""Large data and files leave the event, and a reference that only the server writes stands for them."""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

import jsonschema
import pytest

from hookline.protocol import extent, reference
from hookline.protocol.bounds import Bounds
from hookline.protocol.claims import INLINE_BYTES
from hookline.protocol.intake import Accepted, take
from hookline.protocol.problem import MALFORMED, TOO_LARGE, Rejected
from tests.unit.protocol.requests import message, source

STORAGE = Bounds(10_000_000, "s3://c@bucket/hookline/")
PLACE = r"s3://c@bucket/hookline/events/shop/2026/09/21/[0-9a-f-]{36}"
REFERENCE = {"dataref": "s3://b/x", "size": 1, "sha256": "a" * 64, "datacontenttype": "application/json"}


def taken(body: bytes, kind: str = "application/json", bounds: Bounds = STORAGE) -> Accepted:
    event = take(source(), message(body, {"Content-Type": kind}), bounds)
    assert isinstance(event, Accepted)
    return event


@pytest.mark.parametrize("more", [-1, 0])
def test_data_of_256_kib_travels(more: int) -> None:
    event = taken(b'"' + b"a" * (INLINE_BYTES - 2 + more) + b'"', bounds=Bounds())
    assert event.claims == ()
    assert "dataref" not in json.loads(event.body)["hookline"]


def test_larger_data_is_referred_to() -> None:
    body = b'"' + b"a" * INLINE_BYTES + b'"'
    event = taken(body)
    [claim] = event.claims
    stored = json.loads(event.body)
    described = {"size": len(body), "sha256": hashlib.sha256(body).hexdigest()}
    assert re.fullmatch(PLACE + r"\.json", claim.path)
    assert claim.content == body
    assert stored["hookline"]["dataref"] == {
        "path": claim.path, **described, "content_type": "application/json"
    }  # fmt: skip
    assert stored["data"] == {"dataref": claim.path, **described, "datacontenttype": "application/json"}


def test_what_becomes_large_as_json_is_referred_to() -> None:
    event = taken(b"\n" * 200_000, "text/plain")
    assert json.loads(extent.whole(event.claims[0].content)) == "\n" * 200_000


FORM = (
    b'--b\r\nContent-Disposition: form-data; name="doc"; filename="../../a b.PDF"\r\n'
    b"Content-Type: application/pdf\r\n\r\n%%PDF\r\n"
    b'--b\r\nContent-Disposition: form-data; name="doc"; filename="x\x01"\r\n\r\n\r\n'
    b'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda\r\n--b--'
)


def test_files_are_referred_to() -> None:
    event = taken(FORM, "multipart/form-data; boundary=b")
    stored = json.loads(event.body)
    pdf, empty = stored["hookline"]["files"]
    assert stored["data"] == {"name": "Ada"}
    assert re.fullmatch(PLACE + r"\.pdf", pdf.pop("path"))
    assert pdf == {
        "name": "../../a b.PDF",
        "content_type": "application/pdf",
        "size": 5,
        "sha256": hashlib.sha256(b"%%PDF").hexdigest(),
        "field": "doc",
    }
    assert (empty["name"], empty["size"], empty["content_type"]) == ("x", 0, "application/octet-stream")
    assert [extent.whole(claim.content) for claim in event.claims] == [b"%%PDF", b""]


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"%PDF", "application/pdf"),
        (FORM, "multipart/form-data; boundary=b"),
        (b"\n" * 200_000, "text/plain"),
    ],
)
def test_without_storage_the_operator_is_told_what_to_set(body: bytes, kind: str) -> None:
    with pytest.raises(Rejected, match=r"\[hookline\] storage_path") as raised:
        taken(body, kind, Bounds())
    assert raised.value.problem is TOO_LARGE


def test_data_that_looks_like_a_reference_is_refused() -> None:
    # It would pass every Dag's schema, which takes references.
    with pytest.raises(Rejected) as raised:
        taken(json.dumps(REFERENCE).encode())
    assert raised.value.problem is MALFORMED


def test_a_sender_cannot_write_the_reference_that_is_followed() -> None:
    body = {"hookline": {"dataref": REFERENCE}, "dataref": "file:///etc/passwd"}
    stored = json.loads(taken(json.dumps(body).encode()).body)
    assert stored["data"] == body
    assert "dataref" not in stored["hookline"]


SCHEMAS: dict[str, tuple[dict[str, Any], list[Any], list[Any]]] = {
    "object": (
        {"type": "object", "required": ["t"], "properties": {"t": {"type": "integer"}}},
        [{"t": 1}],
        [{}, {"t": "x"}, 5, {"dataref": "x"}, REFERENCE | {"t": "x"}],
    ),
    "definitions": (
        {"properties": {"t": {"$ref": "#/$defs/n"}}, "$defs": {"n": {"type": "integer"}}},
        [{"t": 1}],
        [{"t": "x"}],
    ),
    "references to itself": (
        {"type": "object", "required": ["t"], "properties": {"v": {"$ref": "#"}}},
        [{"t": 1, "v": {"t": 2}}],
        [{"t": 1, "v": {}}],
    ),
    "text": ({"type": "string", "minLength": 3}, ["abc"], ["a", {"a": 1}]),
    "list": ({"type": "array", "items": {"type": "integer"}, "maxItems": 2}, [[1]], [["x"], [1, 2, 3], {}]),
    "without if": (
        {"type": "array", "maxItems": 2, "$schema": "http://json-schema.org/draft-04/schema#"},
        [[1]],
        [[1, 2, 3], {}],
    ),
}


@pytest.mark.parametrize(("schema", "good", "bad"), SCHEMAS.values(), ids=SCHEMAS)
def test_a_schema_takes_references_besides(schema: dict[str, Any], good: list[Any], bad: list[Any]) -> None:
    accepting = reference.accepting(schema)
    for value in [*good, REFERENCE]:
        jsonschema.validate(value, accepting)
    for value in bad:
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(value, accepting)


@pytest.mark.parametrize("schema", [{"enum": [1]}, {"type": "integer"}, {"type": ["object", "null"]}, {}])
def test_a_schema_that_no_large_data_fits_or_that_takes_all_stays(schema: dict[str, Any]) -> None:
    assert reference.accepting(schema) == schema


@pytest.mark.parametrize(
    ("given", "first"), [("object", "object"), ("string", "string"), (["null", "array"], "array")]
)
def test_the_trigger_form_goes_by_the_same_type(given: Any, first: str) -> None:
    accepting = reference.accepting({"type": given, "title": "T", "minProperties": 0})
    types = [accepting["type"]] if isinstance(accepting["type"], str) else accepting["type"]
    assert next(name for name in types if name != "null") == first
    assert accepting["title"] == "T"
