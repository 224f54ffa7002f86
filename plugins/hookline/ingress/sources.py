"""Looking sources up: cached, misses too, and bounded, so that strangers cannot hammer a secrets backend."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import structlog

from hookline.connections import BackendUnavailable
from hookline.exceptions import ConfigurationError
from hookline.ingress.ration import Ration
from hookline.protocol.problem import CLOSED, TOO_MANY_REQUESTS, UNAVAILABLE, UNKNOWN_SOURCE, Rejected
from hookline.protocol.source import NAME, Source

log = structlog.get_logger(__name__)

MAX_CACHED = 2000
MAX_MISS_SECONDS = 3.0
LOAD_SECONDS = 15.0
RETRY = {"Retry-After": "10"}


@dataclass(slots=True)
class _Entry:
    answer: Source | Rejected
    expires: float


class Sources:
    """Finds the source of a request.

    :param load: reads one source, blocking; returns None when there is none.
    :param ttl: seconds that a source found is used without asking again.
    """

    def __init__(self, load: Callable[[str], Source | None], ttl: float) -> None:
        self._load = load
        self._ttl = ttl
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._seen: set[str] = set()  # outlives the entries, which misses push out; holds real names only
        self._loading: dict[str, asyncio.Future[Source | Rejected]] = {}
        self._threads = ThreadPoolExecutor(max_workers=4, thread_name_prefix="hookline-sources")
        self._ration = Ration()

    async def get(self, name: str, client: str = "") -> Source:
        """Return the source called ``name``.

        :param client: address of who asks.
        :raises Rejected: there is none, it is closed, it cannot be read now, or too many unknown names
            were asked for.
        """
        if not NAME.match(name):
            raise _unknown()
        entry = self._entries.get(name)
        if entry is None or entry.expires <= time.monotonic():
            answer = await self._refresh(name, client)
        else:
            answer = entry.answer
        if isinstance(answer, Rejected):
            raise answer.again()
        return answer

    def expect(self, names: Iterable[str]) -> None:
        """Take names of sources that exist out of the ration that strangers' names share."""
        self._seen.update(names)

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _refresh(self, name: str, client: str) -> Source | Rejected:
        loading = self._loading.get(name)
        if loading is None:
            # A source that was there is always asked for again; only strangers' names are rationed.
            if name not in self._seen and not self._ration.take(client):
                return Rejected(
                    TOO_MANY_REQUESTS,
                    "Too many unknown sources were asked for.",
                    headers={"Retry-After": "1"},
                )
            loading = asyncio.ensure_future(self._ask(name))
            self._loading[name] = loading
            loading.add_done_callback(lambda _: self._loading.pop(name, None))
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                return await asyncio.shield(loading)
        except TimeoutError:
            return _unreadable("The secrets backends take too long.")

    async def _ask(self, name: str) -> Source | Rejected:
        loop = asyncio.get_running_loop()
        ttl = min(self._ttl, MAX_MISS_SECONDS)
        answer: Source | Rejected
        try:
            source = await loop.run_in_executor(self._threads, self._load, name)
            answer = source or _unknown()
            if source:
                ttl = self._ttl
                self._seen.add(name)
            else:
                self._seen.discard(name)
        except ConfigurationError as error:
            self._seen.add(name)
            log.warning("source is closed", source=name, reason=str(error))
            answer = Rejected(
                CLOSED,
                f"The source `{name}` is misconfigured; its owner has to look.",
                reason=str(error),
                headers=RETRY,
            )
        except BackendUnavailable as error:
            log.warning("source cannot be read", source=name, reason=str(error))
            answer = _unreadable(str(error))
        self._entries[name] = _Entry(answer, time.monotonic() + ttl)
        self._entries.move_to_end(name)
        while len(self._entries) > MAX_CACHED:
            self._entries.popitem(last=False)
        return answer


def _unreadable(reason: str) -> Rejected:
    return Rejected(UNAVAILABLE, "The source cannot be read now.", reason=reason, headers=RETRY)


def _unknown() -> Rejected:
    return Rejected(UNKNOWN_SOURCE, "No source of this name is set up here.")
