"""Files and large data go to object storage before their event is committed, and not without it."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import brotli
import pytest

from hookline.inbox.group_commit import GroupCommit, Overloaded
from hookline.ingress import claim_check, spool
from hookline.protocol.problem import UNAVAILABLE, Rejected
from tests.unit.ingress.conftest import SECRET, Events, Objects
from tests.unit.ingress.server import Server
from tests.unit.ingress.test_answers import problem

FORM = "multipart/form-data; boundary=b"
FILE = (
    b'--b\r\nContent-Disposition: form-data; name="who"\r\n\r\nAda\r\n'
    b'--b\r\nContent-Disposition: form-data; name="doc"; filename="cv.pdf"\r\n'
    b"Content-Type: application/pdf\r\n\r\n%PDF\r\n--b--\r\n"
)
LARGE = json.dumps({"text": "a" * 400_000}).encode()


def soon(what: Callable[[], bool]) -> bool:
    """Wait for what goes on beside the answer."""
    end = time.monotonic() + 20
    while not what() and time.monotonic() < end:
        time.sleep(0.02)
    return what()


def test_a_form_s_fields_are_data_and_its_files_are_stored(
    storing: Server, events: Events, objects: Objects
) -> None:
    assert storing.post("shop/cv", FILE, Content_Type=FORM).status_code == 202
    [event] = events()
    [file] = event["hookline"]["files"]
    assert event["data"] == {"who": "Ada"}
    assert [f"file://{path}" for path in objects()] == [file["path"]]
    assert objects()[0].read_bytes() == b"%PDF"


def test_a_body_of_another_type_is_a_file(storing: Server, events: Events, objects: Objects) -> None:
    body = bytes(range(256)) * 4000
    assert storing.post("shop/x", body, Content_Type="application/zip").status_code == 202
    [file] = events()[0]["hookline"]["files"]
    assert (file["size"], file["sha256"]) == (len(body), hashlib.sha256(body).hexdigest())
    assert objects()[0].read_bytes() == body


COMPRESS: dict[str, Callable[[bytes], bytes]] = {
    "identity": bytes,
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
}


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("coding", COMPRESS)
def test_large_data_is_stored_as_the_sender_wrote_it(
    storing: Server, events: Events, objects: Objects, coding: str, chunked: bool
) -> None:
    body = COMPRESS[coding](LARGE)
    parts = (body[at : at + 50_000] for at in range(0, len(body), 50_000))
    assert storing.post("shop/x", parts if chunked else body, Content_Encoding=coding).status_code == 202
    [event] = events()
    [path] = objects()
    assert event["hookline"]["dataref"]["path"] == event["data"]["dataref"] == f"file://{path}"
    assert path.read_bytes() == LARGE


def test_a_large_body_s_signature_is_checked_as_it_arrived(
    storing: Server, events: Events, objects: Objects
) -> None:
    body = gzip.compress(LARGE, 0)
    sign = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Encoding": "gzip", "X-Signature": sign}
    assert storing.post("signed/x", body, **headers).status_code == 202
    problem(storing.post("signed/x", body[:-1] + b"\1", **headers), 401, "unauthenticated")
    assert len(objects()) == len(events()) == 1


def test_nothing_is_decompressed_before_the_sender_is_known(storing: Server) -> None:
    problem(storing.post("signed/x", b"no gzip", Content_Encoding="gzip"), 401, "unauthenticated")


@pytest.mark.parametrize(
    ("body", "kind"), [(b"%PDF", "application/pdf"), (FILE, FORM)], ids=["a file", "a form with a file"]
)
def test_without_storage_files_are_refused_with_what_to_set(
    server: Server, events: Events, body: bytes, kind: str
) -> None:
    refusal = problem(server.post("shop/x", body, Content_Type=kind), 413, "too-large")
    assert "[hookline] storage_path" in refusal["detail"]
    assert events() == []


def test_without_storage_256_kib_are_the_limit_whatever_is_set(
    settings: pytest.MonkeyPatch, database_file: Path
) -> None:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AIRFLOW__HOOKLINE__MAX_BODY_BYTES", "26214400")
        with Server() as server:
            assert server.post("shop/x", b'"' + b"a" * 262_142 + b'"').status_code == 202
            refusal = problem(server.post("shop/x", LARGE), 413, "too-large")
    assert "[hookline] storage_path" in refusal["detail"]


def test_the_objects_of_a_duplicate_are_removed_and_the_first_s_stay(
    storing: Server, objects: Objects
) -> None:
    assert storing.post("shop/x", LARGE, X_Id="17").status_code == 202
    kept = objects()
    again = storing.post("shop/x", LARGE, X_Id="17")
    assert (again.status_code, again.json()["duplicate"]) == (200, True)
    assert soon(lambda: objects() == kept)


def failing(error: Exception) -> Callable[..., Any]:
    async def store_all(_self: GroupCommit, _events: Any) -> Any:
        raise error

    return store_all


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (Overloaded(), "was not stored"),
        (OSError("away"), "may have been stored"),
        (TimeoutError(), "may have been stored"),
    ],
    ids=repr,
)
def test_the_objects_of_an_event_that_is_not_stored_are_removed(
    storing: Server, objects: Objects, monkeypatch: pytest.MonkeyPatch, error: Exception, says: str
) -> None:
    monkeypatch.setattr(claim_check, "LOOKS", (0.05, 0.05))
    monkeypatch.setattr(GroupCommit, "store_all", failing(error))
    response = storing.post("shop/x", LARGE)
    problem(response, 503, "unavailable")
    assert says in response.json()["detail"]
    assert soon(lambda: objects() == [])


def test_an_event_that_was_stored_after_all_keeps_its_objects(
    storing: Server, events: Events, objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []
    store_all = GroupCommit.store_all
    remove = claim_check._remove_unknown

    async def stored_but_lost(self: GroupCommit, events: Any) -> Any:
        await store_all(self, events)
        raise OSError("the connection broke after the commit")

    def counted(accepted: Any) -> None:
        remove(accepted)
        looked.append(accepted)

    monkeypatch.setattr(claim_check, "LOOKS", (0.05, 0.05))
    monkeypatch.setattr(GroupCommit, "store_all", stored_but_lost)
    monkeypatch.setattr(claim_check, "_remove_unknown", counted)
    problem(storing.post("shop/x", LARGE), 503, "unavailable")
    assert soon(lambda: bool(looked))
    assert len(objects()) == len(events()) == 1


def test_storage_that_cannot_be_written_is_unavailable(
    storing: Server, events: Events, storage: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (storage / "events").mkdir(exist_ok=True)
    for path in (storage / "events").iterdir():
        path.rename(storage / f"moved-{time.time_ns()}")
    (storage / "events/shop").write_text("a file where a folder is needed")
    response = storing.post("shop/x", LARGE)
    (storage / "events/shop").unlink()
    problem(response, 503, "unavailable")
    assert response.headers["retry-after"]
    assert events() == []
    assert "Traceback" not in "".join(capfd.readouterr())


def test_temporary_files_are_bounded_and_given_back() -> None:
    disk = spool.Disk(1000)
    for _ in range(2):
        with spool.Spools(disk) as spools:
            spools.new().write(b"a" * 900)
            with pytest.raises(Rejected, match="as much as they may") as raised:
                spools.new().write(b"a" * 200)
        assert raised.value.problem is UNAVAILABLE


def test_a_disk_that_cannot_be_written_is_unavailable(
    storing: Server, events: Events, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    problem(storing.post("shop/x", LARGE), 503, "unavailable")
    assert events() == []
