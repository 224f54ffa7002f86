"""``GET`` and ``POST /hooks/forms/{source}/{event path}`` (ASGI)."""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import structlog

from hookline.forms import session
from hookline.forms.entry import Entries, Page
from hookline.ingress.admission import client
from hookline.ingress.answer import send_page
from hookline.ingress.request import Disconnected, Stream, address, check_head, mount, read
from hookline.ingress.spool import Disk, Spools
from hookline.pages import html
from hookline.protocol import networks
from hookline.protocol.form import INTRANET
from hookline.protocol.problem import INTERNAL, METHOD_NOT_ALLOWED, NO_FORM, TIMED_OUT, Rejected

if TYPE_CHECKING:
    from hookline.ingress.admission import Admission
    from hookline.ingress.app import Limits
    from hookline.ingress.rates import Rates
    from hookline.ingress.refusals import Refusals
    from hookline.ingress.request import Receive, Scope, Send
    from hookline.ingress.sources import Sources
    from hookline.protocol.message import Message
    from hookline.protocol.source import Source

log = structlog.get_logger(__name__)

FORMS = b"/hooks/forms/"
COOKIE = "hookline_form"
"""Binds a form's token to the browser that opened the page."""
_COOKIE = re.compile(rf"(?:^|; ?){COOKIE}=([A-Za-z0-9_-]{{16,64}})(?=;|$)")
METHODS = ("GET", "HEAD", "POST")
TITLES = {404: "There is no form here", 403: "This form is closed to you", 429: "Too many forms"}
Users = Callable[["Scope"], Awaitable[str | None]]


@dataclass(slots=True)
class _Seen:
    source: Source | None = None
    message: Message | None = None


class Forms:
    """Shows forms, and makes an event of what people send.

    :param users: tells who is logged in to Airflow; None where Airflow's login does not reach.
    """

    def __init__(
        self,
        sources: Sources,
        limits: Limits,
        entries: Entries,
        *,
        refusals: Refusals,
        admission: Admission,
        rates: Rates,
        users: Users | None,
    ) -> None:
        self._sources = sources
        self._limits = limits
        self._entries = entries
        self._refusals = refusals
        self._admission = admission
        self._rates = rates
        self._users = users
        self._disk = Disk()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI 3.0)."""
        stream, seen = Stream(receive), _Seen()
        with suppress(Disconnected), Spools(self._disk) as spools:
            try:
                page = await self._handle(scope, stream, seen, spools)
            except Rejected as rejected:
                name, _ = address(scope, FORMS)
                log.info("form refused", source=name[:100], reason=rejected.reason)
                self._refusals.add(rejected, scope, name, seen.source, seen.message)
                if rejected.problem is not TIMED_OUT:
                    await stream.discard()
                page = _refusal(rejected)
            except Disconnected:
                raise
            except Exception:
                log.exception("form not handled", source=address(scope, FORMS)[0][:100])
                page = _refusal(Rejected(INTERNAL, "Something unforeseen happened. Try again."))
            closing = {} if stream.complete else {"connection": "close"}
            await send_page(send, page.status, {**html.HEADERS, **page.headers, **closing}, page.content)

    async def _handle(self, scope: Scope, stream: Stream, seen: _Seen, spools: Spools) -> Page:
        check_head(scope)
        await self._admission.enter(scope)
        name, event_path = address(scope, FORMS)
        if scope["method"] not in METHODS:
            raise Rejected(
                METHOD_NOT_ALLOWED, "A form is opened and sent.", headers={"Allow": ", ".join(METHODS)}
            )
        source = await self._sources.get(name, client(scope))
        access = source.form
        if access is None:
            raise Rejected(NO_FORM, "There is no form at this address.", reason="The source has no `form`.")
        seen.source = source
        await self._admit(source, scope)
        sends = scope["method"] == "POST"
        rates, does = (access.rates, "sends") if sends else (access.opened, "opens")
        await self._rates.take(rates, "client", f"{does} {source.name} {networks.group(client(scope))}")
        who = await self._who(source, scope)
        if isinstance(who, Page):
            return who
        message = seen.message = await read(
            scope,
            stream,
            event_path=event_path,
            bounds=self._limits.of(source, spools),
            seconds=self._limits.seconds,
        )
        browser = _cookie(message)
        opened = self._entries.opened(source, message, browser or secrets.token_urlsafe(16), who)
        page = await (opened.take(self._limits.of(source, spools)) if sends else opened.show())
        return replace(page, headers={**page.headers, **_set_cookie(scope, opened.browser)})

    async def _admit(self, source: Source, scope: Scope) -> None:
        # A page is of this origin, and the rate of the source is for what is sent, not for what is tried.
        if source.guard is not None:
            guard = replace(source.guard, origins=frozenset(), rates=())
            await self._admission.admit(replace(source, guard=guard), scope, _nowhere)

    async def _who(self, source: Source, scope: Scope) -> str | Page:
        if source.form is None or source.form.kind != INTRANET:
            return ""
        if self._users is None:
            raise Rejected(
                NO_FORM,
                "This form is for people who are logged in to Airflow. Open it at Airflow's own address.",
                reason="A form with `form=intranet` was asked for at the gateway, which has no login.",
            )
        name = await self._users(scope)
        if name is not None:
            return name
        if scope["method"] == "POST":
            return Page(401, html.message(*LOGGED_OUT))
        base = mount(scope, FORMS)
        target = (scope.get("raw_path") or b"").partition(b"?")[0].decode("latin-1")
        return Page(303, b"", {"location": session.login(base, target)})


LOGGED_OUT = (
    "You are logged out",
    "Nothing was sent. Log in to Airflow again, go back, and send the form again.",
)


async def _nowhere(_event: Mapping[str, object]) -> None:
    """Send nothing: no preflight is answered for a page."""


def _refusal(rejected: Rejected) -> Page:
    status = rejected.problem.status
    headers = {name.lower(): value for name, value in rejected.headers.items()}
    title = TITLES.get(status, rejected.problem.title)
    if status == 404:
        return Page(status, html.message(title, rejected.detail), headers)
    lines = [rejected.detail]
    if "retry-after" in headers:
        lines.append(f"Try again in {headers['retry-after']} seconds.")
    return Page(status, html.message(title, *lines), headers)


def _cookie(message: Message) -> str:
    found = _COOKIE.search(message.headers.get("cookie") or "")
    return found[1] if found else ""


def _set_cookie(scope: Scope, value: str) -> dict[str, str]:
    secure = "; Secure" if scope["scheme"] == "https" else ""
    path = f"{mount(scope, FORMS)}/hooks/forms/"
    return {"set-cookie": f"{COOKIE}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}"}
