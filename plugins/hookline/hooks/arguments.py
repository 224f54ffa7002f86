"""The arguments that make a call: checked when a Dag is parsed and before it is sent, written down to travel.

What is templated is checked when it is rendered.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, NamedTuple

from hookline.exceptions import ConfigurationError
from hookline.http import pagination
from hookline.http.body import BODY_TYPES, plain
from hookline.http.select import compiled

NAMES = (
    "method", "path", "url", "body", "body_type", "send_null", "headers", "query", "expected_status",
    "response_filter", "response_check", "pagination", "save_to", "idempotency_key",
)  # fmt: skip
"""Arguments of an operator that make its call."""

XCOM = "__xcom__"
"""Key under which the output of another task is written down, as ``[task id, key]``."""

_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")


class Task(NamedTuple):
    """One task of one run, whatever its try."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int

    @classmethod
    def of(cls, instance: Any) -> Task:
        """Return the task of a task instance."""
        index = instance.map_index
        return cls(instance.dag_id, instance.run_id, instance.task_id, -1 if index is None else index)


def check(arguments: Mapping[str, Any], *, templated: Collection[str] = ()) -> None:
    """Find what cannot be meant, before anything is sent.

    :param arguments: by :data:`NAMES`, and ``http_conn_id``; those that are not there are not checked.
    :param templated: those that may still be a template or the output of another task.
    :raises ConfigurationError: an argument of another type than documented, an unknown body type, an
        expression that is not JMESPath, both path and url, both pagination and save_to.
    """
    for name, (fits, says) in _RULES.items():
        value = arguments.get(name)
        if name in arguments and not (name in templated and _later(value)) and not fits(value):
            raise ConfigurationError(f"{name} is {_shown(value)}; {says}")
    for name in ("response_filter", "response_check"):
        if isinstance(expression := arguments.get(name), str):
            try:
                compiled(expression)
            except ConfigurationError as error:
                raise ConfigurationError(f"{name}: {error}") from None
    given = pagination.rule(arguments.get("pagination"))
    if given is not None and arguments.get("save_to"):
        raise ConfigurationError("pagination and save_to exclude each other; a page would replace the last")
    if arguments.get("url") is not None and arguments.get("path") not in {None, ""}:
        raise ConfigurationError("both url and path are given; write the whole address into url")


def is_local(save_to: Any) -> bool:
    """Tell whether a body would be saved on the disk of whoever makes the call; False while not known."""
    text = str(save_to or "{")
    return not text.startswith("{") and text.partition("://")[0].lower() in {"file", "local", text.lower()}


def to_json(arguments: Mapping[str, Any], default: Any) -> str:
    """Write arguments down for the triggerer.

    :param default: turns what JSON has no word for into what it has, or raises ``TypeError``.
    :raises TypeError: an argument is a function, bytes or the like.
    """

    def known(value: Any) -> Any:
        scalar = plain(value)
        return scalar if scalar is not value else default(value)

    return json.dumps(dict(arguments), default=known, allow_nan=False)


def _later(value: Any) -> bool:
    # A template, or the output of another task.
    return ("{{" in value or "{%" in value) if isinstance(value, str) else hasattr(value, "resolve")


def _shown(value: Any) -> str:
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return f"{value!r:.100}" if isinstance(value, str | int | float | None) else f"a {type(value).__name__}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_status(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599


def _is_statuses(value: Any) -> bool:
    several = isinstance(value, Collection) and not isinstance(value, str | bytes | Mapping)
    return value is None or _is_status(value) or (several and bool(value) and all(map(_is_status, value)))


def _is_selector(value: Any) -> bool:
    return value is None or isinstance(value, str) or callable(value)


def _is_fields(value: Any) -> bool:
    return value is None or isinstance(value, Mapping)


def _is_place(value: Any) -> bool:
    # ObjectStoragePath is no os.PathLike.
    return value is None or isinstance(value, str) or hasattr(value, "parts")


_RULES: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "http_conn_id": (
        lambda value: value is None or (isinstance(value, str) and bool(value)),
        "give the id of a Connection, or None and a url",
    ),
    "method": (
        lambda value: isinstance(value, str) and bool(_METHOD.fullmatch(value)),
        "that is not an HTTP method; write one such as POST",
    ),
    "path": (lambda value: isinstance(value, str) or _is_number(value), "give text such as users/7"),
    "url": (lambda value: value is None or isinstance(value, str), "give a whole address as text"),
    "body_type": (
        lambda value: isinstance(value, str) and value in BODY_TYPES,
        f"it is one of {', '.join(BODY_TYPES)}",
    ),
    "send_null": (lambda value: isinstance(value, bool), "give True or False"),
    "headers": (_is_fields, "give a dictionary of names and values"),
    "query": (_is_fields, "give a dictionary of names and values"),
    "expected_status": (
        _is_statuses,
        "give a number such as 200, or several such as [200, 404]; without it every 2xx is a success",
    ),
    "response_filter": (_is_selector, "give a JMESPath expression or a function"),
    "response_check": (_is_selector, "give a JMESPath expression or a function"),
    "pagination": (
        lambda value: not isinstance(value, type),
        "give an instance, such as LinkHeader()",
    ),
    "save_to": (_is_place, "give a path in object storage as text or ObjectStoragePath"),
    "idempotency_key": (
        lambda value: value is None or isinstance(value, bool | str) or _is_number(value),
        "give True or a text",
    ),
}
