"""A provider's answer is there in time, from connecting to the last byte, or its connection is ended.

The timeouts of requests count from one received byte to the next, so that whoever lets a header drip would
never run into one.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any, Self

from hookline.http.dialing import Adapter
from hookline.http.egress import Network


class Deadline:
    """Shuts the watched sockets down after ``seconds``; whoever reads from them wakes up.

    :param seconds: from entering the ``with`` statement.
    """

    def __init__(self, seconds: float) -> None:
        self.over = False
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._end)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._timer.cancel()
        with self._lock:
            for watched in self._sockets:
                watched.close()
            self._sockets.clear()

    def watch(self, connected: socket.socket) -> None:
        """Add a socket; a duplicate of it stays reachable when TLS takes the original over."""
        with self._lock:
            self._sockets.append(connected.dup())
            if self.over:
                self._shut()

    def _end(self) -> None:
        with self._lock:
            self.over = True
            self._shut()

    def _shut(self) -> None:
        for watched in self._sockets:
            with contextlib.suppress(OSError):
                watched.shutdown(socket.SHUT_RDWR)


class WatchedAdapter(Adapter):
    """Shows each socket to ``watch``, also those to a proxy."""

    def __init__(self, networks: tuple[Network, ...], watch: Callable[[socket.socket], None]) -> None:
        self._watch = watch
        super().__init__(networks)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools whose connections are watched."""
        super().init_poolmanager(*args, **kwargs)
        self._have_watched(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Make the pools of a proxy."""
        made = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not made:
            self._have_watched(manager)
        return manager

    def _have_watched(self, manager: Any) -> None:
        manager.pool_classes_by_scheme = {
            scheme: _watched(pool, self._watch) for scheme, pool in manager.pool_classes_by_scheme.items()
        }


def _watched(pool: Any, watch: Callable[[socket.socket], None]) -> Any:
    class Watched(pool.ConnectionCls):  # type: ignore[misc]
        def _new_conn(self) -> socket.socket:
            connected: socket.socket = super()._new_conn()
            watch(connected)
            return connected

    return type(pool.__name__, (pool,), {"ConnectionCls": Watched})
