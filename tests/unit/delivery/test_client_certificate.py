"""A receiver that knows its senders by the certificates they show."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest

from hookline.delivery.settings import Settings
from hookline.outbox.models import DEAD, DELIVERED
from tests.authority import Authority
from tests.unit.delivery.conftest import Connect
from tests.unit.delivery.receiver import Receiver, receiving
from tests.unit.delivery.running import add, all_in, attempts, row, run
from tests.unit.outbox.messages import message

pytestmark = pytest.mark.usefixtures("outbox")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    made = Authority()
    (tmp_path / "authority.pem").write_bytes(made.certificate)
    return made


@pytest.fixture
def receiver(tmp_path: Path, authority: Authority) -> Iterator[Receiver]:
    """A receiver that takes nothing from who shows no certificate of the authority."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tmp_path / "authority.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(authority.server(tmp_path))
    with receiving(context) as running:
        yield running


@pytest.mark.parametrize("shown", ["of the authority", "of another one", "none"])
def test_a_delivery_shows_the_certificate_of_its_connection(
    receiver: Receiver, connect: Connect, tmp_path: Path, authority: Authority, shown: str
) -> None:
    issuer = authority if shown == "of the authority" else Authority("CN=Another")
    own = tmp_path / "own.pem"
    own.write_bytes(issuer.issue("CN=airflow")[1])
    certificate = {} if shown == "none" else {"client_cert": str(own)}
    connect(verify=str(tmp_path / "authority.pem"), **certificate)
    add(message())

    run(all_in(DELIVERED, DEAD), Settings(schedule=()))

    known = shown == "of the authority"
    assert row().state == (DELIVERED if known else DEAD)
    assert len(receiver.sent) == int(known)
    assert "PRIVATE KEY" not in "".join(map(str, (*attempts()[0], *row())))
