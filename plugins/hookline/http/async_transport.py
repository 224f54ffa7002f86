"""Exchanging one request for its answer with httpx, on an event loop.

httpx's transport is used without ``httpx.AsyncClient``: no redirects, cookies, ``.netrc`` and no reading of
the environment. The connection goes to the address that was checked; the name goes into ``Host`` and, by
httpx's ``sni_hostname``, into TLS, which verifies the certificate against it.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Any, Self, cast

from hookline.http import egress, environment, exchange, failure, headers, tls
from hookline.http.redirect import origin_of
from hookline.http.request import Request
from hookline.http.response import Received
from hookline.http.target import Target
from hookline.http.url import Origin

if TYPE_CHECKING:
    import ssl
    from concurrent.futures import Executor

    import httpx

    from hookline.http.sink import SinkFor

MOST = 100
"""Connections to one server."""


class AsyncTransport:
    """Keeps connections open between calls, as an asynchronous context manager.

    :param lookups: threads that look up names; the event loop's own by default.
    :param idle: connections to one server that stay open while nothing is sent.
    """

    def __init__(self, lookups: Executor | None = None, idle: int = 20) -> None:
        self._lookups = lookups
        self._idle = idle
        self._transports: dict[tuple[Origin, ssl.SSLContext, str | None], httpx.AsyncHTTPTransport] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exception: object) -> None:
        for transport in self._transports.values():
            await transport.aclose()
        self._transports.clear()

    async def send(
        self, request: Request, target: Target, save: SinkFor | None = None, *, excerpt: int | None = None
    ) -> Received:
        """Send ``request``; does and raises what :meth:`hookline.http.transport.Transport.send` does.

        :param excerpt: bytes of the answer's body that are wanted; None for all.
        """
        import httpx

        reading = exchange.Reading(request, target, excerpt)
        try:
            async with asyncio.timeout(reading.seconds) as limit:
                response = await self._opened(request, target)
                try:
                    await self._read(response, reading, save, limit)
                finally:
                    await response.aclose()
        except httpx.ProxyError:
            raise failure.proxy_failed(request) from None
        except (httpx.ConnectTimeout, _NoConnectionInTime):
            raise failure.no_connection_in_time(request, target) from None
        except (httpx.ReadTimeout, httpx.WriteTimeout, TimeoutError):
            raise reading.late() from None
        except (httpx.InvalidURL, httpx.LocalProtocolError):
            raise failure.unsendable(request) from None
        except httpx.ConnectError as error:
            raise failure.broken(request, error, connected=False) from None
        except (httpx.HTTPError, OSError) as error:
            raise failure.broken(request, error) from None
        return reading.received()

    async def _read(
        self,
        response: httpx.Response,
        reading: exchange.Reading,
        save: SinkFor | None,
        limit: asyncio.Timeout,
    ) -> None:
        fields = headers.received(response.headers.raw)
        if save is None:
            reading.begin(response.status_code, fields, None)
            await self._take(response, reading)
            reading.end()
            return
        try:
            now = asyncio.get_running_loop().time
            limit.reschedule(now() + reading.longest)  # opening a file is no time of the other side's
            await asyncio.to_thread(reading.begin, response.status_code, fields, save)
            limit.reschedule(now() + reading.remaining)
            await self._take(response, reading)
            await asyncio.to_thread(reading.end)
        except BaseException:
            await asyncio.to_thread(reading.abort)
            raise

    @staticmethod
    async def _take(response: httpx.Response, reading: exchange.Reading) -> None:
        async for chunk in cast("AsyncIterator[bytes]", response.stream):
            if reading.saves:
                await asyncio.to_thread(reading.take, chunk)
            else:
                reading.take(chunk)
            if reading.enough:
                return

    async def _opened(self, request: Request, target: Target) -> httpx.Response:
        import httpx

        origin = origin_of(request)
        proxy = environment.proxy(target, request.url)
        if proxy:
            egress.require_name(origin.host, target.allowed_networks)
            hosts = [origin.host]
        else:
            hosts = await self._addresses(origin, target)
        transport = self._transport(origin, target, proxy)
        failed: httpx.ConnectError | None = None
        for host in hosts:
            try:
                return await transport.handle_async_request(
                    _built(request, target, origin, host, proxied=bool(proxy))
                )
            except httpx.ConnectError as error:
                failed = error
        raise failed or OSError(f"{origin.host} has no address")

    def _transport(self, origin: Origin, target: Target, proxy: str | None) -> httpx.AsyncHTTPTransport:
        import httpx

        # By origin: connections are pooled by address, and two names may share one.
        key = (origin, tls.context(target), proxy)
        if key not in self._transports:
            self._transports[key] = httpx.AsyncHTTPTransport(
                verify=key[1],
                trust_env=False,
                proxy=httpx.Proxy(proxy) if proxy else None,
                limits=httpx.Limits(max_connections=MOST, max_keepalive_connections=self._idle),
            )
        return self._transports[key]

    async def _addresses(self, origin: Origin, target: Target) -> list[str]:
        literal = egress.literal(origin.host)
        if literal is not None:
            return egress.checked(origin.host, [literal], target.allowed_networks)
        look_up = partial(socket.getaddrinfo, origin.host, origin.port, type=socket.SOCK_STREAM)
        try:
            async with asyncio.timeout(target.connect_timeout):
                found = await asyncio.get_running_loop().run_in_executor(self._lookups, look_up)
        except TimeoutError:
            raise _NoConnectionInTime from None
        return egress.checked(
            origin.host, [str(sockaddr[0]) for *_, sockaddr in found], target.allowed_networks
        )


class _NoConnectionInTime(Exception):
    """The name was not looked up in time."""


def _built(request: Request, target: Target, origin: Origin, host: str, *, proxied: bool) -> httpx.Request:
    import httpx

    body = exchange.body(request, target)
    fields = {"Host": str(origin).partition("://")[2], **request.headers}
    content: Any = None
    if isinstance(body, bytes):
        content = body
        fields["Content-Length"] = str(len(body))
    elif isinstance(body, exchange.SizedStream):
        content = _pieces(body)
        fields["Content-Length"] = str(len(body))
    elif body is not None:
        content = _pieces(body)
        fields["Transfer-Encoding"] = "chunked"
    elif request.method not in {"GET", "HEAD"}:
        fields["Content-Length"] = "0"
    path = request.url.partition("://")[2].partition("/")[2]
    return httpx.Request(
        request.method,
        httpx.URL(scheme=origin.scheme, host=host, port=origin.port, raw_path=f"/{path}".encode("ascii")),
        headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in fields.items()],
        content=content,
        extensions={
            **({} if proxied else {"target": f"/{path}".encode("ascii")}),  # httpx would quote more
            "sni_hostname": origin.host,
            "timeout": {
                "connect": target.connect_timeout,
                "read": target.timeout,
                "write": target.timeout,
                "pool": target.timeout,
            },
        },
    )


async def _pieces(body: exchange.Stream) -> AsyncIterator[bytes]:
    pieces = iter(body)
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece
