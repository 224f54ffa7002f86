"""The arguments of an operator that make its call: checked when the Dag is parsed, written down to travel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from hookline.exceptions import ConfigurationError
from hookline.http.body import BODY_TYPES, plain
from hookline.http.select import compiled

NAMES = (
    "method", "path", "url", "body", "body_type", "send_null", "headers", "query", "expected_status",
    "response_filter", "response_check", "pagination", "save_to", "idempotency_key",
)  # fmt: skip
"""Arguments of an operator that make its call."""


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


def check(arguments: Mapping[str, Any]) -> None:
    """Find, when a Dag is parsed, what is wrong in any run.

    :raises ConfigurationError: an unknown body type, an expression that is not JMESPath, both path and url,
        both pagination and save_to.
    """
    body_type = arguments.get("body_type", "json")
    if body_type not in BODY_TYPES:
        raise ConfigurationError(f"body_type is {body_type!r}; it is one of {', '.join(BODY_TYPES)}")
    for name in ("response_filter", "response_check"):
        if isinstance(expression := arguments.get(name), str):
            try:
                compiled(expression)
            except ConfigurationError as error:
                raise ConfigurationError(f"{name}: {error}") from None
    if arguments.get("pagination") is not None and arguments.get("save_to"):
        raise ConfigurationError("pagination and save_to exclude each other; a page would replace the last")
    if arguments.get("url") is not None and arguments.get("path"):
        raise ConfigurationError("both url and path are given; write the whole address into url")


def to_json(arguments: Mapping[str, Any], default: Any) -> str:
    """Write arguments down for the triggerer.

    :param default: turns what JSON has no word for into what it has, or raises ``TypeError``.
    :raises TypeError: an argument is a function, bytes or the like.
    """

    def known(value: Any) -> Any:
        scalar = plain(value)
        return scalar if scalar is not value else default(value)

    return json.dumps(dict(arguments), default=known, allow_nan=False)
