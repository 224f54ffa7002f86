"""The extra fields that a Connection of type ``http_connector`` may have, each with its check.

Values also come as text: a Connection written as a URI has only strings.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from hookline.exceptions import ConfigurationError
from hookline.http import headers as header_fields
from hookline.http.auth import SCHEMES

N = TypeVar("N", int, float)

MAX_SECONDS = 86_400.0
MAX_BYTES = 2**30


def read(extra: Mapping[str, Any]) -> dict[str, Any]:
    """Return the checked values of the extras that are set; ``None`` and empty text mean "not set".

    :raises ConfigurationError: an unknown key, with the nearest known one, or a value of the wrong kind.
    """
    for key in extra:
        if key not in FIELDS:
            raise ConfigurationError(f"extra `{key}` is not known; {nearest(key, FIELDS)}")
    return {key: FIELDS[key](value) for key, value in extra.items() if value is not None and value != ""}


def nearest(word: str, known: Mapping[str, object]) -> str:
    """Return the words that tell a person what they may have meant."""
    close = difflib.get_close_matches(word, known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"known are {', '.join(f'`{name}`' for name in known)}"


def _auth_type(value: object) -> str:
    if isinstance(value, str) and value in SCHEMES:
        return value
    raise ConfigurationError(f"extra `auth_type` is {value!r}; {nearest(str(value), SCHEMES)}")


def _api_key_header(value: object) -> str:
    return next(iter(header_fields.checked({value: ""}, "extra `api_key_header`")))  # type: ignore[dict-item]


def _headers(value: object) -> dict[str, str]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            value = None
    if not isinstance(value, Mapping):
        raise ConfigurationError('extra `headers` must be a JSON object such as {"X-Tenant": "a"}')
    return header_fields.checked(value, "extra `headers`")


def _seconds(name: str) -> Callable[[object], float]:
    def check(value: object) -> float:
        number = _number(value, float)
        if number is None or not 0 < number <= MAX_SECONDS:
            raise ConfigurationError(
                f"extra `{name}` must be seconds, more than 0, at most {MAX_SECONDS:.0f}, not {value!r}"
            )
        return number

    return check


def _max_response_bytes(value: object) -> int:
    number = _number(value, int)
    if number is None or not 1 <= number <= MAX_BYTES:
        raise ConfigurationError(
            f"extra `max_response_bytes` must be a whole number from 1 to {MAX_BYTES}, not {value!r}"
        )
    return number


def _verify(value: object) -> bool | str:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), value)
    raise ConfigurationError(f"extra `verify` must be true, false or the path of a CA bundle, not {value!r}")


def _number(value: object, kind: type[N]) -> N | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = kind(value)
    except (ValueError, OverflowError):
        return None
    return number if isinstance(value, str) or number == value else None


FIELDS: Mapping[str, Callable[[object], Any]] = {
    "auth_type": _auth_type,
    "api_key_header": _api_key_header,
    "headers": _headers,
    "timeout": _seconds("timeout"),
    "connect_timeout": _seconds("connect_timeout"),
    "verify": _verify,
    "max_response_bytes": _max_response_bytes,
}
