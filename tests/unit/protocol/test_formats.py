"""Bodies become data by their content type, or are refused with the documented status."""

from __future__ import annotations

import json
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hookline.protocol import extent
from hookline.protocol.bounds import Bounds
from hookline.protocol.formats import content_type, multipart
from hookline.protocol.formats.document import Batch, Document, File
from hookline.protocol.problem import Rejected
from hookline.protocol.reading import read
from tests.unit.protocol.requests import message, source

FOLDER = Path(__file__).parents[2] / "vectors"
VECTORS = json.loads((FOLDER / "formats.json").read_text(encoding="utf-8"))
FORM = "multipart/form-data; boundary=b"
FIELDS = "application/x-www-form-urlencoded"
PART = '--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
EVENT = json.dumps(
    {"specversion": "1.0", "id": "1", "source": "s", "type": "t", "data_base64": "ICAg" * 1_000_000 + "MSAg"}
)
LONG = {  # name: content type, body, status, what the detail says
    "form of 1,001 fields": (FIELDS, "a&" * 1000 + "a", 400, "1000 fields"),
    "10,001 properties": ("text/x-java-properties", "\n".join(map(str, range(10_001))), 400, "10000"),
    "1,001 lines": ("application/x-ndjson", "1\n" * 1001, 413, "1000 events"),
    "10,001 blank lines": ("application/x-ndjson", "\n" * 10_001, 413, "10000 lines"),
    "lines of too many elements": (
        "application/x-ndjson",
        ("[" + "0," * 600_000 + "0]\n") * 2,
        400,
        "1000000",
    ),
    "100,001 lines of properties": ("text/x-java-properties", "\r\n" * 100_001, 400, "100000 lines"),
    "CloudEvents of too much to parse": (
        "application/cloudevents-batch+json",
        f"[{EVENT},{EVENT}]",
        413,
        "4194304 bytes",
    ),
    "101 parts": (FORM, PART % ("a", "1") * 101 + "--b--", 413, "100 parts"),
    "part with a header of 2 kB": (FORM, PART % ("a" * 2100, "1") + "--b--", 400, "well-formed"),
    "fields of more than 256 KiB": (FORM, PART % ("a", "x" * 262_145) + "--b--", 413, "262144 bytes"),
    "JSON 65 deep": ("application/json", "[" * 65 + "]" * 65, 400, "64 levels"),
    "JSON deeper than Python goes": ("application/json", '{"a":' * 50_000, 400, "64 levels"),
    "XML 65 deep": ("application/xml", "<a>" * 65 + "</a>" * 65, 400, "64 levels"),
    "XML deeper than memory goes": ("application/xml", "<a>" * 80_000, 400, "64 levels"),
    "XML of more nodes than fit": ("application/xml", f"<a>{'<b/>' * 250_000}</a>", 400, "250000"),
    "content type of 10 kB": (f"text/plain; a={'b' * 10_000}", "", 415, "type/subtype"),
}


def said(kind: str, body: bytes, **options: str) -> Document | Batch:
    headers = {"Content-Type": kind} if kind else {}
    return read(source(**options), message(body, headers), Bounds())


def body(case: dict[str, Any]) -> bytes:
    return bytes.fromhex(case["hex"]) if "hex" in case else case["body"].encode()


@pytest.mark.parametrize("case", VECTORS["read"], ids=lambda case: case["name"])
def test_a_body_is_read_as(case: dict[str, Any]) -> None:
    options = {"format": case["format"]} if "format" in case else {}
    found = said(case["type"], body(case), **options)
    assert isinstance(found, Document)
    assert found.data == case["data"]
    assert json.loads(found.text) == case["data"]
    assert found.files == ()


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["name"])
def test_a_body_is_refused(case: dict[str, Any]) -> None:
    with pytest.raises(Rejected) as raised:
        said(case["type"], body(case))
    assert (raised.value.problem.status, case["says"] in raised.value.detail) == (case["status"], True)


@pytest.mark.parametrize(("kind", "text", "status", "says"), LONG.values(), ids=LONG)
def test_a_body_beyond_a_bound_is_refused(kind: str, text: str, status: int, says: str) -> None:
    with pytest.raises(Rejected) as raised:
        said(kind, text.encode())
    assert (raised.value.problem.status, says in raised.value.detail) == (status, True)


BOUNDS = {
    "form of 1,000 fields": (FIELDS, "&".join(f"f{number}" for number in range(1000))),
    "100 parts": (FORM, PART % ("a", "1") * 100 + "--b--"),
    "fields of 256 KiB": (FORM, PART % ("a", "x" * 262_144) + "--b--"),
    "XML 64 deep": ("application/xml", "<a>" * 64 + "</a>" * 64),
    "1,000 lines": ("application/x-ndjson", "1\n\n" * 1000),
}


@pytest.mark.parametrize(("kind", "text"), BOUNDS.values(), ids=BOUNDS)
def test_a_body_at_a_bound_is_read(kind: str, text: str) -> None:
    said(kind, text.encode())


@pytest.mark.parametrize(
    "kind", ["application/pdf", "text/csv", "text/html", "application/zip", "multipart/mixed; boundary=b"]
)
def test_another_content_type_is_a_file(kind: str) -> None:
    found = said(kind, b"\x00\xff")
    assert isinstance(found, Document)
    assert (found.data, found.files) == ({}, (File("", kind, b"\x00\xff"),))


def test_a_file_is_named_by_its_disposition() -> None:
    headers = {"Content-Type": "application/pdf", "Content-Disposition": 'attachment; filename="a b.pdf"'}
    found = read(source(), message(b"%PDF", headers), Bounds())
    assert isinstance(found, Document)
    assert found.files[0].name == "a b.pdf"


def test_each_line_is_a_document_as_the_sender_wrote_it() -> None:
    found = said("application/jsonl", b'{"a": 1.50}\r\n\n{"a": 2}')
    assert isinstance(found, Batch)
    assert [document.text.strip() for document in found.documents] == ['{"a": 1.50}', '{"a": 2}']


@pytest.mark.parametrize(
    ("batch", "text", "data"),
    [
        (True, "[1, 2]", [1, 2]),
        ("true", "[]", []),
        ("records[].value", '{"records": [{"value": "a"}, {"value": "b"}]}', ["a", "b"]),
    ],
)
def test_a_batch_is_split(batch: Any, text: str, data: list[Any]) -> None:
    found = said("application/json", text.encode(), batch=batch)
    assert isinstance(found, Batch)
    assert [document.data for document in found.documents] == data


@pytest.mark.parametrize(
    ("batch", "text", "status"),
    [
        (True, "{}", 400),
        ("records", "{}", 400),
        ("abs(a)", '{"a": "x"}', 400),
        (True, f"[{'1,' * 1000}1]", 413),
    ],
)
def test_a_batch_that_is_none_is_refused(batch: Any, text: str, status: int) -> None:
    with pytest.raises(Rejected) as raised:
        said("application/json", text.encode(), batch=batch)
    assert raised.value.problem.status == status


def test_xml_can_be_a_batch() -> None:
    found = said("application/xml", b"<a><e>1</e><e>2</e></a>", batch="a.e")
    assert isinstance(found, Batch)
    assert [document.data for document in found.documents] == ["1", "2"]


@pytest.mark.parametrize("name", ["cyclic", "dtd", "external", "external_file", "xmlbomb", "xmlbomb2"])
def test_the_attacks_of_defusedxml_are_refused(name: str) -> None:
    with pytest.raises(Rejected, match="document type") as raised:
        said("application/xml", (FOLDER / f"foreign/defusedxml/{name}.xml").read_bytes())
    assert raised.value.problem.status == 400


@pytest.mark.parametrize("name", ["simple", "simple-ns"])
def test_the_harmless_data_of_defusedxml_is_read(name: str) -> None:
    found = said("application/xml", (FOLDER / f"foreign/defusedxml/{name}.xml").read_bytes())
    assert isinstance(found, Document)
    assert found.data["root"]["element"] == [{"@key": "value", "#text": "text"}, "text"]


def test_a_quadratic_bomb_as_of_defusedxml() -> None:
    bomb = f'<!DOCTYPE bomb [<!ENTITY a "{"B" * 100_000}">]><bomb>{"&a;" * 30}</bomb>'
    with pytest.raises(Rejected, match="document type"):
        said("application/xml", bomb.encode())


MULTIPART = sorted((FOLDER / "foreign/python-multipart").glob("*.http"))
OTHER_BOUNDARY = "single_field_blocks"
"""Declares another boundary than it has; its own project feeds it to another parser."""


@pytest.mark.parametrize("file", MULTIPART, ids=lambda file: file.stem)
@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_the_test_data_of_python_multipart(file: Path, step: int) -> None:
    case = yaml.safe_load(file.with_suffix(".yaml").read_text())
    kind = content_type.parse(f'multipart/form-data; boundary="{case["boundary"]}"')
    content = file.read_bytes()
    pieces = [content[at : at + step] for at in range(0, len(content), step)]
    expected = case["expected"]
    if "error" in expected or file.stem == OTHER_BOUNDARY:
        with pytest.raises(Rejected) as raised:
            multipart.read(pieces, kind, BytesIO)
        assert raised.value.problem.status == 400
        return
    found = multipart.read(pieces, kind, BytesIO)
    fields = {part["name"]: part["data"].decode() for part in expected if part["type"] == "field"}
    files = [(part["name"], part["file_name"], part["data"]) for part in expected if part["type"] == "file"]
    assert found.data == fields
    assert [(one.field, one.name, extent.whole(one.content)) for one in found.files] == files


@given(st.binary(max_size=60), st.sampled_from([FORM, FIELDS, "application/xml", "text/x-java-properties"]))
def test_any_bytes_are_read_or_refused(content: bytes, kind: str) -> None:
    with suppress(Rejected):
        json.loads(said(kind, content).text)  # type: ignore[union-attr]  none of these is a batch


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=8), max_size=4))
def test_properties_written_with_escapes_are_read_back(properties: dict[str, str]) -> None:
    def escaped(text: str) -> str:
        units = text.encode("utf-16-be", "surrogatepass")
        return "".join(f"\\u{units[at] << 8 | units[at + 1]:04x}" for at in range(0, len(units), 2))

    lines = "".join(f"{escaped(key)}={escaped(value)}\n" for key, value in properties.items())
    found = said("text/x-java-properties", lines.encode())
    assert isinstance(found, Document)
    assert found.data == properties
