"""Connections of requests that go to checked addresses only. Imported when the first call is made."""

from __future__ import annotations

import socket
import time
from typing import Any

import requests.adapters
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.timeout import _DEFAULT_TIMEOUT

from hookline.http import egress
from hookline.http.egress import Network


def dial(host: str, port: int, networks: tuple[Network, ...], timeout: float) -> socket.socket:
    """Connect to ``host``, to the first of its addresses that answers.

    :param timeout: for all addresses together, in seconds.
    :raises EgressRefused: an address may not be connected to; none is tried.
    :raises OSError: no address answers; ``socket.gaierror`` if there is none.
    """
    deadline = time.monotonic() + timeout
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    egress.checked(host, [str(sockaddr[0]) for *_, sockaddr in found], networks)
    failed: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, sockaddr in found:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        sock = socket.socket(family, kind, protocol)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(remaining)
            sock.connect(sockaddr)
        except OSError as error:
            sock.close()
            failed = error
        else:
            return sock
    raise failed


class Adapter(requests.adapters.HTTPAdapter):
    """Dials itself, and speaks TLS by the ``ssl.SSLContext`` that it is given as ``cert``.

    Connections to a proxy are not checked: an administrator chose it.
    """

    def __init__(self, networks: tuple[Network, ...]) -> None:
        self._networks = networks
        super().__init__()

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        """Make the pools whose connections are checked."""
        manager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **kwargs)
        manager.pool_classes_by_scheme = _pools(self._networks)
        self.poolmanager = manager

    def build_connection_pool_key_attributes(
        self, request: Any, _verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Let connections of different contexts be different connections."""
        attributes, _ = super().build_connection_pool_key_attributes(request, True)
        return attributes, {"ssl_context": cert}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the pool's context as it is."""


def _pools(networks: tuple[Network, ...]) -> dict[str, Any]:
    class Checked:
        def _new_conn(self: Any) -> socket.socket:
            timeout = 60.0 if self.timeout in (None, _DEFAULT_TIMEOUT) else self.timeout
            try:
                return dial(self._dns_host, self.port, networks, timeout)
            except socket.gaierror as error:
                raise NameResolutionError(self.host, self, error) from error
            except TimeoutError as error:
                raise ConnectTimeoutError(self, f"no connection to {self.host} in time") from error
            except OSError as error:
                raise NewConnectionError(self, f"no connection: {error}") from error

    class CheckedHTTP(Checked, HTTPConnection):
        pass

    class CheckedHTTPS(Checked, HTTPSConnection):
        pass

    class HTTPPool(HTTPConnectionPool):
        ConnectionCls = CheckedHTTP

    class HTTPSPool(HTTPSConnectionPool):
        ConnectionCls = CheckedHTTPS

    return {"http": HTTPPool, "https": HTTPSPool}
