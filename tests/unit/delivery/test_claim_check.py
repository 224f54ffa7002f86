"""A message that is too large to be sent goes into object storage, and a reference to its receiver."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk.io.store import attach
from fsspec.implementations.local import LocalFileSystem
from standardwebhooks import Webhook

from hookline.delivery import claim_check
from hookline.outbox.models import DEAD, DELIVERED
from tests.unit.delivery.conftest import Connect
from tests.unit.delivery.receiver import Answer, Receiver
from tests.unit.delivery.running import QUICK, add, all_in, attempts, endpoint, row, run
from tests.unit.outbox.messages import NOW, message

pytestmark = pytest.mark.usefixtures("outbox")
LARGE = {"type": "step.completed", "data": {"text": "a" * 2000}}
TEXT = json.dumps(LARGE, separators=(",", ":")).encode()
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SMALL = replace(QUICK, most_bytes=1000)


class Signing(LocalFileSystem):
    """A file system that signs addresses, as those of S3, Google Cloud Storage and Azure do."""

    def sign(self, path: str, expiration: int = 100, **_: Any) -> str:
        return f"https://storage.example/{path.rpartition('/')[2]}?expires={expiration}"


@pytest.fixture
def signing(tmp_path: Path) -> str:
    attach(protocol="file", conn_id="signing", fs=Signing())
    return f"file://signing@{tmp_path}"


def test_its_receiver_gets_a_reference_by_which_it_can_be_found(
    receiver: Receiver, connect: Connect, tmp_path: Path
) -> None:
    connect(password=SECRET, auth_type="standard_webhooks")
    receiver.answer = lambda sent: Answer(
        503 if [one.id for one in receiver.sent].count(sent.id) == 1 else 200
    )
    add(message(payload=LARGE), message(1))
    run(all_in(DELIVERED), replace(SMALL, storage=f"file://{tmp_path}"))

    first, again = (sent for sent in receiver.sent if sent.id == "msg_00000000")
    assert first.body == again.body
    told = Webhook(SECRET).verify(again.body, again.headers)
    path = f"{tmp_path}/deliveries/{row().added_at:%Y/%m/%d}/msg_00000000.json"
    assert told == {
        "type": "step.completed",
        "timestamp": f"{NOW:%Y-%m-%dT%H:%M:%S.000000Z}",
        "data": {
            "dataref": f"file://{path}",
            "size": len(TEXT),
            "sha256": hashlib.sha256(TEXT).hexdigest(),
            "datacontenttype": "application/json",
        },
    }
    assert Path(path).read_bytes() == TEXT
    stored = tmp_path / "deliveries"
    assert [file for file in stored.rglob("*") if file.is_file()] == [Path(path)]


def test_where_the_storage_signs_addresses_the_receiver_gets_one(
    receiver: Receiver, connect: Connect, signing: str
) -> None:
    connect()
    add(message(payload=LARGE))
    run(all_in(DELIVERED), replace(SMALL, storage=signing))

    [sent] = receiver.sent
    address = json.loads(sent.body)["data"]["url"]
    assert address == "https://storage.example/msg_00000000.json?expires=86400"
    assert address not in str(row()) + str(attempts())


def test_while_the_storage_is_away_it_waits_and_its_endpoint_is_not_blamed(
    receiver: Receiver, connect: Connect, tmp_path: Path
) -> None:
    connect()
    (tmp_path / "deliveries").write_text("no folder can be made here")
    add(message(payload=LARGE))
    settings = replace(SMALL, storage=f"file://{tmp_path}", schedule=(0.05,) * 40)

    def failed() -> bool:
        return len(attempts()) >= 2

    run(failed, settings)
    assert "the storage raised" in row().reason
    assert (endpoint().failures, endpoint().state, receiver.sent) == (0, "closed", [])

    (tmp_path / "deliveries").unlink()
    run(all_in(DELIVERED), settings)
    assert len(receiver.sent) == 1


def test_there_is_a_largest_message(
    receiver: Receiver, connect: Connect, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claim_check, "MOST_BYTES", 1500)
    connect()
    add(message(payload=LARGE))
    run(all_in(DEAD), replace(SMALL, storage=f"file://{tmp_path}"))

    assert "over the 1500 bytes that any may have" in row().reason
    assert not receiver.sent
