"""From an ASGI scope and its stream to a :class:`~hookline.protocol.message.Message`, within bounds."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Awaitable, Callable, Coroutine, Generator, MutableMapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Any

from hookline.protocol.bounds import Bounds
from hookline.protocol.claims import INLINE_BYTES
from hookline.protocol.extent import Content, Extent
from hookline.protocol.message import Headers, Message
from hookline.protocol.problem import HEADERS_TOO_LARGE, MALFORMED, TIMED_OUT, Rejected

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

HEAD_BYTES = 64 * 1024
HEAD_FIELDS = 200
DISCARD_BYTES = 1024 * 1024
DISCARD_SECONDS = 1.0
IN = b"/hooks/in/"


class Disconnected(Exception):
    """The client went away before its request was complete."""


class Stream:
    """The body of a request, while it arrives.

    :param receive: the ASGI server's.
    """

    __slots__ = ("_receive", "complete")

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.complete = False

    async def read(self) -> bytes:
        """Return the next part; empty parts are possible.

        :raises Disconnected: the client went away.
        """
        part = await self._receive()
        if part["type"] == "http.disconnect":
            raise Disconnected
        self.complete = not part.get("more_body", False)
        return part.get("body", b"")  # type: ignore[no-any-return]

    async def disconnected(self) -> None:
        """Return when the client has gone away; after the whole request was read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def discard(self) -> None:
        """Drop what is still to come, at most 1 MiB and 1 s of it.

        A connection that is closed while its client sends is reset, and the answer is lost with it.

        :raises Disconnected: the client went away.
        """
        left = DISCARD_BYTES
        with suppress(TimeoutError):
            async with asyncio.timeout(DISCARD_SECONDS):
                while not self.complete and left > 0:
                    left -= len(await self.read())


def address(scope: Scope, room: bytes = IN) -> tuple[str, str]:
    """Return the source's name and the event path, still percent-encoded, of a request's target.

    The raw target is read, not the decoded path: an encoded slash is part of a segment.
    """
    raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
    target = raw.partition(b"?")[0].partition(room)[2].decode("latin-1")
    source, _, event_path = target.partition("/")
    return source, event_path.removesuffix("/")


def mount(scope: Scope, room: bytes = IN) -> str:
    """Return what the request's target has before ``/hooks``: the path under which Airflow is served."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
    path = raw.partition(b"?")[0].partition(room)[0].decode("latin-1").strip("/")
    return f"/{path}" if path else ""


def check_head(scope: Scope) -> None:
    """Refuse a request with more than 200 header fields, or whose target and fields are over 64 KiB.

    :raises Rejected: they are; not every ASGI server bounds them.
    """
    if len(scope["headers"]) > HEAD_FIELDS:
        raise Rejected(HEADERS_TOO_LARGE, f"A request may have {HEAD_FIELDS} header fields.")
    size = len(scope.get("raw_path") or b"") + len(scope["query_string"])
    if size + sum(map(len, chain.from_iterable(scope["headers"]))) > HEAD_BYTES:
        raise Rejected(HEADERS_TOO_LARGE, f"Target and header fields may take {HEAD_BYTES} bytes in all.")


async def read(scope: Scope, stream: Stream, *, event_path: str, bounds: Bounds, seconds: float) -> Message:
    """Receive the whole request; a body over 256 KiB goes into a temporary file while it arrives.

    :param bounds: its bound counts while the body arrives.
    :param seconds: limit of the time it takes to arrive.
    :raises Rejected: too large, too slow, or not readable.
    :raises Disconnected: the client went away.
    """
    headers = Headers(scope["headers"])
    declared = headers.get("content-length") or ""
    if declared.isdecimal() and int(declared[:20]) > bounds.max_bytes:
        raise bounds.too_large()
    reading = _body(stream, bounds)
    try:
        first = reading.send(None)
    except (
        StopIteration
    ) as end:  # it came with its head, as most do: a timer would cost as much as parsing it
        body = end.value
    else:
        try:
            async with asyncio.timeout(seconds):
                body = await _resumed(reading, first)
        except TimeoutError:
            raise Rejected(TIMED_OUT, f"The request did not arrive within {seconds:g} s.") from None
    host = headers.get("host") or ""
    raw_path = (scope.get("raw_path") or b"").partition(b"?")[0].decode("latin-1")
    try:
        query = scope["query_string"].decode("ascii")
    except UnicodeDecodeError:
        raise Rejected(MALFORMED, "The query string is not percent-encoded.") from None
    return Message(
        method=scope["method"],
        url=f"{scope['scheme']}://{host}{raw_path}" + (f"?{query}" if query else ""),
        event_path=event_path,
        query_string=query,
        headers=headers,
        content=body,
        received_at=datetime.now(UTC),
    )


@types.coroutine
def _resumed(begun: Coroutine[Any, Any, Content], waits_for: Any) -> Generator[Any, Any, Content]:
    """Await a coroutine that was begun already, and waits."""
    while True:
        try:
            value = yield waits_for
        except BaseException as error:  # noqa: BLE001  the coroutine's affair, as with any await
            step = partial(begun.throw, error)
        else:
            step = partial(begun.send, value)
        try:
            waits_for = step()
        except StopIteration as end:
            content: Content = end.value
            return content


async def _body(stream: Stream, bounds: Bounds) -> Content:
    chunks: list[bytes] = []
    size = 0
    file = None
    while not stream.complete:
        chunk = await stream.read()
        size += len(chunk)
        if size > bounds.max_bytes:
            raise bounds.too_large()
        if file is None and size > INLINE_BYTES:
            file = bounds.spool()
            file.writelines(chunks)
            chunks.clear()
        if file is not None:
            file.write(chunk)
        elif chunk:
            chunks.append(chunk)
    return b"".join(chunks) if file is None else Extent(file, 0, size)
