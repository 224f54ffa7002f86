"""The public application behind a real HTTP server on loopback."""

from __future__ import annotations

import socket
import threading
import time
from types import TracebackType
from typing import Any

import httpx
import uvicorn

from hookline.server import create_app


class Server:
    """Serves ``/hooks`` while it is entered.

    :param http: uvicorn's parser, ``h11`` or ``httptools``.
    """

    def __init__(self, http: str = "h11", app: Any = None) -> None:
        self.app = app or create_app(prefix="/hooks", loops=False)
        config = uvicorn.Config(
            self.app,
            port=0,
            http=http,  # type: ignore[arg-type]
            loop="asyncio",
            lifespan="on",
            log_config=None,
            access_log=False,
            proxy_headers=False,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, name="server")

    def __enter__(self) -> Server:
        self._thread.start()
        while not self._server.started:
            assert self._thread.is_alive(), "the server ended while it was starting"
            time.sleep(0.01)
        self.port = self._server.servers[0].sockets[0].getsockname()[1]
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{self.port}/hooks", timeout=30)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.client.close()
        self._server.should_exit = True
        self._thread.join()

    def post(self, path: str, content: Any = b"{}", **headers: str) -> httpx.Response:
        """Send one event to ``/hooks/in/{path}``."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.post(f"/in/{path}", content=content, headers=fields)

    def connect(self) -> socket.socket:
        """Return a bare connection, for what no HTTP client would send."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)
