"""Addresses: which server a request goes to, and what it asks that server for.

A ``path`` is always taken below the Connection's base path, with or without a leading slash; this is on
purpose not the reference resolution of RFC 3986 section 5, where ``/users`` would leave the base path and
``//host`` the server. ``tests/vectors/http_url.json`` is the table of rules.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote, unquote_plus, urlencode, urljoin, urlsplit

from hookline.exceptions import ConfigurationError
from hookline.http.body import plain

DEFAULT_PORTS = {"http": 80, "https": 443}

_FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*\.?")
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_KEPT = "!$%&'()*+,/:;=?@~"  # RFC 3986 section 3.3, and what separates paths and queries


@dataclass(frozen=True)
class Origin:
    """Scheme, host and port of a server (RFC 6454 section 4).

    :param host: lower case; an IPv6 address without brackets.
    """

    scheme: str
    host: str
    port: int

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}" + (
            "" if self.port == DEFAULT_PORTS[self.scheme] else f":{self.port}"
        )


def split(url: str, what: str) -> tuple[Origin, str, str]:
    """Return origin, path and query of an absolute URL; ``what`` names it in errors.

    :raises ConfigurationError: not http or https, a user or password inside, a fragment, no or a strange
        host or port, ``..``, a backslash or a control character. The message never shows the URL.
    """
    if _FORBIDDEN.search(url) or url != url.strip():
        raise ConfigurationError(
            f"{what} holds a backslash, a control character or a space around it; remove it"
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ConfigurationError(
            f"{what} has a strange host or port; an IPv6 address needs brackets: https://[::1]:8443"
        ) from None
    if parts.scheme not in DEFAULT_PORTS:
        raise ConfigurationError(f"{what} must begin with https:// or http://")
    if "@" in parts.netloc:
        raise ConfigurationError(
            f"{what} holds a user or password; put them into the Connection's login and password"
        )
    _require_host(host, what)
    if port == 0:
        raise ConfigurationError(f"{what} has port 0; ports are 1 to 65535")
    _require_inside("?".join((parts.path, parts.query)) + ("#" if "#" in url else ""), what)
    return Origin(parts.scheme, host, port or DEFAULT_PORTS[parts.scheme]), parts.path, parts.query


def below(base_path: str, path: str) -> tuple[str, str]:
    """Return the path and the query of ``path`` taken below ``base_path``.

    :raises ConfigurationError: ``path`` is an absolute URL, starts with ``//``, or holds a dot segment
        (also percent-encoded), a backslash, a control character or a fragment.
    """
    if _ABSOLUTE.match(path):
        raise ConfigurationError("path is a whole URL; give it as url= instead")
    if path.startswith("//"):
        raise ConfigurationError("path starts with //, which would name another host; start it with one /")
    _require_inside(path, "path")
    part, _, query = path.partition("?")
    if not part:
        return base_path or "/", query
    return f"{base_path.rstrip('/')}/{part.removeprefix('/')}", query


def build(origin: Origin, path: str, query: str, parameters: Mapping[str, object] | None = None) -> str:
    """Return the URL to send, percent-encoded as UTF-8; valid ``%XX`` are kept as they are.

    :param parameters: appended to ``query`` as ``application/x-www-form-urlencoded``; a list repeats its
        name, ``None`` is left out, ``True`` is ``true``, dates and numbers as in :mod:`hookline.http.body`.
    """
    pairs = [
        (name, _text(item))
        for name, value in (parameters or {}).items()
        for item in (value if isinstance(value, list | tuple) else (value,))
        if item is not None
    ]
    queries: Iterable[str] = filter(None, (_quoted(query), urlencode(pairs)))
    return "?".join(filter(None, (f"{origin}{_quoted(path) or '/'}", "&".join(queries))))


def has_parameter(url: str, name: str) -> bool:
    """Tell whether the query of ``url`` holds ``name``."""
    return any(key == name for key, _ in parse_qsl(urlsplit(url).query, keep_blank_values=True))


def with_parameter(url: str, name: str, value: str) -> str:
    """Return ``url`` with one query parameter more."""
    return f"{url}{'&' if '?' in url else '?'}{urlencode([(name, value)])}"


def without_parameter(query: str, name: str) -> str:
    """Return ``query`` without the parameters called ``name``."""
    pairs = query.split("&")
    return "&".join(pair for pair in pairs if not name or unquote_plus(pair.partition("=")[0]) != name)


def without_query(url: str, base: str = "") -> str:
    """Return ``url``, relative to ``base``, for people to read: without query, fragment, user, password."""
    try:
        parts = urlsplit(urljoin(base, url))
    except ValueError:
        return "(not a URL)"
    shown = parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()
    return _FORBIDDEN.sub("", shown)


def _require_host(host: str, what: str) -> None:
    if ":" in host:
        try:
            # A zone (RFC 6874) is for link-local addresses of this machine alone.
            ipaddress.IPv6Address(host.replace("%", "?"))
        except ValueError:
            raise ConfigurationError(f"{what} has a strange IPv6 address as its host") from None
    elif not _HOST.fullmatch(host):
        reason = "no host" if not host else "a host with characters that host names do not have"
        raise ConfigurationError(f"{what} has {reason}; write an international name as xn--…")


def _require_inside(text: str, what: str) -> None:
    if _FORBIDDEN.search(text):
        raise ConfigurationError(f"{what} holds a backslash or a control character; percent-encode it")
    if "#" in text:
        raise ConfigurationError(f"{what} holds a #, and fragments are never sent; write %23 for the sign")
    decoded = unquote(text.partition("?")[0])
    # Tomcat and Spring take `..;a` for `..` with a matrix parameter.
    if any(segment.partition(";")[0] in {".", ".."} for segment in re.split(r"[/\\]", decoded)):
        raise ConfigurationError(f"{what} holds a . or .. segment; write the path out")


def _quoted(text: str) -> str:
    try:
        return quote(_STRAY_PERCENT.sub("%25", text), safe=_KEPT)
    except UnicodeEncodeError:
        raise ConfigurationError("the address holds half a character (a lone surrogate)") from None


def _text(value: object) -> str:
    value = plain(value)
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise ConfigurationError(
        f"a query parameter is a {type(value).__name__}; give text, numbers or lists of them"
    )
