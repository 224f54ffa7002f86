"""Bad input: each has its documented status, leaves nothing behind, and no exception in the log."""

from __future__ import annotations

import gzip
import resource
import zlib
from pathlib import Path

import brotli
import pytest

from hookline.protocol import intake
from tests.unit.conftest import Query
from tests.unit.ingress.conftest import Events, Objects
from tests.unit.ingress.server import Server
from tests.unit.ingress.test_answers import problem
from tests.unit.ingress.test_claims import FILE, FORM

LIMIT = "The source takes bodies of at most 3000000 bytes."
BOMBS = {
    "gzip": gzip.compress(bytes(300_000_000), 9),
    "deflate": zlib.compress(bytes(300_000_000), 9),
    "br": brotli.compress(bytes(300_000_000), quality=5),
}


@pytest.mark.parametrize("coding", BOMBS)
@pytest.mark.parametrize("kind", ["application/json", "application/zip", "text/plain", FORM])
def test_a_bomb_is_refused_at_the_limit(
    storing: Server, events: Events, objects: Objects, coding: str, kind: str
) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    response = storing.post("shop/x", BOMBS[coding], Content_Encoding=coding, Content_Type=kind)
    assert problem(response, 413, "too-large")["detail"] == LIMIT
    assert (objects(), events()) == ([], [])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # kB


def test_a_bomb_in_a_bomb_is_not_opened_twice(storing: Server) -> None:
    nested = gzip.compress(BOMBS["gzip"])
    problem(storing.post("shop/x", nested, Content_Encoding="gzip"), 400, "malformed")
    problem(storing.post("shop/x", nested, Content_Encoding="gzip, gzip"), 415, "unsupported-media-type")


MANY_HEADERS = b"POST /hooks/in/shop HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n%s\r\n{}"


@pytest.mark.parametrize("http", ["h11", "httptools"])
def test_ten_thousand_headers_are_refused(
    settings: pytest.MonkeyPatch, database_file: Path, http: str
) -> None:
    with Server(http=http) as server, server.connect() as connection:
        connection.sendall(MANY_HEADERS % b"".join(b"h%d: v\r\n" % number for number in range(10_000)))
        answer = connection.recv(65536)
    assert answer.split()[1] == b"431"


def test_more_than_200_headers_are_refused(storing: Server) -> None:
    headers = {f"X-{number}": "v" for number in range(201)}
    problem(storing.client.post("/in/shop", content=b"{}", headers=headers), 431, "headers-too-large")


@pytest.mark.parametrize("head", [b"Content-Length: 500000", b"Transfer-Encoding: chunked"])
def test_a_body_that_is_cut_off_leaves_nothing(
    storing: Server, query: Query, objects: Objects, capfd: pytest.CaptureFixture[str], head: bytes
) -> None:
    with storing.connect() as connection:
        connection.sendall(b"POST /hooks/in/shop HTTP/1.1\r\nHost: a\r\n" + head + b"\r\n\r\n")
        connection.sendall(b"61A80\r\n" + b"a" * 400_000)
    assert storing.post("shop", X_Id="after").status_code == 202
    assert query("SELECT event_id FROM hookline_event") == [("after",)]
    assert objects() == []
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_form_that_is_cut_off_leaves_nothing(storing: Server, events: Events, objects: Objects) -> None:
    problem(storing.post("shop", FILE[:-8], Content_Type=FORM), 400, "malformed")
    assert (objects(), events()) == ([], [])


FOREIGN = Path(__file__).parents[2] / "vectors/foreign"
ATTACKS: dict[str, tuple[str, bytes]] = {
    **{
        path.stem: ("application/xml", path.read_bytes()) for path in sorted(FOREIGN.glob("defusedxml/*.xml"))
    },
    **{
        path.stem: ("multipart/form-data; boundary=--boundary", path.read_bytes())
        for path in sorted(FOREIGN.glob("python-multipart/*.http"))
    },
}


@pytest.mark.parametrize("name", ATTACKS)
def test_the_test_data_of_parsers_is_taken_or_malformed(
    storing: Server, events: Events, objects: Objects, capfd: pytest.CaptureFixture[str], name: str
) -> None:
    kind, body = ATTACKS[name]
    response = storing.post("shop/x", body, Content_Type=kind)
    if response.status_code != 202:
        problem(response, 400, "malformed")
        assert (objects(), events()) == ([], [])
    assert "Traceback" not in "".join(capfd.readouterr())


PART = (
    b'--b\r\nContent-Disposition: form-data; name="a"%s\r\nContent-Type: text/plain%s\r\n\r\nx\r\n--b--\r\n'
)
EVENT = (
    b'{"specversion":"1.0","id":"1","source":"s","type":"t","datacontenttype":"a/b%s","data_base64":"e30="}'
)
PARAMETERS = {
    "a value and its part": b"; charset*=a; charset*0=b",
    "a part far away": b"; a*9999=2; a*=",
    "a name and its part": b"; filename*=a; filename*0=b",
    "a NUL for a charset": b"; filename*=%00''x",
    "a codec that is no charset": b"; filename*=idna''%ff",
    "a codec that is no text": b"; filename*=hex''00",
    "nothing": b"; =; *=; *0=; a*0*",
}


@pytest.mark.parametrize("parameters", PARAMETERS.values(), ids=PARAMETERS)
def test_no_parameters_of_a_header_are_an_error_of_the_server(
    storing: Server, capfd: pytest.CaptureFixture[str], parameters: bytes
) -> None:
    text = parameters.decode("latin-1")
    for body, headers in (
        (b"{}", {"Content-Type": "application/json" + text}),
        (b"x", {"Content-Type": "application/zip", "Content-Disposition": "attachment" + text}),
        (PART % (parameters, b""), {"Content-Type": "multipart/form-data; boundary=b"}),
        (PART % (b"", parameters), {"Content-Type": "multipart/form-data; boundary=b"}),
        (PART % (b"", b""), {"Content-Type": "multipart/form-data; boundary=b" + text}),
        (EVENT % parameters, {"Content-Type": "application/cloudevents+json"}),
    ):
        response = storing.post("shop/x", body, **headers)
        assert response.status_code in (202, 400, 415), (headers, response.text)
        assert response.headers["x-content-type-options"] == "nosniff"
    assert "Traceback" not in "".join(capfd.readouterr())


def test_parameters_that_cannot_be_read_are_refused(storing: Server) -> None:
    odd = "; a*=b; a*0=c"
    problem(storing.post("shop", b"{}", Content_Type="application/json" + odd), 415, "unsupported-media-type")
    file = {"Content_Type": "application/zip", "Content_Disposition": "attachment" + odd}
    problem(storing.post("shop/x", b"x", **file), 400, "malformed")


def test_a_fault_is_answered_like_everything_else(
    storing: Server, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "take", lambda *_: 1 // 0)
    response = storing.post("shop", b"{}")
    problem(response, 500, "internal")
    assert response.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert "ZeroDivisionError" not in response.text
    assert "".join(capfd.readouterr()).count("request not handled") == 1
