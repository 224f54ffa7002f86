"""Header fields: checked before they are sent, hidden before they are stored."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote, quote_plus

from hookline.exceptions import ConfigurationError

HIDDEN = "***"
MAX_PARAMETERS = 50
MAX_PARAMETERS_CHARS = 10_000

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_DISPUTED = re.compile(rb"[\x00\x0b\x0c]")
_FOLD = re.compile(r"[\r\n]+[ \t]*")
# The transport writes these; a second opinion about where a message ends is request smuggling.
_RESERVED = frozenset({"content-length", "host", "transfer-encoding"})
_SECRET = re.compile(r"cookie|authoriz|authentic|token|secret|password|signature|api[-_]?key")


def checked(headers: Mapping[str, object], what: str = "headers") -> dict[str, str]:
    """Return ``headers`` as text, integers written out; ``what`` names them in errors.

    :raises ConfigurationError: a name that is no token (RFC 9110 section 5.6.2), a value with CR, LF, NUL,
        another control character or a character outside ISO-8859-1 (RFC 9110 section 5.5), a value that is
        neither text nor an integer, or a field that only the transport may write. Values are never shown.
    """
    if not isinstance(headers, Mapping):
        raise ConfigurationError(
            f"{what} must be an object of names and values, not a {type(headers).__name__}"
        )
    return {_name(name, what): _value(name, value, what) for name, value in headers.items()}


def merged(*layers: Mapping[str, str]) -> dict[str, str]:
    """Return all fields, names compared without case; a later layer replaces an earlier one."""
    fields = {name.lower(): (name, value) for layer in layers for name, value in layer.items()}
    return dict(fields.values())


def bounded(value: str) -> str:
    """Return a received field with parameters, without them if they are more than anybody sends.

    ``email.message`` takes time that grows with the square of their number, and a head may be 64 KiB.
    """
    fits = len(value) <= MAX_PARAMETERS_CHARS and value.count(";") <= MAX_PARAMETERS
    return value if fits else value.partition(";")[0][:MAX_PARAMETERS_CHARS]


def received(fields: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Return an answer's fields by lower-case name, repeated ones joined by ``", "`` (RFC 9110 section 5.3).

    Values are UTF-8, as some servers send them, or else ISO-8859-1; folded lines are unfolded.

    :raises ValueError: a value with a control character that clients disagree about.
    """
    joined: dict[str, str] = {}
    for raw_name, raw_value in fields:
        if _DISPUTED.search(raw_value):
            raise ValueError("a header holds a control character")
        try:
            value = raw_value.decode()
        except UnicodeDecodeError:
            value = raw_value.decode("latin-1")
        value = _FOLD.sub(" ", value).strip()
        name = raw_name.decode("latin-1").lower()
        joined[name] = f"{joined[name]}, {value}" if name in joined else value
    return joined


def is_secret(name: str) -> bool:
    """Tell whether a field of this name usually carries a secret, such as ``Set-Cookie`` or ``X-Api-Key``."""
    return bool(_SECRET.search(name.lower()))


def masked(headers: Mapping[str, str]) -> dict[str, str]:
    """Return ``headers`` with lower-case names, and ``***`` in place of what :func:`is_secret` says."""
    return {name.lower(): HIDDEN if is_secret(name) else value for name, value in headers.items()}


def redacted(text: str, secrets: Iterable[str]) -> str:
    """Return ``text`` with ``***`` for ``secrets``, also as addresses, forms and JSON write them."""
    forms = {form for secret in filter(None, secrets) for form in _forms(secret)}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return text


def _forms(secret: str) -> tuple[str, ...]:
    return (
        secret,
        *(quoted(secret.encode("utf-8", "replace"), safe="") for quoted in (quote, quote_plus)),
        *(json.dumps(secret, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)),
    )


def _name(name: object, what: str) -> str:
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise ConfigurationError(f"{what}: {name!r} is not a header name; use letters, digits and dashes")
    if name.lower() in _RESERVED:
        raise ConfigurationError(f"{what}: {name} is written by Hookline itself; leave it out")
    return name


def _value(name: str, value: object, what: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ConfigurationError(f"{what}: the value of {name} is a {type(value).__name__}; give text")
    text = str(value).strip(" \t")
    if not _VALUE.fullmatch(text):
        raise ConfigurationError(
            f"{what}: the value of {name} holds a line break, another control character or a character "
            "outside ISO-8859-1; remove or encode it"
        )
    return text
