"""Fetching what a verifier asks for: a vendor's certificate, a key set. Bounded, cached and one at a time.

Which URLs are asked for is decided in ``protocol/signatures``: the Connection's own, or a vendor's hosts.
Here they are called like everything else that is called, at public addresses only.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, replace

import structlog

from hookline.exceptions import HooklineError
from hookline.http.async_transport import AsyncTransport
from hookline.http.request import compose
from hookline.http.target import anonymous, opened
from hookline.ingress.allowance import Allowance
from hookline.protocol.message import Message
from hookline.protocol.problem import UNAVAILABLE, Rejected
from hookline.protocol.source import Source

log = structlog.get_logger(__name__)

MAX_BYTES = 256 * 1024
SECONDS = 10.0
TTL = 300.0
"""Seconds that a document is used; a key that is withdrawn is believed no longer."""
AGAIN = 30.0
"""Seconds before a document that lacks the key of a message is fetched again."""
MISS_TTL = 10.0
MAX_KEPT = 200
MAX_MISSES = 1000
PER_SECOND = 2.0
BURST = 20.0
"""Of one source; all of them together have ten times as much."""
SOURCES = 10
MAX_ALLOWANCES = 1000


@dataclass(frozen=True, slots=True)
class _Fetched:
    content: bytes | None
    at: float


class Documents:
    """Keeps documents by their URL.

    :param allowed_networks: addresses that are not public and may be called, as text with commas.
    """

    def __init__(self, allowed_networks: str = "") -> None:
        self._allowed_networks = allowed_networks
        # Apart, so that URLs which lead nowhere push out no certificate.
        self._kept: OrderedDict[str, _Fetched] = OrderedDict()
        self._missed: OrderedDict[str, _Fetched] = OrderedDict()
        self._fetching: dict[str, asyncio.Task[_Fetched]] = {}
        self._allowance = Allowance(PER_SECOND * SOURCES, BURST * SOURCES)
        # Apart, so that who asks for URLs without end at one source does not close the others.
        self._allowances: OrderedDict[str, Allowance] = OrderedDict()
        self._transport = AsyncTransport()

    async def informed(self, source: Source, message: Message) -> Source:
        """Return the source with what its verifier needs to judge the message.

        :raises Rejected: it cannot be had now.
        """
        url = source.verifier.document(message)
        if url is None:
            return source
        verifier = source.verifier.informed(await self._get(source.name, url, TTL))
        if verifier.outdated(message):
            verifier = source.verifier.informed(await self._get(source.name, url, AGAIN))
        return replace(source, verifier=verifier)

    async def close(self) -> None:
        """End what is under way, and the connections."""
        for task in self._fetching.values():
            task.cancel()
        await asyncio.gather(*self._fetching.values(), return_exceptions=True)
        await self._transport.__aexit__()

    async def _get(self, source: str, url: str, age: float) -> bytes:
        now = time.monotonic()
        for known, seconds in ((self._kept, age), (self._missed, MISS_TTL)):
            found = known.get(url)
            if found and now - found.at < seconds:
                return _content(url, found)
        task = self._fetching.get(url)
        if task is None:
            if not (self._allowance_of(source).take() and self._allowance.take()):
                raise _unavailable("Too many documents were asked for.")
            task = asyncio.create_task(self._fetch(url), name="document")
            self._fetching[url] = task
            task.add_done_callback(lambda _: self._fetching.pop(url, None))
        return _content(url, await asyncio.shield(task))

    def _allowance_of(self, source: str) -> Allowance:
        found = self._allowances.pop(source, None) or Allowance(PER_SECOND, BURST)
        self._allowances[source] = found  # as the last one used
        if len(self._allowances) > MAX_ALLOWANCES:
            self._allowances.popitem(last=False)
        return found

    async def _fetch(self, url: str) -> _Fetched:
        content = None
        try:
            target = replace(
                opened(anonymous(url), self._allowed_networks),
                timeout=SECONDS,
                connect_timeout=SECONDS,
                max_response_bytes=MAX_BYTES,
            )
            async with asyncio.timeout(SECONDS):
                # A redirect is no document: whoever may redirect would choose the keys.
                answer = await self._transport.send(compose(target, "GET", address=url), target)
            content = answer.content if answer.status == 200 else None
            if content is None:
                log.warning("document not fetched", url=url, status=answer.status)
        except (HooklineError, TimeoutError, ValueError, OSError) as error:
            log.warning("document not fetched", url=url, reason=f"{type(error).__name__}: {error}"[:300])
        fetched = _Fetched(content, time.monotonic())
        self._keep(url, fetched)
        return fetched

    def _keep(self, url: str, fetched: _Fetched) -> None:
        known, most = (self._missed, MAX_MISSES) if fetched.content is None else (self._kept, MAX_KEPT)
        known[url] = fetched
        known.move_to_end(url)
        while len(known) > most:
            known.popitem(last=False)


def _content(url: str, fetched: _Fetched) -> bytes:
    if fetched.content is None:
        raise _unavailable(f"`{url}` cannot be fetched.")
    return fetched.content


def _unavailable(reason: str) -> Rejected:
    return Rejected(
        UNAVAILABLE,
        "The sender cannot be verified now; send it again.",
        reason=reason,
        headers={"Retry-After": "10"},
    )
