"""What verifiers ask for is fetched once, kept, bounded, and never from where it must not be."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from hookline.ingress import documents
from hookline.ingress.documents import Documents
from hookline.protocol.intake import Handshake, take
from hookline.protocol.problem import UNAUTHENTICATED, UNAVAILABLE, Rejected
from hookline.protocol.signatures.handshakes import CLOUDEVENTS
from hookline.protocol.source import Source
from tests.unit.protocol.requests import message, source
from tests.unit.protocol.webhooks import load

KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PAYPAL = next(webhook for webhook in load() if webhook.vendor == "paypal")
LOOPBACK = "127.0.0.0/8"


@dataclass
class KeyServer:
    """Serves a key set at ``/keys``, and what nobody should believe elsewhere."""

    kids: list[str] = field(default_factory=lambda: ["one"])
    asked: list[str] = field(default_factory=list)
    slow: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def jwks(self) -> bytes:
        key = json.loads(RSAAlgorithm.to_jwk(KEY.public_key()))
        return json.dumps({"keys": [{**key, "kid": kid, "alg": "RS256"} for kid in self.kids]}).encode()

    def answer(self, path: str) -> tuple[int, dict[str, str], bytes]:
        self.asked.append(path)
        if path == "/redirect":
            return 302, {"Location": "/keys"}, b""
        if path == "/large":
            return 200, {}, b" " * (documents.MAX_BYTES + 1)
        if path == "/slow":
            self.slow.wait(20)
        return (200, {}, self.jwks()) if path in ("/keys", "/slow") else (404, {}, b"")

    def source(self, path: str = "/keys") -> Source:
        url = f"http://127.0.0.1:{self.port}{path}"
        return source(auth_type="jwt", jwks_url=url, jwt_issuer="i", jwt_audience="a")


@pytest.fixture
def keys() -> Iterator[KeyServer]:
    server = KeyServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = server.answer(self.path)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Keep the test's output clean."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.port = http.server_address[1]
    thread = threading.Thread(target=http.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.slow.set()
    http.shutdown()
    thread.join()
    http.server_close()


def bearing(kid: str) -> Any:
    claims = {"iss": "i", "aud": "a", "exp": 1_790_000_060}
    return message(
        headers={"Authorization": f"Bearer {jwt.encode(claims, KEY, 'RS256', headers={'kid': kid})}"}
    )


def run(work: Any, allowed: str = LOOPBACK) -> Any:
    async def main() -> Any:
        fetcher = Documents(allowed)
        try:
            result: Coroutine[Any, Any, Any] = work(fetcher)
            return await result
        finally:
            await fetcher.close()

    return asyncio.run(main())


def unavailable(work: Any, allowed: str = LOOPBACK) -> str:
    with pytest.raises(Rejected) as raised:
        run(work, allowed)
    assert raised.value.problem is UNAVAILABLE
    assert int(raised.value.headers["Retry-After"]) > 0
    return raised.value.reason


def test_a_verifier_is_informed_and_judges(keys: KeyServer) -> None:
    informed = run(lambda fetcher: fetcher.informed(keys.source(), bearing("one")))
    informed.verifier.verify(bearing("one"))


def test_a_source_that_needs_nothing_stays_as_it_is() -> None:
    plain = source()
    assert run(lambda fetcher: fetcher.informed(plain, message())) is plain


def test_fifty_messages_at_once_fetch_once(keys: KeyServer) -> None:
    async def work(fetcher: Documents) -> None:
        shared = keys.source()
        await asyncio.gather(*(fetcher.informed(shared, bearing("one")) for _ in range(50)))
        await fetcher.informed(shared, bearing("one"))

    run(work)
    assert keys.asked == ["/keys"]


def test_a_new_key_is_found_and_an_unknown_one_fetches_no_more(
    keys: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(fetcher: Documents) -> None:
        await fetcher.informed(keys.source(), bearing("one"))
        keys.kids.append("two")
        monkeypatch.setattr(documents, "AGAIN", 0.0)
        informed = await fetcher.informed(keys.source(), bearing("two"))
        informed.verifier.verify(bearing("two"))
        monkeypatch.setattr(documents, "AGAIN", 30.0)
        for _ in range(10):
            with pytest.raises(Rejected) as raised:
                (await fetcher.informed(keys.source(), bearing("three"))).verifier.verify(bearing("three"))
            assert raised.value.problem is UNAUTHENTICATED

    run(work)
    assert keys.asked == ["/keys", "/keys"]


@pytest.mark.parametrize("path", ["/redirect", "/nowhere", "/large"])
def test_what_is_no_document_closes_the_door_for_a_while(keys: KeyServer, path: str) -> None:
    async def work(fetcher: Documents) -> None:
        with pytest.raises(Rejected):
            await fetcher.informed(keys.source(path), bearing("one"))
        await fetcher.informed(keys.source(path), bearing("one"))

    assert path in unavailable(work)
    assert keys.asked == [path]


def test_a_document_that_takes_too_long_closes_the_door(
    keys: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "SECONDS", 0.2)
    unavailable(lambda fetcher: fetcher.informed(keys.source("/slow"), bearing("one")))


def test_nothing_inside_is_called_unless_it_is_allowed(keys: KeyServer) -> None:
    unavailable(lambda fetcher: fetcher.informed(keys.source(), bearing("one")), allowed="")
    assert keys.asked == []


def test_a_server_that_is_away_closes_the_door(keys: KeyServer) -> None:
    keys.port = 1
    unavailable(lambda fetcher: fetcher.informed(keys.source(), bearing("one")))


def test_a_stranger_s_certificate_is_not_even_asked_for(keys: KeyServer) -> None:
    url = f"http://127.0.0.1:{keys.port}/v1/notifications/certs/CERT-1"
    request = PAYPAL.message(headers=PAYPAL.with_header("PayPal-Cert-Url", url))
    informed = run(lambda fetcher: fetcher.informed(PAYPAL.source(), request))
    with pytest.raises(Rejected) as raised:
        informed.verifier.verify(request)
    assert raised.value.problem is UNAUTHENTICATED
    assert keys.asked == []


def test_a_handshake_that_nobody_signs_needs_no_document(keys: KeyServer) -> None:
    waiting = replace(keys.source(), handshake=CLOUDEVENTS)
    asked = message(b"", {"WebHook-Request-Origin": "a.example"}, method="OPTIONS")
    informed = run(lambda fetcher: fetcher.informed(waiting, asked))
    assert isinstance(take(informed, asked), Handshake)
    assert keys.asked == []


def test_strangers_cannot_make_us_fetch_without_end(keys: KeyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def work(fetcher: Documents) -> None:
        await fetcher.informed(keys.source(), bearing("one"))
        for number in range(100):
            with pytest.raises(Rejected):
                await fetcher.informed(keys.source(f"/{number}"), bearing("one"))
        await fetcher.informed(keys.source(), bearing("one"))

    monkeypatch.setattr(documents, "PER_SECOND", 0.0)
    monkeypatch.setattr(documents, "MAX_MISSES", 5)
    run(work)
    assert len(keys.asked) == documents.BURST


def test_what_strangers_ask_of_one_source_closes_no_other(
    keys: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(fetcher: Documents) -> None:
        for number in range(100):
            with pytest.raises(Rejected):
                await fetcher.informed(keys.source(f"/{number}"), bearing("one"))
        other = replace(keys.source(), name="other")
        (await fetcher.informed(other, bearing("one"))).verifier.verify(bearing("one"))

    monkeypatch.setattr(documents, "PER_SECOND", 0.0)
    run(work)


def test_all_sources_together_cannot_make_us_fetch_without_end(
    keys: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def work(fetcher: Documents) -> None:
        for number in range(100):
            with pytest.raises(Rejected):
                await fetcher.informed(
                    replace(keys.source(f"/{number}"), name=f"source-{number}"), bearing("one")
                )

    monkeypatch.setattr(documents, "PER_SECOND", 0.0)
    monkeypatch.setattr(documents, "SOURCES", 2)
    run(work)
    assert len(keys.asked) == 2 * documents.BURST


def test_cancelling_one_request_does_not_cancel_the_others(keys: KeyServer) -> None:
    async def work(fetcher: Documents) -> Source:
        first = asyncio.create_task(fetcher.informed(keys.source("/slow"), bearing("one")))
        second = asyncio.create_task(fetcher.informed(keys.source("/slow"), bearing("one")))
        await asyncio.sleep(0)
        first.cancel()
        keys.slow.set()
        return await second

    assert run(work).verifier.outdated(bearing("one")) is False
