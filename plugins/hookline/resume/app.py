"""``GET`` and ``POST /hooks/resume/{token}`` (ASGI): looking changes nothing, only sending does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.inbox.refusals import LINKS
from hookline.ingress.admission import client
from hookline.ingress.answer import send_json, send_page, send_problem
from hookline.ingress.request import Disconnected, Stream, check_head, read
from hookline.pages import html
from hookline.pages.choice import Group
from hookline.pages.form import Form
from hookline.pages.posted import Error, Posted
from hookline.protocol import link as tokens
from hookline.protocol.problem import (
    CLOSED,
    INTERNAL,
    LINK_INVALID,
    METHOD_NOT_ALLOWED,
    TIMED_OUT,
    UNAVAILABLE,
    Rejected,
)
from hookline.resume import answer, links

if TYPE_CHECKING:
    from hookline.ingress.admission import Admission
    from hookline.ingress.documents import Documents
    from hookline.ingress.refusals import Refusals
    from hookline.ingress.request import Receive, Scope, Send
    from hookline.ingress.sources import Sources
    from hookline.protocol.message import Message
    from hookline.resume.links import Link

log = structlog.get_logger(__name__)

ROOM = b"/hooks/resume/"
HIDDEN = b"/hooks/resume/***"
METHODS = ("GET", "HEAD", "POST")
AT_ONCE = 4
"""Looks at the database at the same time."""
PATIENCE = 10.0
DONE = ("Thank you", "Your answer has arrived. You can close this page.")
NOBODY = Form("", "", Group(name="", label=""))
BUSY = {"Retry-After": "5"}


class ResumeLinks:
    """Shows what a link is for, and lets its task go on with what is sent.

    :param seconds: for a request to arrive.
    """

    def __init__(
        self,
        sources: Sources,
        documents: Documents,
        *,
        refusals: Refusals,
        admission: Admission,
        seconds: float,
    ) -> None:
        self._sources = sources
        self._documents = documents
        self._refusals = refusals
        self._admission = admission
        self._seconds = seconds
        self._free = asyncio.Semaphore(AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI 3.0)."""
        stream = Stream(receive)
        with suppress(Disconnected):
            try:
                await self._handle(scope, stream, send)
            except Rejected as rejected:
                log.info("link refused", problem=rejected.problem.slug, reason=rejected.reason)
                # Whoever reads the record must not have the link, which may still be good.
                self._refusals.add(rejected, {**scope, "raw_path": HIDDEN}, LINKS, None, None, nobody=LINKS)
                if rejected.problem is not TIMED_OUT:
                    await stream.discard()
                await _refuse(scope, send, rejected, close=not stream.complete)
            except Disconnected:
                raise
            except Exception:
                log.exception("link not handled")
                await _refuse(scope, send, Rejected(INTERNAL, "Something unforeseen happened."), close=True)

    async def _handle(self, scope: Scope, stream: Stream, send: Send) -> None:
        check_head(scope)
        await self._admission.enter(scope)
        if scope["method"] not in METHODS:
            raise Rejected(
                METHOD_NOT_ALLOWED, "A link is opened and answered.", headers={"Allow": ", ".join(METHODS)}
            )
        raw: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
        place = tokens.read(raw.partition(b"?")[0].partition(ROOM)[2].decode("latin-1").removesuffix("/"))
        if place is None:
            raise Rejected(LINK_INVALID, links.INVALID, reason="What stands in the address is no link.")
        link = await self._ask(links.find, place)
        if scope["method"] != "POST":
            await _show(send, link)
            return
        message = await read(scope, stream, event_path="", bounds=answer.BOUNDS, seconds=self._seconds)
        if link.source is not None:
            await self._verify(link.source, scope, message)
        given = await asyncio.to_thread(answer.read, message, link)
        if given.errors:
            await _page(send, 422, link, given.posted, given.errors)
            return
        await self._ask(links.resume, link, given.text)
        if _is_person(scope):
            await send_page(send, 200, html.HEADERS, html.message(*DONE))
        else:
            await send_json(send, 200, {"status": "resumed"})

    async def _verify(self, name: str, scope: Scope, message: Message) -> None:
        source = await self._sources.get(name, client(scope))
        if source.guard is not None:
            guard = replace(source.guard, origins=frozenset())
            await self._admission.admit(replace(source, guard=guard), scope, _nowhere)
        (await self._documents.informed(source, message)).verifier.verify(message)

    async def _ask(self, work: Any, *arguments: Any) -> Any:
        """Do something with the database, on a thread.

        :raises Rejected: by ``work``, or the database is away.
        """
        try:
            async with asyncio.timeout(PATIENCE):
                await self._free.acquire()
        except TimeoutError:
            raise Rejected(
                UNAVAILABLE, "Too many links are opened at once. Try again.", headers=BUSY
            ) from None
        try:
            return await asyncio.to_thread(_within, work, *arguments)
        except SQLAlchemyError as error:
            raise Rejected(
                UNAVAILABLE,
                "The link cannot be looked up now. Try again.",
                reason=f"The database raised {type(error).__name__}.",
                headers=BUSY,
            ) from None
        finally:
            self._free.release()


def _within(work: Any, *arguments: Any) -> Any:
    with Session(engine()) as session, session.begin():
        return work(session, *arguments)


async def _show(send: Send, link: Link) -> None:
    if link.source is not None:
        raise Rejected(
            METHOD_NOT_ALLOWED, "This link is for a program, which proves itself.", headers={"Allow": "POST"}
        )
    form = answer.form(link)
    await _page(send, 200, link, form.initial() if form else Posted(), [])


async def _page(send: Send, status: int, link: Link, posted: Posted, errors: list[Error]) -> None:
    form = answer.form(link) or NOBODY
    shown = replace(form, description=link.description or form.description)
    title = link.title or form.title or "Go on?"
    content = html.form(
        shown, title, posted, errors=errors, hidden={}, button="Send" if form.fields else "Confirm"
    )
    await send_page(send, status, html.HEADERS, content)


async def _refuse(scope: Scope, send: Send, rejected: Rejected, *, close: bool) -> None:
    if not _is_person(scope):
        await send_problem(send, rejected, close=close)
        return
    fields = {name.lower(): value for name, value in rejected.headers.items()}
    headers = {**html.HEADERS, **fields, **({"connection": "close"} if close else {})}
    title = "This does not work now" if rejected.problem in (CLOSED, UNAVAILABLE) else rejected.problem.title
    await send_page(send, rejected.problem.status, headers, html.message(title, rejected.detail))


def _is_person(scope: Scope) -> bool:
    """Tell whether a browser asks, which wants a page."""
    return any(name == b"accept" and b"text/html" in value for name, value in scope["headers"])


async def _nowhere(_event: Mapping[str, object]) -> None:
    """Send nothing."""
