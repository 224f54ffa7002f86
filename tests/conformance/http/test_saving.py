"""``save_to``, through both lanes: where the body goes, and that it is there whole or not at all."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import ObjectStoragePath

from hookline.hooks.storage import Attachment
from hookline.operators.http import HttpGetOperator, HttpPostOperator
from tests.conformance.http.conftest import Server, answer, in_turn, json_answer
from tests.conformance.http.lanes import Lane

Connect = Callable[..., str]
PDF = b"%PDF" + bytes(range(256)) * 1000


def pdf(disposition: str | None = None) -> Any:
    fields = {"Content-Disposition": disposition} if disposition is not None else {}
    return answer(200, {"Content-Type": "application/pdf", **fields}, PDF)


@pytest.fixture(params=["file", "memory"])
def root(request: pytest.FixtureRequest, tmp_path: Path, bucket: str) -> str:
    """A folder in each kind of storage."""
    return f"file://{tmp_path}/out" if request.param == "file" else f"{bucket}/out"


def files(root: str) -> list[str]:
    place = ObjectStoragePath(root)
    found = place.fs.find(place.path) if place.fs.exists(place.path) else []
    return sorted(found)


def test_the_body_goes_to_the_file(server: Server, connect: Connect, lane: Lane, root: str) -> None:
    server.respond = pdf()

    body = lane(HttpGetOperator, http_conn_id=connect(server.url), save_to=f"{root}/deep/a.pdf")["body"]

    place = ObjectStoragePath(body["path"])
    assert place.fs.cat_file(place.path) == PDF
    assert (body["name"], body["content_type"], body["size"]) == ("a.pdf", "application/pdf", len(PDF))
    assert body["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert len(files(root)) == 1


def test_an_older_file_is_replaced(server: Server, connect: Connect, lane: Lane, root: str) -> None:
    place = ObjectStoragePath(f"{root}/a.pdf")
    place.fs.makedirs(place.parent.path, exist_ok=True)
    place.fs.pipe_file(place.path, b"old")
    server.respond = pdf()

    lane(HttpGetOperator, http_conn_id=connect(server.url), save_to=str(place))

    assert place.fs.cat_file(place.path) == PDF


NAMES = {
    'attachment; filename="report.pdf"': "report.pdf",
    "attachment; filename*=UTF-8''re%C3%B6rt%20%281%29.pdf": "reört (1).pdf",
    'attachment; filename="../../etc/x"': "x",
    'attachment; filename="..\\..\\boot.ini"': "boot.ini",
    "attachment; filename*=UTF-8''%2e%2e%2f%2e%2e%2fetc%2fx": "x",
    "attachment; filename*=UTF-8''a%00b%0Ac": "a_b_c",
    'attachment; filename=".."': "page.html",
    'attachment; filename=".profile"': "profile",
    'attachment; filename="C:evil"': "C_evil",
    "attachment; filename*=idna''x": "page.html",
    f"attachment; filename*{'0' * 5000}=x": "page.html",
    f'attachment; filename="{"n" * 5000}.pdf"': f"{'n' * 196}.pdf",
    f"attachment; filename*=UTF-8''{'%E2%98%83' * 200}.pdf": f"{'☃' * 65}.pdf",
    "attachment": "page.html",
    "": "page.html",
}


@pytest.mark.parametrize("disposition", NAMES, ids=lambda value: value[:60])
def test_in_a_folder_the_other_side_names_the_file(
    server: Server, connect: Connect, lane: Lane, tmp_path: Path, disposition: str
) -> None:
    server.respond = pdf(disposition)

    body = lane(
        HttpGetOperator, http_conn_id=connect(server.url), path="a/page.html?x=/y", save_to=f"{tmp_path}/out/"
    )["body"]

    assert body["name"] == NAMES[disposition]
    assert [
        file.relative_to(tmp_path / "out").as_posix() for file in tmp_path.rglob("*") if file.is_file()
    ] == [NAMES[disposition]]


def test_a_folder_that_is_there_is_one_without_a_slash_too(
    server: Server, connect: Connect, lane: Lane, root: str
) -> None:
    place = ObjectStoragePath(f"{root}/there")
    place.fs.makedirs(place.path, exist_ok=True)
    server.respond = pdf('attachment; filename="a.pdf"')

    body = lane(HttpGetOperator, http_conn_id=connect(server.url), save_to=str(place))["body"]

    assert body["path"] == f"{place}/a.pdf"
    assert [name.rpartition("/there/")[2] for name in files(root)] == ["a.pdf"]


@pytest.mark.parametrize("name", ["../x", "a/../../x", "..\\x", "a/.."])
def test_a_rendered_name_leads_nowhere_else(
    server: Server, connect: Connect, lane: Lane, tmp_path: Path, name: str
) -> None:
    with pytest.raises(Exception, match=r"holds a \.\. segment"):
        lane(
            HttpGetOperator, http_conn_id=connect(server.url), conf={"data": {"name": name}},
            save_to=f"file://{tmp_path}/out/{{{{ dag_run.conf['data']['name'] }}}}",
        )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("scheme", ["http://169.254.169.254/x", "nonsense://b/x", "memory-not-attached:/x"])
def test_an_unknown_storage_is_an_error_that_names_it(
    server: Server, connect: Connect, lane: Lane, scheme: str
) -> None:
    with pytest.raises(Exception, match="is no path in object storage"):
        lane(HttpGetOperator, http_conn_id=connect(server.url), save_to=scheme)
    assert server.got == []


def broken_off(handler: BaseHTTPRequestHandler) -> None:
    answer(200, {"Content-Length": str(len(PDF)), "Content-Type": "application/pdf"}, PDF[:1000])(handler)
    handler.close_connection = True


@pytest.mark.parametrize(
    ("respond", "says"),
    [
        pytest.param(broken_off, "the connection broke", id="a connection that breaks"),
        pytest.param(answer(200, {}, b"x" * 3000), "over 2000 bytes", id="too large"),
        pytest.param(
            answer(200, {"Content-Encoding": "gzip"}, gzip.compress(PDF)[:-9]),
            "over 2000 bytes|compression is broken", id="broken compression",
        ),
        pytest.param(answer(500, {}, b"no"), "-> 500: no", id="a failure"),
    ],
)  # fmt: skip
def test_nothing_is_left_of_what_is_not_whole(  # noqa: PLR0917  one for each column of the table
    server: Server, connect: Connect, lane: Lane, root: str, respond: Any, says: str
) -> None:
    server.respond = respond
    conn_id = connect(server.url, max_attempts=1, max_file_bytes=2000)

    with pytest.raises(Exception, match=says):
        lane(HttpGetOperator, http_conn_id=conn_id, save_to=f"{root}/a.pdf")
    assert files(root) == []


def test_a_second_attempt_saves_the_whole(server: Server, connect: Connect, lane: Lane, root: str) -> None:
    server.respond = in_turn(broken_off, pdf())

    body = lane(HttpGetOperator, http_conn_id=connect(server.url), save_to=f"{root}/a.pdf")["body"]

    assert body["size"] == len(PDF)
    assert len(files(root)) == 1


def test_a_place_that_cannot_be_written_is_named(
    server: Server, connect: Connect, lane: Lane, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(Exception, match=r"file/a\.pdf cannot be written: .*; the request was carried out"):
        lane(HttpGetOperator, http_conn_id=connect(server.url), save_to=f"{tmp_path}/file/a.pdf")


# Without save_to


@pytest.fixture
def storage_path(monkeypatch: pytest.MonkeyPatch, root: str) -> str:
    monkeypatch.setenv("AIRFLOW__HOOKLINE__STORAGE_PATH", root)
    return root


def test_what_is_no_text_goes_to_the_storage_path(
    server: Server, connect: Connect, lane: Lane, storage_path: str
) -> None:
    server.respond = pdf('attachment; filename="a.pdf"')

    body = lane(HttpGetOperator, http_conn_id=connect(server.url))["body"]

    assert body["path"].endswith("/out/answers/dag/run/call/a.pdf")
    assert len(files(storage_path)) == 1


def test_text_is_not_saved(server: Server, connect: Connect, lane: Lane, storage_path: str) -> None:
    server.respond = json_answer([1])

    assert lane(HttpGetOperator, http_conn_id=connect(server.url))["body"] == [1]
    assert files(storage_path) == []


def test_what_was_saved_can_be_sent(server: Server, connect: Connect, lane: Lane, bucket: str) -> None:
    server.respond = pdf()
    conn_id = connect(server.url)
    saved = lane(HttpGetOperator, http_conn_id=conn_id, save_to=f"{bucket}/a.pdf")

    lane(
        HttpPostOperator, http_conn_id=conn_id, body_type="form_data", native=True,
        conf={"data": saved}, body={"file": Attachment("{{ dag_run.conf['data'] }}", name="b.pdf")},
    )  # fmt: skip

    assert PDF in server.got[1].body
    assert b'filename="b.pdf"' in server.got[1].body
