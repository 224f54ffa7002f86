"""Connections of requests that go to checked addresses only. Imported when the first call is made."""

from __future__ import annotations

import http.client
import logging
import socket
import time
from typing import Any

import requests.adapters
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.ssl_ import create_urllib3_context
from urllib3.util.timeout import _DEFAULT_TIMEOUT

from hookline.http import egress
from hookline.http.deadline import Socket, TlsSocket, bounded
from hookline.http.egress import Network


class _WithoutQuery(logging.Filter):
    """urllib3 writes the whole address at DEBUG, and a query may hold a key."""

    def filter(self, record: logging.LogRecord) -> bool:
        if bounded() and isinstance(record.args, tuple):
            record.args = tuple(one.partition("?")[0] if isinstance(one, str) else one for one in record.args)
        return True


logging.getLogger("urllib3.connectionpool").addFilter(_WithoutQuery())


def dial(host: str, port: int, networks: tuple[Network, ...] | None, timeout: float) -> socket.socket:
    """Connect to ``host``, to the first of its addresses that answers.

    :param networks: that may be connected to besides public ones; None does not check.
    :param timeout: for all addresses together, in seconds.
    :raises EgressRefused: an address may not be connected to; none is tried.
    :raises OSError: no address answers; ``socket.gaierror`` if there is none.
    """
    deadline = time.monotonic() + timeout
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    if networks is not None:
        egress.checked(host, [str(sockaddr[0]) for *_, sockaddr in found], networks)
    failed: OSError = OSError(f"{host} has no address")
    for family, kind, protocol, _, sockaddr in found:
        remaining = deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError
        sock = Socket(family, kind, protocol)
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

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        """Return the pools of a proxy, whose connections are bounded as others are."""
        if proxy not in self.proxy_manager:
            if proxy.lower().startswith("https:"):
                kwargs["proxy_ssl_context"] = context = create_urllib3_context()
                context.load_default_certs()
                context.sslsocket_class = TlsSocket
            super().proxy_manager_for(proxy, **kwargs).pool_classes_by_scheme = _pools(None)
        return self.proxy_manager[proxy]

    def build_connection_pool_key_attributes(
        self, request: Any, _verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Let connections of different contexts be different connections."""
        attributes, _ = super().build_connection_pool_key_attributes(request, True)
        return attributes, {"ssl_context": cert}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Leave the pool's context as it is."""


class _FinalResponse(http.client.HTTPResponse):
    """Passes over every interim answer (RFC 9110 section 15.2); the library knows 100 only."""

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc]
            if status not in range(102, 200):
                return version, status, reason
            http.client.parse_headers(self.fp)


def _pools(networks: tuple[Network, ...] | None) -> dict[str, Any]:
    class Checked:
        response_class: Any = _FinalResponse

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
