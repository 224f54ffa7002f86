"""Providers that hang: the others are served, and the process ends."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from hookline.tokens import keeper as keepers
from hookline.tokens.keeper import Keeper
from tests.unit.tokens.conftest import Provider, companion, connection, demand

pytestmark = pytest.mark.usefixtures("tokens")
MACHINE = {"grant": "client_credentials", "oauth_authorize_url": None}
TOKEN = b'{"access_token": "access-1", "token_type": "Bearer"}'


@pytest.fixture
def hanging(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Connections whose provider never ends its head; another path answers."""
    end = threading.Event()

    def respond(handler: BaseHTTPRequestHandler) -> None:
        if handler.path == "/hangs":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not end.wait(0.05):
                handler.wfile.write(b"a")
            return
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(TOKEN)))
        handler.end_headers()
        handler.wfile.write(TOKEN)

    provider.answers.append(respond)
    names = [f"hangs_{number}" for number in range(8)]
    for name in names:
        fields = connection(provider.url, **MACHINE, timeout=20, oauth_exchange_url=f"{provider.url}/hangs")
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))
        demand("none", name)
    try:
        yield names
    finally:
        end.set()


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(15):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.02)


def test_others_are_served_and_the_end_is_bounded(
    hanging: list[str], crm: Callable[..., str], provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    crm(**MACHINE)
    monkeypatch.setattr(keepers, "STOP_SECONDS", 0.3)

    async def run() -> float:
        keeper = asyncio.create_task(Keeper(0.05).run())
        await _until(lambda: len(provider.forms) == len(hanging))
        await asyncio.to_thread(demand, "none")
        await _until(lambda: companion() is not None)
        started = time.monotonic()
        keeper.cancel()
        await asyncio.wait([keeper], timeout=10)
        assert keeper.done()
        return time.monotonic() - started

    assert asyncio.run(run()) < 3
