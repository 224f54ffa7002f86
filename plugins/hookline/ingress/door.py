"""The schema of the Dag that would take an event, checked before the answer.

Schemas are kept in memory and refreshed beside the requests. Where there is none nothing is added, and what
cannot be decided here is left to the dispatcher, which quarantines.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

import structlog

from hookline.protocol import reference
from hookline.protocol.intake import Accepted
from hookline.protocol.problem import UNPROCESSABLE, Rejected
from hookline.protocol.schema import ANYTHING, MAX_ERRORS, Budget, Check, FieldError, Undecided

log = structlog.get_logger(__name__)

MAX_CACHED = 2000
TTL = 10.0
FRESH = 2.0
"""Seconds; no event is refused by an older schema."""
LOAD_SECONDS = 2.0
QUICK_BYTES = 8 * 1024
QUICK = (1000, 0.02)
"""Steps and seconds on the event loop."""
LONG = (50_000, 1.0)
"""Steps and seconds on a thread."""

Candidates = tuple[str, ...]
Load = Callable[[Collection[Candidates]], Mapping[Candidates, tuple[str, dict[str, Any]]]]


@dataclass(slots=True)
class _Entry:
    check: Check | None
    dag_id: str
    loaded: float


class Door:
    """Refuses events that do not fit.

    :param load: returns Dag and schema for lists of candidates, blocking.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._entries: OrderedDict[Candidates, _Entry] = OrderedDict()
        self._made: dict[str, tuple[dict[str, Any], Check | None]] = {}
        self._wanted: dict[Candidates, asyncio.Future[None]] = {}
        self._loading: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hookline-schemas")
        self._checker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="hookline-door")

    async def check(self, events: tuple[Accepted, ...]) -> tuple[tuple[Accepted, ...], Rejected | None]:
        """Return the events to store, and the refusal to answer once they are stored.

        Of a batch with one that does not fit only those that do not are stored, for inspection.
        """
        refused: list[Accepted] = []
        errors: list[dict[str, str]] = []
        for index, event in enumerate(events):
            dag_id, found = await self.errors(event.candidates, event.body)
            if found:
                refused.append(replace(event, quarantine=_reason(dag_id, found)))
                errors += [_member(error, index if len(events) > 1 else None) for error in found]
            if len(events) > 1:
                await asyncio.sleep(0)  # a long batch keeps no other request waiting
        if not refused:
            return events, None
        detail = "`errors` names what is wrong; the event is kept and starts nothing."
        members = {"event_id": refused[0].event_id, "errors": errors[:MAX_ERRORS]}
        return tuple(refused), Rejected(UNPROCESSABLE, detail, members=members)

    async def schema(self, candidates: Candidates) -> tuple[str, dict[str, Any]] | None:
        """Return the Dag that would take an event, and the schema of its data; None where there is none.

        The schema is empty where any data will do.
        """
        entry = self._entries.get(candidates)
        if entry is None or entry.loaded + FRESH < time.monotonic():
            entry = await self._fresh(candidates) or entry
        if entry is None or not entry.dag_id:
            return None
        return entry.dag_id, self._made[entry.dag_id][0] if entry.check else {}

    async def errors(self, candidates: Candidates, body: str) -> tuple[str, list[FieldError]]:
        """Return the Dag that would take an event, and what of the event does not fit its schema.

        :param body: the event as JSON text, of which its ``data`` is read.
        """
        entry = self._entries.get(candidates)
        if entry is None:
            entry = await self._fresh(candidates)
        elif entry.loaded + TTL < time.monotonic():
            self._want(candidates)
        if entry is None or entry.check is None:
            return "", []
        errors = await self._errors(entry.check, body)
        if errors and entry.loaded + FRESH < time.monotonic():
            entry = await self._fresh(candidates)
            errors = await self._errors(entry.check, body) if entry and entry.check else []
        return (entry.dag_id if entry else ""), errors

    def close(self) -> None:
        """Stop the threads."""
        for pool in (self._thread, self._checker):
            pool.shutdown(wait=False, cancel_futures=True)

    async def _errors(self, check: Check, body: str) -> list[FieldError]:
        try:
            if len(body) <= QUICK_BYTES:
                return _check(check, body, QUICK)
        except Undecided:
            pass
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._checker, _check, check, body, LONG)
        except Undecided as reason:
            log.info("schema not checked at the door", reason=str(reason)[:200])
            return []

    async def _fresh(self, candidates: Candidates) -> _Entry | None:
        try:
            async with asyncio.timeout(LOAD_SECONDS):
                await asyncio.shield(self._want(candidates))
        except TimeoutError:
            return None
        return self._entries.get(candidates)

    def _want(self, candidates: Candidates) -> asyncio.Future[None]:
        wanted = self._wanted.get(candidates)
        if wanted is None:
            wanted = self._wanted[candidates] = asyncio.get_running_loop().create_future()
            if self._loading is None or self._loading.done():
                self._loading = asyncio.create_task(self._load_wanted())
        return wanted

    async def _load_wanted(self) -> None:
        # Whoever asks during one look at the database is served by the next: one query for all of them.
        while self._wanted:
            wanted, self._wanted = self._wanted, {}
            began = time.monotonic()
            try:
                found = await asyncio.get_running_loop().run_in_executor(
                    self._thread, self._load, list(wanted)
                )
            except Exception as error:  # noqa: BLE001  the dispatcher checks again, whatever reading raised
                log.warning("schemas not read", error=type(error).__name__)
                found = {}
            for candidates, future in wanted.items():
                self._keep(candidates, found.get(candidates), began)
                if not future.done():
                    future.set_result(None)

    def _keep(self, candidates: Candidates, found: tuple[str, dict[str, Any]] | None, began: float) -> None:
        dag_id, schema = found or ("", {})
        made = self._made.get(dag_id)
        if made is None or made[0] != schema:
            made = self._made[dag_id] = (schema, _make(dag_id, schema))
        self._entries[candidates] = _Entry(made[1], dag_id, began)
        self._entries.move_to_end(candidates)
        while len(self._entries) > MAX_CACHED:
            self._entries.popitem(last=False)


def _make(dag_id: str, schema: dict[str, Any]) -> Check | None:
    if not schema or schema == ANYTHING:
        return None
    try:
        return Check(reference.accepted(schema))
    except Exception as error:  # noqa: BLE001  whatever an author wrote; Airflow will say so in each run
        log.warning("schema not checked at the door", dag_id=dag_id, error=type(error).__name__)
        return None


def _check(check: Check, body: str, budget: tuple[int, float]) -> list[FieldError]:
    event = json.loads(body)
    if "dataref" in event.get("hookline", {}):  # the data is in object storage, and the run decides
        return []
    return check.errors(event["data"], Budget(*budget))


def _reason(dag_id: str, errors: list[FieldError]) -> str:
    listed = "; ".join(f"{error.pointer or 'the data'} {error.message}" for error in errors)
    printable = "".join(character if character.isprintable() else "?" for character in listed[:500])
    return f"It does not fit the schema of the Dag `{dag_id}`: {printable}"


def _member(error: FieldError, index: int | None) -> dict[str, str]:
    pointer = error.pointer if index is None else f"/{index}{error.pointer}"
    return {**asdict(error), "pointer": pointer}
