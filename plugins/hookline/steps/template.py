"""Texts with placeholders, filled with data; nothing of a template is ever executed."""

from __future__ import annotations

import json
import re
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.protocol import expression

MAX_EXPRESSION = 1000
MAX_PLACEHOLDERS = 100
MAX_DEPTH = 20
MAX_CHARS = 65_536
_PLACEHOLDER = re.compile(r"\$\{([^{}]{1,1000})\}")


def check(template: Any, what: str) -> None:
    """Check what :func:`fill` takes: text, lists and objects of it, and plain values.

    :param what: names the template in errors.
    :raises ConfigurationError: it is too large, no JSON, or a placeholder is no JMESPath.
    """
    try:
        text = json.dumps(template, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise ConfigurationError(f"{what} must be JSON: objects, lists, text, numbers") from None
    if len(text) > MAX_CHARS:
        raise ConfigurationError(f"{what} is {len(text)} characters; {MAX_CHARS} are allowed")
    found = [one for part in _texts(template, what, MAX_DEPTH) for one in _PLACEHOLDER.findall(part)]
    if len(found) > MAX_PLACEHOLDERS:
        raise ConfigurationError(f"{what} has {len(found)} placeholders; {MAX_PLACEHOLDERS} are allowed")
    for one in found:
        check_expression(one, what)


def check_expression(text: Any, what: str) -> None:
    """Check a JMESPath expression.

    :raises ConfigurationError: it is too long or does not compile.
    """
    if not isinstance(text, str) or not text.strip() or len(text) > MAX_EXPRESSION:
        raise ConfigurationError(f"{what} must be JMESPath of at most {MAX_EXPRESSION} characters")
    try:
        expression.check(text)
    except ConfigurationError as error:
        raise ConfigurationError(f"{what}: {error}") from None


def fill(template: Any, data: Any) -> Any:
    """Return the template with ``${JMESPath}`` replaced by what it finds in ``data``.

    Text that is nothing but one placeholder becomes the value itself, with its type; within longer text, a
    value that is no text is written as JSON, and what is not there leaves nothing.
    """
    if isinstance(template, str):
        return _filled(template, data)
    if isinstance(template, dict):
        return {_as_text(_filled(key, data)): fill(value, data) for key, value in template.items()}
    if isinstance(template, list | tuple):
        return [fill(value, data) for value in template]
    return template


def text(template: str, data: Any) -> str:
    """Return the template as text, whatever its placeholders find."""
    return _as_text(_filled(template, data))


def _filled(template: str, data: Any) -> Any:
    whole = _PLACEHOLDER.fullmatch(template)
    if whole:
        return expression.search(whole[1], data)
    return _PLACEHOLDER.sub(lambda found: _as_text(expression.search(found[1], data)), template)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _texts(template: Any, what: str, depth: int) -> list[str]:
    if depth < 0:
        raise ConfigurationError(f"{what} is nested deeper than {MAX_DEPTH} levels")
    if isinstance(template, str):
        return [template]
    if isinstance(template, dict):
        parts = [*template, *template.values()]
    elif isinstance(template, list | tuple):
        parts = list(template)
    else:
        return []
    return [found for part in parts for found in _texts(part, what, depth - 1)]
