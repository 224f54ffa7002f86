"""How to get from one page of an answer to the next.

A rule looks at an answer and says what changes in the next call: ``{"url": …}``, ``{"query": {…}}`` or
``{"body": {…}}``; None ends. Rules are data, so that they can travel to the triggerer; a function of the
answer that returns the same does as well, on a worker.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urldefrag, urljoin

from hookline.exceptions import ConfigurationError, UnexpectedAnswer
from hookline.http import links, url
from hookline.http.select import compiled, select

if TYPE_CHECKING:
    from hookline.http.response import Answer
    from hookline.http.target import Target

MAX_PAGES = 100
Changes = Mapping[str, Any]


@dataclass(frozen=True)
class Pagination:
    """A rule.

    :param max_pages: more pages than this are an error, never left out in silence.
    """

    kind: ClassVar[str]

    max_pages: int = field(default=MAX_PAGES, kw_only=True)

    def __post_init__(self) -> None:
        """Check the fields.

        :raises ConfigurationError: one of them cannot be meant.
        """
        if not isinstance(self.max_pages, int) or not 1 <= self.max_pages <= 10_000:
            raise ConfigurationError(f"max_pages is {self.max_pages!r}; it must be a number from 1 to 10000")
        for name in ("path", "stop_when"):
            if getattr(self, name, ""):
                compiled(getattr(self, name))

    def following(self, answer: Answer, page: int) -> Changes | None:
        """Return what the next call changes; None at the end.

        :param page: number of the page that ``answer`` is, from 1.
        """
        raise NotImplementedError

    def to_json(self) -> dict[str, Any]:
        """Return the rule as JSON, for :func:`rule`."""
        return {"kind": self.kind, **asdict(self)}


@dataclass(frozen=True)
class LinkHeader(Pagination):
    """The ``Link`` header's address with ``rel="next"`` (RFC 8288), as GitHub, GitLab and Shopify send it."""

    kind = "link_header"

    def following(self, answer: Answer, page: int) -> Changes | None:  # noqa: ARG002
        """Return the address."""
        target = links.target(answer.headers.get("link", ""), "next")
        return None if target is None else {"url": target}


@dataclass(frozen=True)
class NextUrl(Pagination):
    """An address inside the body.

    :param path: JMESPath of the address, e.g. ``links.next``.
    """

    kind = "next_url"

    path: str = "next"

    def following(self, answer: Answer, page: int) -> Changes | None:  # noqa: ARG002
        """Return the address."""
        target = select(answer.body, self.path)
        return {"url": str(target)} if target else None


@dataclass(frozen=True)
class Cursor(Pagination):
    """A mark inside the body that the next call gives back.

    :param path: JMESPath of the mark, e.g. ``meta.next_cursor``; null, false and empty text end.
    :param parameter: what it is called in the next call.
    :param where: ``query`` or ``body``.
    """

    kind = "cursor"

    path: str = "next_cursor"
    parameter: str = "cursor"
    where: str = "query"

    def __post_init__(self) -> None:
        """Check the fields."""
        super().__post_init__()
        if self.where not in {"query", "body"}:
            raise ConfigurationError(f"where is {self.where!r}; it is query or body")

    def following(self, answer: Answer, page: int) -> Changes | None:  # noqa: ARG002
        """Return the parameter."""
        mark = select(answer.body, self.path)
        ends = mark is None or mark is False or mark == ""  # 0 is a mark like others
        return None if ends else {self.where: {self.parameter: mark}}


@dataclass(frozen=True)
class PageNumber(Pagination):
    """A number that grows by one.

    :param parameter: query parameter of the number.
    :param first: number of the first page.
    :param stop_when: JMESPath over the body that is true of the last page; without it a page whose body, or
        whose ``items``, is empty is the last.
    :param items: JMESPath of the page's list.
    """

    kind = "page_number"

    parameter: str = "page"
    first: int = 1
    stop_when: str = ""
    items: str = "@"

    def following(self, answer: Answer, page: int) -> Changes | None:
        """Return the parameter."""
        last = select(answer.body, self.stop_when) if self.stop_when else not select(answer.body, self.items)
        return None if last else {"query": {self.parameter: self.first + page}}


@dataclass(frozen=True)
class Function(Pagination):
    """A function of the answer."""

    kind = "function"

    function: Callable[[Answer], Changes | None] | None = None

    def following(self, answer: Answer, page: int) -> Changes | None:  # noqa: ARG002
        """Return what the function returns.

        :raises UnexpectedAnswer: something else than changes.
        """
        changes = self.function(answer) if self.function else None
        if changes is not None and not (
            isinstance(changes, Mapping) and changes and changes.keys() <= {"url", "query", "body"}
        ):
            raise UnexpectedAnswer("the function of pagination returns neither None nor url, query or body")
        return changes


RULES: Mapping[str, type[Pagination]] = {one.kind: one for one in (LinkHeader, NextUrl, Cursor, PageNumber)}


def rule(given: Any) -> Pagination | None:
    """Return the rule that an operator was given, also from its JSON.

    :raises ConfigurationError: it is none.
    """
    if given is None or isinstance(given, Pagination):
        return given
    if isinstance(given, Mapping) and given.get("kind") in RULES:
        return RULES[given["kind"]](**{name: value for name, value in given.items() if name != "kind"})
    if callable(given):
        return Function(function=given)
    raise ConfigurationError(
        f"pagination is a {type(given).__name__}; give LinkHeader(), NextUrl(…), Cursor(…), PageNumber(…) "
        "or a function"
    )


def reachable(changes: Changes, here: str, home: str, target: Target) -> Changes:
    """Return ``changes`` with the next page's address complete, as the other side names it.

    The credential that ``auth_type`` ``api_key`` writes into the query is taken out: many servers repeat it.

    :param here: where the answer came from, after redirects.
    :param home: where the call went.
    :raises UnexpectedAnswer: no address, or one on another server, which must see neither the headers nor the
        body of the call.
    """
    if "url" not in changes:
        return changes
    try:
        address = urldefrag(urljoin(here, str(changes["url"]))).url
        origin, path, query = url.split(address, "the next page's address")
    except (ConfigurationError, ValueError):
        raise UnexpectedAnswer("the next page's address is none that could be called") from None
    if origin != url.split(home, "url")[0]:
        raise UnexpectedAnswer(f"the next page is on {origin}, another server, and is not asked for")
    return {**changes, "url": url.build(origin, path, url.without_parameter(query, target.key_query))}


def require_new(changes: Changes, visited: set[str], pages: int, max_pages: int) -> None:
    """Remember where the next page is.

    :raises UnexpectedAnswer: it was there already, so that there would be no end, or there are too many.
    """
    if pages >= max_pages:
        raise UnexpectedAnswer(f"there are more than {max_pages} pages; ask for fewer, or raise max_pages")
    key = json.dumps(dict(changes), sort_keys=True, default=str)
    if key in visited:
        raise UnexpectedAnswer(f"page {pages} leads back to a page that was read already")
    visited.add(key)


def collect(pages: list[Any]) -> list[Any]:
    """Return the items of all pages: those of lists, what is no list as one item; a page may hold nothing."""
    kept = (page for page in pages if page is not None)
    return [item for page in kept for item in (page if isinstance(page, list) else [page])]
