"""Answering an event that was taken: at once, or when its run has ended."""

from __future__ import annotations

import asyncio
from typing import Any

from hookline.ingress.answer import send_content, send_problem
from hookline.ingress.outcomes import Outcomes
from hookline.ingress.request import Disconnected, Scope, Send, Stream, mount
from hookline.ingress.status import Tokens
from hookline.protocol.outcome import ACCEPTED, FAILED, GIVEN_UP, REFUSED, SUCCESS, Outcome
from hookline.protocol.problem import NOT_STARTED, RUN_FAILED, UNPROCESSABLE, Rejected
from hookline.protocol.reply import Reply, compact
from hookline.protocol.response import JSON, Response

_JSON = {"content-type": JSON}


class Replies:
    """Sends the answers of sources.

    :param tokens: of the status URLs.
    """

    def __init__(self, outcomes: Outcomes, tokens: Tokens) -> None:
        self._outcomes = outcomes
        self._tokens = tokens

    async def send(
        self, scope: Scope, stream: Stream, send: Send, reply: Reply, values: dict[str, Any], *, new: bool
    ) -> None:
        """Answer the request.

        Nothing of the request but what is passed here is kept while it is held.

        :param values: ``event_id``, ``source`` and ``type`` of the event.
        :raises Disconnected: the client went away.
        """
        shown = {"event_id": values["event_id"], "status": ACCEPTED, "duplicate": not new}
        if reply.plain:
            await send_content(send, 202 if new else 200, _JSON, compact(shown).encode("ascii"))
            return
        values = {**shown, **values}
        if reply.finished:
            response = await self._finished(scope, stream, reply, values)
        else:
            response = reply.make(202 if new else 200, values)
        if isinstance(response, Rejected):
            await send_problem(send, response, close=False)
        else:
            await send_content(send, response.status, response.headers, response.content)

    async def _finished(
        self, scope: Scope, stream: Stream, reply: Reply, values: dict[str, Any]
    ) -> Response | Rejected:
        outcome = await self._wait(stream, (values["source"], values["event_id"]), reply.seconds)
        if outcome.response is not None:
            return outcome.response
        values["status"] = outcome.status
        if outcome.status == SUCCESS:
            return reply.make(200, values)
        shown = {name: values[name] for name in ("event_id", "duplicate")}
        if outcome.status == FAILED:
            detail = "The event was taken, and its run failed. Sending it again starts no second run."
            return Rejected(RUN_FAILED, detail, members=shown)
        if outcome.status == GIVEN_UP:
            detail = "The event is kept, but each try to start its run went wrong. Sent again, it is tried."
            return Rejected(NOT_STARTED, detail, members=shown)
        if outcome.status == REFUSED:
            detail = "The event is kept, but cannot run as it is."
            return Rejected(UNPROCESSABLE, detail, members=shown)
        return self._later(scope, values)

    def _later(self, scope: Scope, values: dict[str, Any]) -> Response:
        token = self._tokens.make((values["source"], values["event_id"]))
        url = f"{mount(scope)}/hooks/status/{token}"
        response = Reply().make(202, {**values, "status_url": url})
        return Response(202, {**response.headers, "location": url}, response.content)

    async def _wait(self, stream: Stream, key: tuple[str, str], seconds: float) -> Outcome:
        held = self._outcomes.hold(key)
        if held is None:
            return Outcome(ACCEPTED)
        gone = asyncio.create_task(stream.disconnected())
        try:
            waiting: list[asyncio.Future[Any]] = [held, gone]
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if held.done() and not held.cancelled():
                return held.result()
            if gone.done():
                raise Disconnected
            return Outcome(ACCEPTED)
        finally:
            held.cancel()
            gone.cancel()
