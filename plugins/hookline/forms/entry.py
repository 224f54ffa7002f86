"""One page of a form: shown, shown again with what is wrong, or taken as an event."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hookline.forms.shown import Shown
from hookline.forms.token import FormTokens, Issued
from hookline.pages import html
from hookline.pages.posted import Error, Posted
from hookline.pages.schema import label
from hookline.protocol import formats, intake
from hookline.protocol.bounds import Bounds
from hookline.protocol.formats import content_type
from hookline.protocol.formats.document import Document, document
from hookline.protocol.problem import FORM_REFUSED, UNSUPPORTED_MEDIA_TYPE, Rejected

if TYPE_CHECKING:
    from hookline.ingress.app import Ingress
    from hookline.ingress.door import Door
    from hookline.ingress.rates import Rates
    from hookline.pages.form import Form
    from hookline.protocol.formats.document import File
    from hookline.protocol.message import Message
    from hookline.protocol.source import Source

TOKEN = "_token"  # noqa: S105  a name
"""Name of the field with the token; the fields of the data have names that begin with a slash."""
QUICKEST = 2
"""Seconds that nobody is faster than."""
LATE = "This page was open for too long. Look through it, and send it again."
UNBOUND = (
    "This page was not opened in this browser, or cookies are not allowed here. Fill it in again, please."
)
TRAPPED = "A field that people do not see was filled in. Open the form again, and leave it empty."
QUICK = "That was very quick. If you are a person, send it again."


@dataclass(frozen=True, slots=True)
class Page:
    """An answer to a browser."""

    status: int
    content: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Entries:
    """What all pages have in common."""

    shown: Shown
    door: Door
    ingress: Ingress
    tokens: FormTokens
    rates: Rates

    @classmethod
    def of(cls, ingress: Ingress, door: Door, rates: Rates, *, secret: str, files: bool) -> Entries:
        """Return what is made of the parts of a server.

        :param secret: shared by all replicas.
        :param files: whether there is a place for files.
        """
        return cls(Shown(door, files=files), door, ingress, FormTokens(secret), rates)

    def opened(self, source: Source, message: Message, browser: str, who: str) -> Opened:
        """Return the page that a request asks for.

        :param browser: what is known of the browser, its cookie.
        :param who: name of the user, empty where anybody may send.
        """
        return Opened(self, source, message, browser, who)


@dataclass(frozen=True, slots=True)
class Opened:
    """A page in somebody's browser."""

    common: Entries
    source: Source
    message: Message
    browser: str
    who: str

    async def show(self) -> Page:
        """Return the page as it is at first.

        :raises Rejected: there is none.
        """
        form, _ = await self._form()
        return self._drawn(200, form, form.initial())

    async def take(self, bounds: Bounds) -> Page:
        """Make an event of what was sent; return the receipt, or the page with what is wrong.

        :raises Rejected: it is none of our pages, or the event could not be stored.
        """
        form, candidates = await self._form()
        given = await asyncio.to_thread(_read, self.message, bounds)
        token = _text(given.data, TOKEN)
        issued = self.common.tokens.read(token, *self._bound())
        if issued is None:
            return self._drawn(422, form, form.initial(), [Error("", UNBOUND)])
        if _text(given.data, html.TRAP):
            raise Rejected(FORM_REFUSED, TRAPPED)
        posted = Posted.of(given.data, _names(given.files))
        if issued.expired:
            return self._drawn(422, form, posted, [Error("", LATE)])
        if issued.age < QUICKEST:
            return self._drawn(422, form, posted, [Error("", QUICK)], token)
        data, errors = form.read(posted)
        errors += _unexpected(form, given.files)
        if not errors:
            errors = await self._misfits(form, candidates, data)
        if errors:
            return self._drawn(422, form, posted, errors, token)
        return await self._stored(data, given.files, issued, bounds)

    async def _form(self) -> tuple[Form, tuple[str, ...]]:
        return await self.common.shown.of(self.source, self.message.path_segments())

    async def _misfits(self, form: Form, candidates: tuple[str, ...], data: Any) -> list[Error]:
        # What concerns several fields at once is not told by any of them.
        _, found = await self.common.door.errors(candidates, json.dumps({"data": data}))
        return [
            Error(name, error.message)
            if (name := form.nearest(error.pointer))
            else Error("", f"{error.pointer or 'The form'} {error.message}.")
            for error in found
        ]

    async def _stored(
        self, data: dict[str, Any], files: Sequence[File], issued: Issued, bounds: Bounds
    ) -> Page:
        if self.source.guard is not None:
            await self.common.rates.take(self.source.guard.rates, "source", self.source.name)
        named = [replace(file, field=(file.field or "").removeprefix("/")) for file in files]
        made = document(data, *named)
        stored = await self.common.ingress.keep(lambda: self._event(made, issued, bounds))
        facts = [("Receipt", stored.event_id)]
        if stored.new:
            return Page(200, html.message("Received", "Thank you. What you sent has arrived.", facts=facts))
        return Page(
            200,
            html.message(
                "Received already",
                "This page was sent before, and what was sent first counts.",
                "To send something else, open the form again.",
                facts=facts,
                again=self._path(),
            ),
        )

    def _event(self, made: Document, issued: Issued, bounds: Bounds) -> intake.Accepted:
        marks: dict[str, Any] = {"form": self.source.form.kind if self.source.form else ""}
        if self.who:
            marks["user"] = self.who
        return intake.event(
            self.source,
            self.message,
            made,
            bounds,
            segments=self.message.path_segments(),
            delivery_id=f"form-{issued.nonce}",
            marks=marks,
        )

    def _drawn(
        self, status: int, form: Form, posted: Posted, errors: Sequence[Error] = (), token: str = ""
    ) -> Page:
        title = form.title or label({}, (self.message.path_segments() or (self.source.name,))[-1])
        hidden = {TOKEN: token or self.common.tokens.make(*self._bound())}
        content = html.form(form, title, posted, errors=errors, hidden=hidden, trap=html.TRAP)
        return Page(status, content)

    def _bound(self) -> tuple[str, ...]:
        return (self.source.name, self.message.event_path, self.browser, self.who)

    def _path(self) -> str:
        return "/" + self.message.url.partition("://")[2].partition("/")[2]


def _read(message: Message, bounds: Bounds) -> Document:
    if "content-encoding" in message.headers:
        raise Rejected(UNSUPPORTED_MEDIA_TYPE, "A form is sent as browsers send it, not compressed.")
    kind = content_type.parse(message.headers.get("content-type") or "text/plain")
    if kind.family not in ("form", "multipart"):
        raise Rejected(UNSUPPORTED_MEDIA_TYPE, "A form is sent as browsers send it.")
    said = formats.read(message.content, kind, spool=bounds.spool)
    assert isinstance(said, Document)  # noqa: S101  a form is one document
    return said


def _text(data: Any, name: str) -> str:
    value = data.get(name, "")
    return value if isinstance(value, str) else "several"


def _names(files: Sequence[File]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for file in files:
        found.setdefault(file.field or "", []).append(file.name or "file")
    return found


def _unexpected(form: Form, files: Sequence[File]) -> list[Error]:
    if all(file.field in form.uploads for file in files):
        return []
    return [Error("", "The form has a file where none is expected.")]
