"""Files in a body: read back by a real parser, and compared with what requests sends."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
from airflow.sdk import ObjectStoragePath
from hypothesis import given
from hypothesis import strategies as st
from python_multipart import parse_form
from python_multipart.exceptions import FormParserError

from hookline.exceptions import ConfigurationError
from hookline.hooks.storage import Attachment
from hookline.http.body import Content, File, encode
from hookline.operators.http import HttpPostOperator
from tests.conformance.http.conftest import Got, Server
from tests.conformance.http.lanes import Lane, through_a_worker
from tests.conformance.http.test_lanes import comparable

Connect = Callable[..., str]
CONTENT = bytes(range(256)) * 1000


def parts(got: Got) -> list[tuple[str, str | None, bytes]]:
    """Return name, file name and content of each part, as a parser reads them."""
    found: list[tuple[str, str | None, bytes]] = []

    def field(one: Any) -> None:
        found.append((one.field_name.decode(), None, one.value or b""))

    def file(one: Any) -> None:
        one.file_object.seek(0)
        found.append((one.field_name.decode(), one.file_name.decode(), one.file_object.read()))

    headers = {"Content-Type": got.headers["content-type"], "Content-Length": str(len(got.body))}
    parse_form(headers, io.BytesIO(got.body), field, file)
    return found


@pytest.fixture
def report(bucket: str) -> str:
    """A file in a storage that is no folder of this machine; gives its URL."""
    place = ObjectStoragePath(f"{bucket}/reports/repört.pdf")
    place.fs.makedirs(place.parent.path, exist_ok=True)
    place.fs.pipe_file(place.path, CONTENT)
    return str(place)


@pytest.mark.parametrize("body_type", ["form_data", "raw"])
def test_a_file_of_object_storage_is_sent(
    server: Server, connect: Connect, lane: Lane, report: str, body_type: str
) -> None:
    file = Attachment(report, content_type="text/x-report; charset=utf-8")

    lane(
        HttpPostOperator, http_conn_id=connect(server.url), body_type=body_type,
        body=file if body_type == "raw" else {"title": "one", "file": file, "none": None},
    )  # fmt: skip

    if body_type == "raw":
        assert server.got[0].body == CONTENT
        assert server.got[0].headers["content-type"] == "text/x-report; charset=utf-8"
    else:
        assert parts(server.got[0]) == [
            ("title", None, b"one"), ("file", "repört.pdf", CONTENT), ("none", None, b""),
        ]  # fmt: skip
        assert b"Content-Type: text/x-report; charset=utf-8\r\n" in server.got[0].body
    assert int(server.got[0].headers["content-length"]) == len(server.got[0].body)


def test_a_key_with_brackets_sends_all_its_files(
    server: Server, connect: Connect, lane: Lane, report: str
) -> None:
    lane(
        HttpPostOperator, http_conn_id=connect(server.url), body_type="form_data",
        body={"docs[]": [Attachment(report), Attachment(report, "two.txt")]},
    )  # fmt: skip

    assert [part[:2] for part in parts(server.got[0])] == [("docs[]", "repört.pdf"), ("docs[]", "two.txt")]


NAMES = ["report.pdf", "repört ☃.pdf", 'a "quoted" name.txt', "a\\b.txt", "semi;colon, comma.txt", "100%.txt"]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_written_as_requests_writes_them(
    server: Server, connect: Connect, lane: Lane, report: str, name: str
) -> None:
    lane(
        HttpPostOperator, http_conn_id=connect(server.url), body_type="form_data",
        body={"file": Attachment(report, name, "application/pdf")},
    )  # fmt: skip
    with requests.Session() as session:
        session.trust_env = False
        session.post(server.url, files={"file": (name, CONTENT, "application/pdf")}, timeout=5)

    assert comparable(server.got[0]) == comparable(server.got[1])


def test_bytes_and_paths_are_files_too(server: Server, connect: Connect, report: str) -> None:
    through_a_worker(
        HttpPostOperator, http_conn_id=connect(server.url), body_type="form_data",
        body={"raw": b"\x00\r\n--", "path": ObjectStoragePath(report), "many[]": [b"a", bytearray(b"b")]},
    )  # fmt: skip

    assert parts(server.got[0]) == [
        ("raw", "raw", b"\x00\r\n--"), ("path", "repört.pdf", CONTENT), ("many[]", "many", b"a"),
        ("many[]", "many", b"b"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda url: {"a": [Attachment(url), Attachment(url)]}, r"several files; call it `a\[\]`"),
        (lambda url: {"a": Attachment(f"{url}.gone")}, "does not exist"),
        (lambda url: {"a": Attachment(url.rpartition("/")[0])}, "is a folder; an attachment is one file"),
        (
            lambda url: {"a": Attachment(url, content_type="text/x\r\nX-Evil: 1")},
            "the content type of the file",
        ),
        (lambda url: {"a": Attachment(f"{url}/../../secret")}, r"holds a \.\. segment"),
        (lambda _url: {"a": Attachment("http://169.254.169.254/latest")}, "is no path in object storage"),
        (lambda url: {"a": Attachment(url), "b": "\ud800"}, "half a character"),
        (lambda url: {"a": Attachment(url, "\udcff.txt")}, "half a character"),
        (lambda url: {"\ud800": Attachment(url)}, "half a character"),
    ],
    ids=[
        "two under one key",
        "gone",
        "a folder",
        "a type that is a header",
        "dots",
        "a service",
        "text",
        "file name",
        "name",
    ],
)
def test_what_cannot_be_sent_is_refused(  # noqa: PLR0917  one for each column of the table
    server: Server, connect: Connect, lane: Lane, report: str, make: Any, says: str
) -> None:
    with pytest.raises(Exception, match=says):
        lane(HttpPostOperator, http_conn_id=connect(server.url), body_type="form_data", body=make(report))
    assert server.got == []


@pytest.mark.parametrize("body_type", ["form_data", "urlencoded"])
def test_data_that_looks_like_a_file_is_none(
    server: Server, connect: Connect, lane: Lane, body_type: str
) -> None:
    hostile = {"path": "/etc/passwd", "name": "x", "content_type": "text/plain", "size": 1, "sha256": "0"}

    with pytest.raises(Exception, match=r"body\.doc is a dict"):
        lane(
            HttpPostOperator, http_conn_id=connect(server.url), body_type=body_type, native=True,
            conf={"data": hostile}, body={"doc": "{{ dag_run.conf['data'] }}"},
        )  # fmt: skip
    assert server.got == []


# Null


# What is given, what is sent with null, and what without.
NULL = {
    "json": (
        {"a": None, "b": {"c": None, "d": [None, {"e": None, "f": 0}]}, "g": "", "h": [], "i": False},
        b'{"a":null,"b":{"c":null,"d":[null,{"e":null,"f":0}]},"g":"","h":[],"i":false}',
        b'{"b":{"d":[null,{"f":0}]},"g":"","h":[],"i":false}',
    ),
    "a JSON document": ('{"a": null, "b": 1}', b'{"a":null,"b":1}', b'{"b":1}'),
    "a JSON list": ([None, {"a": None}], b'[null,{"a":null}]', b"[null,{}]"),
    "urlencoded": (
        {"a": None, "b": [None, 1, ""], "c": "", "d": False, "e": 0, "f": []},
        b"a=&b=&b=1&b=&c=&d=false&e=0",
        b"b=1&b=&c=&d=false&e=0",
    ),
}


@pytest.mark.parametrize("send_null", [True, False])
@pytest.mark.parametrize("name", NULL)
def test_null(server: Server, connect: Connect, lane: Lane, name: str, send_null: bool) -> None:
    body, sent, left_out = NULL[name]

    lane(
        HttpPostOperator, http_conn_id=connect(server.url), body=body, send_null=send_null,
        body_type="urlencoded" if name == "urlencoded" else "json",
    )  # fmt: skip

    assert server.got[0].body == (sent if send_null else left_out)


@pytest.mark.parametrize("send_null", [True, False])
def test_null_in_form_data(
    server: Server, connect: Connect, lane: Lane, report: str, send_null: bool
) -> None:
    lane(
        HttpPostOperator, http_conn_id=connect(server.url), body_type="form_data", send_null=send_null,
        body={"a": None, "b[]": [None, Attachment(report, "x"), None], "c": ""},
    )  # fmt: skip

    null = [("a", None, b""), ("b[]", None, b"")] if send_null else []
    more = [("b[]", None, b"")] if send_null else []
    assert parts(server.got[0]) == [*null, ("b[]", "x", CONTENT), *more, ("c", None, b"")]


@pytest.mark.parametrize("send_null", [True, False])
@pytest.mark.parametrize("body_type", ["json", "urlencoded", "form_data", "raw"])
def test_no_body_at_all(
    server: Server, connect: Connect, lane: Lane, body_type: str, send_null: bool
) -> None:
    lane(
        HttpPostOperator,
        http_conn_id=connect(server.url),
        body=None,
        body_type=body_type,
        send_null=send_null,
    )

    assert (server.got[0].body, server.got[0].headers.get("content-type")) == (b"", None)


# Any fields

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
NAME = TEXT.filter(lambda name: name and not name.endswith("[]"))
VALUE = st.one_of(TEXT, st.integers(), st.booleans(), st.none(), st.binary(max_size=50))


def sent(content: Content) -> Got:
    return Got("POST", "/", {"content-type": content.media_type}, b"".join(content))


def readable(name: str) -> str:
    # As WHATWG HTML section 4.10.21.8 escapes them; the parser leaves that as it is.
    for character, escaped in {"\n": "%0A", "\r": "%0D", '"': "%22"}.items():
        name = name.replace(character, escaped)
    return name


@given(st.dictionaries(NAME, VALUE, max_size=5))
def test_a_parser_reads_what_was_written(fields: dict[str, Any]) -> None:
    try:
        found = parts(sent(encode("form_data", fields)))
    except FormParserError:
        # The parser refuses control characters and backslash escapes in names, which no form has.
        assert any(not name.isprintable() or "\\" in name for name in fields)
        return
    wanted = [
        (readable(name), readable(name) if isinstance(value, bytes) else None, expected(value))
        for name, value in fields.items()
    ]
    if all(name.isprintable() and "\\" not in name for name in fields):
        assert found == wanted
    assert len(found) == len(wanted)


def expected(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return b"" if value is None else (json.dumps(value) if isinstance(value, bool) else str(value)).encode()


@given(st.text(max_size=300))
def test_no_content_type_can_end_its_header(text: str) -> None:
    try:
        file = File("x", text, lambda: io.BytesIO(b""), 0)
    except ConfigurationError:
        return
    assert not {"\r", "\n", "\x00"} & set(file.media_type)
    assert len(parts(sent(encode("form_data", {"f": file})))) == 1
