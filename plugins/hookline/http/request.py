"""One outgoing request, complete and authenticated, before any byte is sent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hookline import __version__
from hookline.exceptions import ConfigurationError
from hookline.http import auth, headers, url
from hookline.http.body import Content
from hookline.http.target import Target

DEFAULT_HEADERS = {
    "User-Agent": f"airflow-hookline/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
}

_METHOD = re.compile(r"[A-Z][A-Z0-9_-]*")


@dataclass(frozen=True)
class Request:
    """What goes on the wire.

    :param url: absolute and percent-encoded.
    :param headers: names as they are sent; no two differ in case only.
    :param bare: the request before it was authenticated, to do that anew where a redirect leads.
    """

    method: str
    url: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Content | None = field(default=None, repr=False)
    bare: Request | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        return f"{self.method} {url.without_query(self.url)}"

    @property
    def secrets(self) -> frozenset[str]:
        """Values of headers that must not show up in a log line or an error, whole and without scheme."""
        values = [value for name, value in self.headers.items() if headers.is_secret(name)]
        return frozenset({*values, *(value.rpartition(" ")[2] for value in values)})

    def with_header(self, name: str, value: str) -> Request:
        """Return the request with one header more.

        :raises ConfigurationError: the header is there already; whose value should win is not for us to say.
        """
        if name.lower() in (present.lower() for present in self.headers):
            raise ConfigurationError(
                f"headers hold {name}, and the Connection's auth_type writes it too; drop one of them"
            )
        return replace(self, headers={**self.headers, name: value})

    def with_query(self, name: str, value: str) -> Request:
        """Return the request with one query parameter more.

        :raises ConfigurationError: the parameter is there already.
        """
        if url.has_parameter(self.url, name):
            raise ConfigurationError(
                f"the query holds {name}, and the Connection's auth_type writes it too; drop one of them"
            )
        return replace(self, url=url.with_parameter(self.url, name, value))


def compose(
    target: Target,
    method: str,
    path: str = "",
    *,
    address: str | None = None,
    content: Content | None = None,
    fields: Mapping[str, Any] | None = None,
    query: Mapping[str, Any] | None = None,
) -> Request:
    """Return the request, authenticated.

    :param path: below the target's base path, see :func:`hookline.http.url.below`.
    :param address: an absolute URL instead of ``path``.
    :param fields: headers of this call; they replace defaults of the same name.
    :raises ConfigurationError: anything that cannot be sent as it is written, or an ``address`` on another
        server than the target's while the target has credentials or default headers.
    """
    if not _METHOD.fullmatch(method.upper()):
        raise ConfigurationError(f"{method!r} is not an HTTP method")
    if query is not None and not isinstance(query, Mapping):
        raise ConfigurationError(f"query must be a dictionary, not a {type(query).__name__}")
    request = Request(
        method.upper(),
        _address(target, path, address, query),
        headers.merged(
            DEFAULT_HEADERS,
            target.headers,
            {"Content-Type": content.media_type} if content else {},
            headers.checked(fields or {}),
        ),
        content,
    )
    return authenticated(target, request)


def authenticated(target: Target, request: Request) -> Request:
    """Return ``request`` with what the target's ``auth_type`` adds."""
    return replace(auth.SCHEMES[target.auth_type].authenticate(target, request), bare=request)


def _address(target: Target, path: str, address: str | None, query: Mapping[str, Any] | None) -> str:
    if address is None:
        return url.build(target.origin, *url.below(target.base_path, path), query)
    if path:
        raise ConfigurationError("both url and path are given; write the whole address into url")
    origin, whole_path, own_query = url.split(address, "url")
    if origin != target.origin and target.bound_to_origin:
        raise ConfigurationError(
            f"url is on {origin}, but the Connection's credentials and headers are for {target.origin} only; "
            "use another Connection, or none"
        )
    return url.build(origin, whole_path, own_query, query)
