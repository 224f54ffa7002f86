"""TLS in the gateway itself: certificates that change, and clients that have one."""

from __future__ import annotations

import base64
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from demo.ports import LOOPBACK
from tests.authority import Authority
from tests.integration.gateway import Gateway

PARTNER = "CN=partner,O=Partner Inc"
SOURCE = {"conn_type": "webhook", "extra": {"auth_type": "none", "client_cert_subject": PARTNER}}


class Secured:
    """A gateway with TLS, and what its clients know of it.

    :param folder: of its files, of which ``server.pem`` is the certificate with its key.
    """

    def __init__(self, gateway: Gateway, folder: Path, authority: Authority) -> None:
        self.gateway = gateway
        self.file = folder / "server.pem"
        self.folder = folder
        self.authority = authority

    def client(self, pem: bytes | None = None) -> httpx.Client:
        context = ssl.create_default_context(cadata=self.authority.certificate.decode())
        if pem is not None:
            file = self.folder / "client.pem"
            file.write_bytes(pem)
            context.load_cert_chain(file)
        return httpx.Client(
            base_url=f"https://{LOOPBACK}:{self.gateway.port}/hooks", verify=context, trust_env=False
        )

    def serial(self) -> int:
        """Return the serial number of the certificate that a new connection meets."""
        pem = ssl.get_server_certificate((LOOPBACK, self.gateway.port), timeout=20)
        return x509.load_pem_x509_certificate(pem.encode()).serial_number

    def told(self, sentence: str) -> int:
        """Return how often the log has a sentence."""
        return self.gateway.log.read_text().count(sentence)

    def send(self, pem: bytes | None, **headers: str) -> int:
        with self.client(pem) as client:
            fields = {name.replace("_", "-"): value for name, value in headers.items()}
            return client.post("/in/partner", json={}, headers=fields).status_code


def _serial(file: Path) -> int:
    return x509.load_pem_x509_certificate(file.read_bytes()).serial_number


@pytest.fixture(scope="module")
def secured(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority()
    file = authority.server(folder)
    authorities = folder / "authorities.pem"
    authorities.write_bytes(authority.certificate)
    sources = {**environment, "AIRFLOW_CONN_PARTNER": json.dumps(SOURCE)}
    options = ("--ssl-certfile", str(file), "--ssl-ca-certs", str(authorities), "--header-timeout", "2")
    with Gateway(sources, folder / "log", *options, ready=False) as gateway:
        made = Secured(gateway, folder, authority)

        def ready() -> bool:
            try:
                with made.client() as client:
                    return client.get("/health").status_code == 200
            except httpx.TransportError:
                return False

        gateway.wait(ready)
        yield made
        assert gateway.terminate() == 0
        assert "Traceback" not in gateway.log.read_text()


def test_the_expected_client_is_let_in(secured: Secured) -> None:
    assert secured.send(secured.authority.issue(PARTNER)[1]) == 202


@pytest.mark.parametrize("subject", ["CN=other,O=Partner Inc", None], ids=["another", "none"])
def test_no_other_client_is(secured: Secured, subject: str | None) -> None:
    assert secured.send(secured.authority.issue(subject)[1] if subject else None) == 401


def test_a_certificate_of_a_strange_authority_ends_the_handshake(secured: Secured) -> None:
    with pytest.raises(httpx.TransportError):
        secured.send(Authority("CN=Stranger").issue(PARTNER)[1])


def test_a_client_cannot_forward_a_certificate(secured: Secured) -> None:
    partner = secured.authority.issue(PARTNER)[0].public_bytes(Encoding.DER)
    forwarded = f":{base64.b64encode(partner).decode()}:"

    assert secured.send(None, Client_Cert=forwarded, X_Forwarded_For="127.0.0.1") == 401


def test_a_new_certificate_is_used_for_new_connections(secured: Secured) -> None:
    with secured.client() as before:
        assert before.get("/health/live").status_code == 200
        secured.authority.server(secured.folder)
        secured.gateway.wait(lambda: secured.serial() == _serial(secured.file))

        assert before.get("/health/live").status_code == 200
    with secured.client() as after:
        assert after.get("/health/live").status_code == 200
    assert secured.send(secured.authority.issue(PARTNER)[1]) == 202


def test_files_that_cannot_be_used_leave_the_old_certificate(secured: Secured) -> None:
    kept = secured.serial()
    good = secured.file.read_bytes()
    for broken in (b"nonsense", good[:300], secured.authority.certificate):
        told = secured.gateway.log.read_text().count("the old one stays")
        secured.file.write_bytes(broken)
        secured.gateway.wait(
            lambda told=told: secured.gateway.log.read_text().count("the old one stays") > told
        )

        assert secured.serial() == kept
    secured.file.write_bytes(good)


def test_a_handshake_is_waited_for_no_longer_than_a_head(secured: Secured) -> None:
    with socket.create_connection((LOOPBACK, secured.gateway.port), timeout=20) as connection:
        assert connection.recv(1) == b""


def resume(secured: Secured, context: ssl.SSLContext, session: ssl.SSLSession | None) -> ssl.SSLSocket:
    """Return a connection whose handshake is over, after one answer."""
    connection = socket.create_connection((LOOPBACK, secured.gateway.port), timeout=20)
    encrypted = context.wrap_socket(connection, server_hostname=LOOPBACK, session=session)
    encrypted.sendall(b"GET /hooks/health/live HTTP/1.1\r\nHost: test\r\n\r\n")
    if not encrypted.recv(1000):
        encrypted.close()
        raise ConnectionResetError
    return encrypted


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_session_does_not_outlive_the_authority_it_was_believed_for(
    secured: Secured, version: ssl.TLSVersion
) -> None:
    authorities = secured.folder / "authorities.pem"
    file = secured.folder / "client.pem"
    file.write_bytes(secured.authority.issue(PARTNER)[1])
    context = ssl.create_default_context(cadata=secured.authority.certificate.decode())
    context.load_cert_chain(file)
    context.maximum_version = version
    with resume(secured, context, None) as first:
        session = first.session

    try:
        read = secured.told("was read again")
        authorities.write_bytes(Authority("CN=Successor").certificate)
        secured.gateway.wait(lambda: secured.told("was read again") > read)
        for _ in range(2):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                resume(secured, context, session)
    finally:
        read = secured.told("was read again")
        authorities.write_bytes(secured.authority.certificate)
        secured.gateway.wait(lambda: secured.told("was read again") > read)


def test_an_authority_that_was_taken_out_is_no_longer_believed(secured: Secured) -> None:
    successor = Authority("CN=Successor")
    read = secured.told("was read again")
    (secured.folder / "authorities.pem").write_bytes(successor.certificate)
    secured.gateway.wait(lambda: secured.told("was read again") > read)

    assert secured.send(successor.issue(PARTNER)[1]) == 202
    with pytest.raises(httpx.TransportError):
        secured.send(secured.authority.issue(PARTNER)[1])
