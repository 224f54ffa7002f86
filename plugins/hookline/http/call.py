"""What one call asks for, before a target says where it goes and how it authenticates."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from hookline.exceptions import ConfigurationError, UnexpectedAnswer
from hookline.http import auth, headers
from hookline.http.body import encode
from hookline.http.idempotency import HEADER
from hookline.http.request import Request, compose
from hookline.http.select import select

if TYPE_CHECKING:
    from hookline.http.pagination import Pagination
    from hookline.http.response import Answer
    from hookline.http.target import Target

BODILESS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})

Selector = str | Callable[["Answer"], Any]
"""A JMESPath expression over the answer's body, or a function of the answer."""


@dataclass(frozen=True)
class Call:
    """One call, as often as it is sent and over all its pages.

    :param address: whole URL instead of ``path``.
    :param body: see :mod:`hookline.http.body`; None sends no body.
    :param expected_status: the status, or the statuses, of success; 2xx without it.
    :param response_filter: what of each answer is kept.
    :param response_check: what has to be true of each answer.
    :param idempotency_key: sent as ``Idempotency-Key`` (draft-ietf-httpapi-idempotency-key-header).
    """

    method: str
    path: str = ""
    address: str | None = None
    body: Any = field(default=None, repr=False)
    body_type: str = "json"
    send_null: bool = True
    headers: Mapping[str, Any] = field(default_factory=dict, repr=False)
    query: Mapping[str, Any] = field(default_factory=dict, repr=False)
    expected_status: int | Collection[int] | None = None
    response_filter: Selector | None = None
    response_check: Selector | None = None
    pagination: Pagination | None = None
    idempotency_key: str | None = None

    def request(self, target: Target) -> Request:
        """Return the request to ``target``, complete and authenticated.

        :raises ConfigurationError: see :func:`hookline.http.request.compose`.
        """
        extra = auth.SCHEMES[target.auth_type].fields(target)
        if extra and self.body is None and self.method.upper() in BODILESS:
            raise ConfigurationError(
                f"auth_type {target.auth_type} writes into the body, and a {self.method.upper()} has none; "
                "choose another auth_type for this call"
            )
        content = None
        if self.body is not None or extra:
            body = {} if self.body is None else self.body
            content = encode(self.body_type, body, send_null=self.send_null, fields=extra)
        fields = headers.checked(self.headers)
        if self.idempotency_key is not None:
            fields = headers.merged({HEADER: self.idempotency_key}, fields)
        return compose(
            target,
            self.method,
            self.path,
            address=self.address,
            content=content,
            fields=fields,
            query=self.query,
        )

    def changed(self, changes: Mapping[str, Any]) -> Call:
        """Return the call for another page.

        :param changes: ``url``: the whole address, own query included; ``query``, ``body``: merged.
        :raises ConfigurationError: the body has no place for something more.
        """
        call = self
        if "url" in changes:
            call = replace(call, path="", address=changes["url"], query={})
        if "query" in changes:
            call = replace(call, query={**call.query, **changes["query"]})
        if "body" in changes:
            call = replace(call, body={**call._fields(), **changes["body"]})
        return call

    def check_changes(self) -> None:
        """Raise ``ConfigurationError`` if the next page cannot be asked for as ``pagination`` does it."""
        if getattr(self.pagination, "where", "") == "body":
            self._fields()

    def _fields(self) -> dict[str, Any]:
        body = self.body
        if isinstance(body, str) and self.body_type == "json":
            with contextlib.suppress(ValueError, RecursionError):
                body = json.loads(body or "{}")
        if not isinstance(body, Mapping | None):
            raise ConfigurationError(
                "pagination puts something into the body of the next page, and body is no object; make it one"
            )
        return dict(body or {})

    def accepts(self, status: int) -> bool:
        """Tell whether ``status`` is one of success."""
        expected = self.expected_status
        if expected is None:
            return 200 <= status < 300
        return status == expected if isinstance(expected, int) else status in expected

    def kept(self, answer: Answer) -> Any:
        """Return what ``response_filter`` keeps of ``answer``, the whole body without one."""
        return answer.body if self.response_filter is None else _apply(self.response_filter, answer)

    def check(self, answer: Answer) -> None:
        """Raise ``UnexpectedAnswer`` if ``response_check`` does not hold."""
        if self.response_check is not None and not _apply(self.response_check, answer):
            rule = f" {self.response_check!r}" if isinstance(self.response_check, str) else ""
            raise UnexpectedAnswer(f"the answer ({answer.status}) does not pass response_check{rule}")


def _apply(selector: Selector, answer: Answer) -> Any:
    return select(answer.body, selector) if isinstance(selector, str) else selector(answer)
