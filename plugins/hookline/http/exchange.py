"""The limits of one exchange, alike in both lanes: what is sent, and how an answer is read."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from hookline.exceptions import ConfigurationError, NoAnswer, UnreadableAnswer
from hookline.http import failure
from hookline.http.body import Content
from hookline.http.response import Received
from hookline.protocol.decoding import BrokenEncoding, Decoder

if TYPE_CHECKING:
    from hookline.http.request import Request
    from hookline.http.sink import Sink, SinkFor
    from hookline.http.target import Target

CHUNK_BYTES = 64 * 1024


class Stream:
    """A body with files, in pieces; of its own length where that is known.

    Iterating raises ``NoAnswer`` if a file cannot be read, or is not what it was when the request was begun.
    """

    def __init__(self, request: Request, content: Content, target: Target) -> None:
        self._request = request
        self._content = content
        self._target = target

    def __iter__(self) -> Iterator[bytes]:
        count = 0
        pieces = iter(self._content)
        while True:
            try:
                chunk = next(pieces, None)
                count += len(chunk or b"")
                _require_size(count, self._target)
            except ConfigurationError as error:
                raise failure.unreadable_body(self._request, error) from None
            except OSError as error:
                reason = f"a file cannot be read ({error.strerror or type(error).__name__})"
                raise failure.unreadable_body(self._request, reason) from None
            if chunk is None:
                return
            yield chunk


class SizedStream(Stream):
    """A stream whose length is known, and sent as ``Content-Length``."""

    def __len__(self) -> int:
        return self._content.length or 0


def body(request: Request, target: Target) -> bytes | Stream | None:
    """Return what to send: bytes, or a stream where there is a file.

    :raises ConfigurationError: it is larger than ``max_request_bytes``.
    """
    content = request.body
    if content is None:
        return None
    length = content.length
    if length is not None:
        _require_size(length, target)
    data = b"" if length == 0 else content.data  # an empty stream would be sent in chunks
    if data is not None:
        return data
    return Stream(request, content, target) if length is None else SizedStream(request, content, target)


class Reading:
    """Takes one answer's body in pieces. The time it may take runs from the beginning of the exchange.

    What the sink does may take its time, so :meth:`begin`, :meth:`take`, :meth:`end` and :meth:`abort` may
    each be called on a thread, :meth:`abort` also while another one is at work.

    :param excerpt: bytes of the body that are wanted; the rest is not waited for.
    """

    def __init__(self, request: Request, target: Target, excerpt: int | None = None) -> None:
        self._request = request
        self._target = target
        self._excerpt = excerpt
        self._started = time.monotonic()
        self._sends_file = request.body is not None and request.body.has_file
        self._begun = False
        self._sink: Sink | None = None
        self._sinking = threading.Lock()
        self._aborted = False
        self._content = bytearray()
        self._size = 0
        self._saved: object = None

    def begin(self, status: int, headers: Mapping[str, str], save: SinkFor | None) -> None:
        """Take status and headers, and open the sink if there is one for them.

        :raises UndecodedAnswer: the body is encoded in a way that was not asked for.
        """
        self._begun = True
        self._status = status
        self._headers = headers
        try:
            self._decoder = Decoder(headers.get("content-encoding"), lenient=True)
        except BrokenEncoding as error:
            raise self._undecoded(error) from None
        sink = save(self._request.url, status, headers) if save else None
        with self._sinking:
            self._sink = sink
            if sink is not None and self._aborted:
                sink.abort()

    def end(self) -> None:
        """Keep a body that was saved.

        :raises UndecodedAnswer: it ends before its compression does.
        """
        try:
            if not self.enough:
                self._decoder.finish()
        except BrokenEncoding as error:
            raise self._undecoded(error) from None
        if self._sink is not None:
            self._saved = self._sink.close()

    def abort(self) -> None:
        """Leave nothing of a body that was to be saved."""
        with self._sinking:
            self._aborted = True
            if self._sink is not None:
                self._sink.abort()

    @property
    def saves(self) -> bool:
        """Whether the body goes into a sink, whose writing may take its time."""
        return self._sink is not None

    @property
    def enough(self) -> bool:
        """Whether the excerpt is complete."""
        return self._excerpt is not None and self._size >= self._excerpt

    @property
    def seconds(self) -> float:
        """How long the exchange may take."""
        target = self._target
        return target.transfer_timeout if self._transfers else target.connect_timeout + target.timeout

    @property
    def _transfers(self) -> bool:
        return self.saves or self._sends_file

    @property
    def remaining(self) -> float:
        """How long it may still take; 0 and less is over."""
        return self._started + self.seconds - time.monotonic()

    @property
    def longest(self) -> float:
        """How long it may still take if the body is saved."""
        return self._started + self._target.transfer_timeout - time.monotonic()

    def pause(self) -> float:
        """Return how long to wait for the next bytes, of the request or of the answer."""
        return min(self._target.timeout, self.remaining)

    def late(self) -> NoAnswer:
        """Return the error for an answer that did not come, or not as a whole, in time."""
        if self.remaining > 0:
            return failure.no_answer_in_time(self._request, self._target.timeout, "timeout")
        limit = "transfer_timeout" if self._transfers else "timeout"
        if not self._begun:
            return failure.no_answer_in_time(self._request, self.seconds, limit)
        return failure.incomplete(self._request, self._status, self.seconds, limit)

    def take(self, chunk: bytes) -> None:
        """Take the next piece as it came.

        :raises UnreadableAnswer: it is one too many.
        :raises NoAnswer: the time is up, or it cannot be decompressed.
        """
        try:
            for piece in self._decoder.feed(chunk):
                self._keep(piece)
                if self.enough:
                    return
        except BrokenEncoding as error:
            raise self._undecoded(error) from None

    def _undecoded(self, error: BrokenEncoding) -> NoAnswer:
        received = Received(self._status, self._headers, b"", unread=str(error))
        return failure.broken_encoding(self._request, received)

    def _keep(self, chunk: bytes) -> None:
        if self._excerpt is not None:
            chunk = chunk[: self._excerpt - self._size]
        self._size += len(chunk)
        limit = "max_file_bytes" if self._sink else "max_response_bytes"
        most: int = getattr(self._target, limit)
        if self._size > most:
            raise UnreadableAnswer(
                f"{self._request} -> {self._status}, but it is over {most} bytes; "
                f"ask for less, or raise {limit} of the Connection"
            )
        if self.remaining <= 0:
            raise self.late()
        if self._sink is None:
            self._content += chunk
        else:
            with self._sinking:
                if not self._aborted:
                    self._sink.write(chunk)

    def received(self) -> Received:
        """Return the answer."""
        return Received(self._status, self._headers, bytes(self._content), self._saved, self._size)


def _require_size(size: int, target: Target) -> None:
    if size > target.max_request_bytes:
        raise ConfigurationError(
            f"the body is over {target.max_request_bytes} bytes; send less, or raise max_request_bytes of "
            "the Connection"
        )
