"""What somebody answers by a link, checked against the fields that its task asks for."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hookline.pages.form import Form, build
from hookline.pages.posted import CannotShow, Error, Posted
from hookline.protocol import formats
from hookline.protocol.bounds import Bounds
from hookline.protocol.formats import content_type
from hookline.protocol.formats.document import Document
from hookline.protocol.problem import NO_PAGE, UNPROCESSABLE, UNSUPPORTED_MEDIA_TYPE, Rejected
from hookline.protocol.schema import Budget, Check, FieldError, Undecided

if TYPE_CHECKING:
    from hookline.protocol.message import Message
    from hookline.resume.links import Link

BOUNDS = Bounds()
"""256 KiB: the result is kept with the task."""
BUDGET = (50_000, 1.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """What was sent.

    :param text: JSON text of the result.
    :param posted: what stands in the fields of the page, should it be shown again.
    """

    text: str
    posted: Posted
    errors: list[Error]


def form(link: Link) -> Form | None:
    """Return the fields of a link's page, None where it has none.

    :raises Rejected: no page can ask for what the task wants.
    """
    if link.fields is None:
        return None
    try:
        return build(link.fields)
    except CannotShow as error:
        raise Rejected(
            NO_PAGE, "The page is not ready; its owner can see why in Airflow.", reason=str(error)
        ) from None


def read(message: Message, link: Link) -> Answer:
    """Read the body of a request; blocking.

    :raises Rejected: it cannot be read, or is no form and does not fit.
    """
    given = message.headers.get("content-type")
    if "content-encoding" in message.headers:
        raise Rejected(UNSUPPORTED_MEDIA_TYPE, "An answer is not compressed.")
    if not message.content:
        said: Any = Document({}, "{}")
        kind = "empty"
    else:
        parsed = content_type.parse(given) if given else formats.JSON
        kind = parsed.family
        said = formats.read(message.content, parsed)
    if not isinstance(said, Document) or said.files:
        raise Rejected(UNSUPPORTED_MEDIA_TYPE, "An answer is JSON, or a form without files.")
    if kind in ("form", "multipart", "empty") and (shown := form(link)) is not None:
        posted = Posted.of(said.data, {})
        data, errors = shown.read(posted)
        if not errors:
            errors = [
                Error(shown.nearest(one.pointer), one.message)
                if shown.nearest(one.pointer)
                else Error("", f"{one.pointer or 'The form'} {one.message}.")
                for one in _misfits(link, data)
            ]
        return Answer(json.dumps(data), posted, errors)
    if misfits := _misfits(link, said.data):
        members = {"errors": [{"pointer": one.pointer, "message": one.message} for one in misfits]}
        raise Rejected(UNPROCESSABLE, "`errors` names what is wrong; the task still waits.", members=members)
    return Answer(said.text, Posted(), [])


def _misfits(link: Link, data: Any) -> list[FieldError]:
    if link.fields is None:
        return []
    try:
        return Check(link.fields).errors(data, Budget(*BUDGET))
    except Undecided:
        raise Rejected(UNPROCESSABLE, "It takes too long to check the answer.") from None
