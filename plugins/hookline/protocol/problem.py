"""Refusals of an inbound request, as problem details (RFC 9457)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hookline.exceptions import HooklineError


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of refusal.

    :param slug: stable name; the problem's ``type`` is ``urn:hookline:problem:{slug}``.
    :param status: HTTP status code.
    :param title: what all refusals of this kind have in common.
    """

    slug: str
    status: int
    title: str


MALFORMED = Problem("malformed", 400, "The request cannot be read")
UNAUTHENTICATED = Problem("unauthenticated", 401, "The sender could not be verified")
ADDRESS_NOT_ALLOWED = Problem("address-not-allowed", 403, "The source takes nothing from this address")
ORIGIN_NOT_ALLOWED = Problem("origin-not-allowed", 403, "The source takes nothing from this origin")
NO_FORM = Problem("no-form", 404, "There is no such form")
LINK_INVALID = Problem("link-invalid", 404, "This link does not work")
UNKNOWN_SOURCE = Problem("unknown-source", 404, "There is no such source")
METHOD_NOT_ALLOWED = Problem("method-not-allowed", 405, "The source does not take this method")
TIMED_OUT = Problem("request-timeout", 408, "The request took too long to arrive")
LINK_SPENT = Problem("link-spent", 410, "This link does not work any more")
TOO_LARGE = Problem("too-large", 413, "The body is larger than the source takes")
HEADERS_TOO_LARGE = Problem("headers-too-large", 431, "The header fields are larger than any source takes")
UNSUPPORTED_MEDIA_TYPE = Problem("unsupported-media-type", 415, "The body's format is not supported")
UNPROCESSABLE = Problem("unprocessable", 422, "The event does not fit the schema of its Dag")
TOO_MANY_REQUESTS = Problem("too-many-requests", 429, "Too many requests")
FORM_REFUSED = Problem("form-refused", 422, "What the form sent was not taken")
RUN_FAILED = Problem("run-failed", 500, "The event's run failed")
NOT_STARTED = Problem("not-started", 500, "No run could be started for the event")
INTERNAL = Problem("internal", 500, "The request could not be handled")
NO_PAGE = Problem("no-page", 503, "The form cannot be shown")
CLOSED = Problem("source-closed", 503, "The source is closed until its configuration is mended")
UNAVAILABLE = Problem("unavailable", 503, "The event could not be stored")


class Rejected(HooklineError):
    """An inbound request that is refused.

    :param problem: the kind of refusal.
    :param detail: what the sender may know; never anything that helps to guess a secret.
    :param reason: what only the operator may know; defaults to ``detail``.
    :param headers: further header fields of the answer, such as ``Retry-After``.
    :param members: further members of the problem object (RFC 9457, section 3.2).
    """

    def __init__(
        self,
        problem: Problem,
        detail: str,
        *,
        reason: str | None = None,
        headers: dict[str, str] | None = None,
        members: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(reason or detail)
        self.problem = problem
        self.detail = detail
        self.reason = reason or detail
        self.headers = headers or {}
        self.members = members or {}

    def again(self) -> Rejected:
        """Return an equal refusal; one that was raised keeps its request alive through its traceback."""
        return Rejected(
            self.problem,
            self.detail,
            reason=self.reason,
            headers=dict(self.headers),
            members=dict(self.members),
        )

    def body(self) -> dict[str, Any]:
        """Return the members of the ``application/problem+json`` object."""
        return {
            "type": f"urn:hookline:problem:{self.problem.slug}",
            "title": self.problem.title,
            "status": self.problem.status,
            "detail": self.detail,
            **self.members,
        }


def unauthenticated(reason: str, *, challenge: str | None = None) -> Rejected:
    """Return the refusal of a sender: the reason stays with the operator.

    :param challenge: value of ``WWW-Authenticate`` (RFC 9110, section 11.6.1).
    """
    return Rejected(
        UNAUTHENTICATED,
        "The request's credentials or signature are missing or wrong.",
        reason=reason,
        headers={"WWW-Authenticate": challenge} if challenge else None,
    )
