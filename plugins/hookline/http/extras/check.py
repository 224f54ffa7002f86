"""Checks of single extras; each is made with the extra's name and returns the value as a Target holds it.

Values also come as text: a Connection written as a URI has only strings.
"""

from __future__ import annotations

import difflib
import ipaddress
import json
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from hookline.exceptions import ConfigurationError
from hookline.http import headers as header_fields
from hookline.http.egress import Network

N = TypeVar("N", int, float)
Check = Callable[[object], Any]


def nearest(word: str, known: Collection[str]) -> str:
    """Return the words that tell a person what they may have meant."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known are {', '.join(f'`{name}`' for name in known)}"


def choice(name: str, known: Collection[str]) -> Check:
    """Check that the value is one of ``known``."""

    def check(value: object) -> str:
        if isinstance(value, str) and value in known:
            return value
        raise ConfigurationError(f"extra `{name}` is {value!r}; {nearest(str(value), known)}")

    return check


def text(name: str, example: str) -> Check:
    """Check that the value is text without control characters."""

    def check(value: object) -> str:
        if isinstance(value, str) and value.isprintable():
            return value
        raise ConfigurationError(f"extra `{name}` must be text such as {example}")

    return check


def header_name(name: str) -> Check:
    """Check that a header can have this name."""

    def check(value: object) -> str:
        return next(iter(header_fields.checked({value: ""}, f"extra `{name}`")))  # type: ignore[dict-item]

    return check


def header_map(name: str) -> Check:
    """Check that the value is an object of header fields, or that object as a JSON text."""

    def check(value: object) -> dict[str, str]:
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                value = None
        if not isinstance(value, Mapping):
            raise ConfigurationError(f'extra `{name}` must be a JSON object such as {{"X-Tenant": "a"}}')
        return header_fields.checked(value, f"extra `{name}`")

    return check


def seconds(name: str, most: float, least: float | None = None) -> Check:
    """Check for seconds: more than 0, or from ``least`` on."""
    lower = "more than 0" if least is None else f"at least {least:g}"

    def check(value: object) -> float:
        number = _number(value, float)
        good = number is not None and number <= most and (number > 0 if least is None else number >= least)
        if not good or number is None:
            raise ConfigurationError(
                f"extra `{name}` must be seconds, {lower}, at most {most:.0f}, not {value!r}"
            )
        return number

    return check


def whole(name: str, least: int, most: int) -> Check:
    """Check for a whole number."""

    def check(value: object) -> int:
        number = _number(value, int)
        if number is None or not least <= number <= most:
            raise ConfigurationError(
                f"extra `{name}` must be a whole number from {least} to {most}, not {value!r}"
            )
        return number

    return check


def statuses(name: str) -> Check:
    """Check for one status or several: a number, a list, or text with commas."""

    def check(value: object) -> frozenset[int]:
        items = value.split(",") if isinstance(value, str) else value if isinstance(value, list) else [value]
        numbers = [_number(item, int) for item in items]
        if not numbers or not all(number is not None and 100 <= number <= 599 for number in numbers):
            raise ConfigurationError(
                f"extra `{name}` must be statuses such as 401 or [401, 419], not {value!r}"
            )
        return frozenset(filter(None, numbers))

    return check


def verify(value: object) -> bool | str:
    """Check for true, false, or a path."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), value)
    raise ConfigurationError(f"extra `verify` must be true, false or the path of a CA bundle, not {value!r}")


def networks(value: object) -> tuple[Network, ...]:
    """Check for networks and addresses: a list, or text with commas.

    :raises ConfigurationError: one of them is neither.
    """
    items = value.split(",") if isinstance(value, str) else value
    if not isinstance(items, list | tuple):
        raise ConfigurationError(f"networks must be a list or text such as 10.0.0.0/8, not {value!r}")
    found = []
    for item in filter(None, (str(item).strip() for item in items)):
        try:
            found.append(ipaddress.ip_network(item))
        except ValueError:
            raise ConfigurationError(
                f"{item!r} is not a network; write it as 10.0.0.0/8, fd00::/8, or as one address"
            ) from None
    return tuple(found)


def named(name: str, check: Check) -> Check:
    """Have ``check`` say which extra it is about."""

    def checked(value: object) -> Any:
        try:
            return check(value)
        except ConfigurationError as error:
            raise ConfigurationError(f"extra `{name}`: {error}") from None

    return checked


def _number(value: object, kind: type[N]) -> N | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = kind(value)
    except (ValueError, OverflowError):
        return None
    return number if isinstance(value, str) or number == value else None
