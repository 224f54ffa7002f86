"""One call from its first attempt to its answer, as steps for whoever carries them out.

:class:`Flow` decides, a lane acts: the worker's lane sends with requests and sleeps, the triggerer's with
httpx on the event loop. So attempts, redirects, a fresh token, the rate and pages are written once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hookline.exceptions import (
    CallError,
    ConfigurationError,
    NoAnswer,
    UndecodedAnswer,
    UnexpectedAnswer,
    UnexpectedStatus,
    UnreadableAnswer,
)
from hookline.http import redirect, retry
from hookline.http.call import Call
from hookline.http.pagination import collect, reachable, require_new
from hookline.http.request import Request
from hookline.http.response import Answer, Received, read, unexpected
from hookline.http.select import select
from hookline.http.sink import SinkFor
from hookline.http.storable import storable
from hookline.http.target import Target

if TYPE_CHECKING:
    from hookline.http.lane import Lane
    from hookline.protocol.rate import Rate


@dataclass(frozen=True)
class Send:
    """Exchange one request for its answer, a :class:`Received`; errors are thrown back."""

    request: Request
    target: Target
    save: SinkFor | None

    def act(self, lane: Lane) -> Any:
        """Have ``lane`` do it."""
        return lane.send(self)


@dataclass(frozen=True)
class Reserve:
    """Take a turn under the Connection's rate; the seconds until then are sent back."""

    rate: Rate

    def act(self, lane: Lane) -> Any:
        """Have ``lane`` do it."""
        return lane.reserve(self)


@dataclass(frozen=True)
class Renew:
    """Get a token other than ``rejected`` (None: any); the target that holds it is sent back."""

    rejected: str | None

    def act(self, lane: Lane) -> Any:
        """Have ``lane`` do it."""
        return lane.renew(self)


@dataclass
class Progress:
    """What has been done, as JSON: enough to go on later, in another process.

    :param attempt: number of the attempt at the current page, from 1.
    :param reserved: a turn under the rate is taken already.
    :param page: number of the current page, from 1.
    :param size: bytes of all pages so far.
    :param changes: what the current page's call changes, see :meth:`Call.changed`.
    :param pages: what was kept of the pages so far.
    """

    attempt: int = 1
    reserved: bool = False
    page: int = 1
    size: int = 0
    changes: dict[str, Any] = field(default_factory=dict)
    pages: list[Any] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Return the fields by name, fit for the metadata database."""
        fields: dict[str, Any] = storable(asdict(self))
        return fields


@dataclass(frozen=True)
class Wait:
    """Let ``seconds`` pass; ``progress`` is where to go on."""

    seconds: float
    reason: str
    progress: Progress

    def act(self, lane: Lane) -> Any:
        """Have ``lane`` do it."""
        return lane.wait(self)


Step = Send | Reserve | Renew | Wait
Steps = Generator[Step, Any, Answer]


class Flow:
    """A call on its way.

    :param save: where the body of a successful answer goes instead of into memory.
    """

    def __init__(
        self,
        call: Call,
        target: Target,
        *,
        save: SinkFor | None = None,
        progress: Progress | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._call = call
        self._target = target
        self._save = save
        self._progress = progress or Progress()
        self._chance = chance
        self._renewed = False

    def steps(self) -> Steps:
        """Yield what to do next; return the answer, with the body of all pages together.

        :raises CallError: the call failed for good.
        :raises ConfigurationError: it cannot be made as it is.
        """
        self._call.check_changes()
        visited: set[str] = set()
        while True:
            request, last, answer = yield from self._answered(self._call.changed(self._progress.changes))
            body = self._call.kept(answer)
            pagination = self._call.pagination
            if pagination is None:
                return replace(answer, body=body)
            pages = self._progress.pages
            pages.append(body)
            number = self._progress.page
            changes = pagination.following(answer, number)
            if changes is None:
                return replace(answer, body=collect(pages))
            changes = reachable(changes, last.url, request.url, self._target)
            require_new(changes, visited, number, pagination.max_pages)
            self._renewed = False
            self._progress = Progress(
                page=number + 1, size=self._progress.size, changes=dict(changes), pages=pages
            )

    def _answered(self, call: Call) -> Generator[Step, Any, tuple[Request, Request, Answer]]:
        while True:
            if self._target.auth_type == "oauth2" and not self._target.access_token:
                self._target = yield Renew(None)
            yield from self._turn()
            self._progress.reserved = False  # used up by what is sent now
            request = call.request(self._target)
            last, outcome = yield from self._exchange(request, call)
            error: CallError
            if isinstance(outcome, NoAnswer):
                error = outcome
            else:
                if last.bare and self._expired(outcome):  # a stranger has not seen the token
                    self._renewed = True
                    self._target = yield Renew(self._target.access_token)
                    continue
                if call.accepts(outcome.status):
                    self._require_room(outcome)
                    answer = read(outcome)
                    call.check(answer)
                    return request, last, answer
                error = unexpected(last, outcome, self._target.secrets | request.secrets)
            yield from self._again(request, outcome, error)

    def _turn(self) -> Generator[Step, Any, None]:
        if self._target.rate_limit is None or self._progress.reserved:
            return
        seconds: float = yield Reserve(self._target.rate_limit)
        self._progress.reserved = True
        if seconds > 0:
            yield Wait(seconds, f"rate_limit {self._target.rate_limit}", self._progress)

    def _exchange(
        self, request: Request, call: Call
    ) -> Generator[Step, Any, tuple[Request, Received | NoAnswer]]:
        target = self._target

        def saved(url: str, status: int, fields: Any) -> Any:
            return self._save(url, status, fields) if self._save and call.accepts(status) else None

        save = saved if self._save else None

        try:
            received = yield from self._sent(Send(request, target, save), call)
            for _ in range(target.max_redirects):
                onward = None if call.accepts(received.status) else redirect.follow(request, received, target)
                if onward is None:
                    break
                there = redirect.origin_of(onward)
                if there != redirect.origin_of(request):
                    target = redirect.stranger(target, there)
                request = onward
                received = yield from self._sent(Send(request, target, save), call)
        except NoAnswer as error:
            return request, error
        return request, received

    @staticmethod
    def _sent(step: Send, call: Call) -> Generator[Step, Any, Received]:
        try:
            received: Received = yield step
        except UndecodedAnswer as error:
            if call.accepts(error.received.status):
                raise
            return error.received  # what it says matters more than what it cannot show
        return received

    def _require_room(self, received: Received) -> None:
        self._progress.size += len(received.content)
        if self._progress.size > self._target.max_response_bytes:
            raise UnreadableAnswer(
                f"the pages are over {self._target.max_response_bytes} bytes together; ask for less, or "
                "raise max_response_bytes of the Connection"
            )

    def _expired(self, received: Received) -> bool:
        target = self._target
        if self._renewed or target.auth_type != "oauth2":
            return False
        if received.status in target.expired_status:
            return True
        try:
            return bool(target.expired_when) and bool(select(_parsed(received), target.expired_when))
        except UnexpectedAnswer:  # a rule that does not fit says nothing, least of all that the call failed
            return False

    def _again(
        self, request: Request, outcome: Received | NoAnswer, error: CallError
    ) -> Generator[Step, Any, None]:
        decision = retry.decide(
            self._target, request, outcome, attempt=self._progress.attempt, chance=self._chance
        )
        if isinstance(decision, retry.GiveUp):
            if isinstance(error, UnexpectedStatus):
                error.retry_after = decision.retry_after
            raise error.because(decision.reason)
        self._progress.attempt += 1
        yield Wait(decision.seconds, str(error), self._progress)


def _parsed(received: Received) -> Any:
    try:
        return read(received).body
    except (CallError, ConfigurationError):
        return None
