"""From an operator's arguments to the call it makes, on a worker and in the triggerer alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.hooks import arguments, storage
from hookline.hooks.arguments import Task
from hookline.hooks.saving import saving
from hookline.http import idempotency, pagination
from hookline.http.call import Call
from hookline.http.sink import SinkFor


@dataclass(frozen=True)
class Made:
    """A call, and where the body of its answer goes."""

    call: Call
    save: SinkFor | None


def make(rendered: Mapping[str, Any], task: Task | None) -> Made:
    """Make the call; its files are opened when it is sent.

    :param rendered: the arguments by :data:`hookline.hooks.arguments.NAMES`.
    :param task: whose call it is; None outside of a run.
    :raises ConfigurationError: see :func:`hookline.hooks.arguments.check`.
    """
    arguments.check(rendered)
    given = dict(rendered)
    body_type = given.get("body_type", "json")
    call = Call(
        given["method"],
        str(given["path"]),
        address=given["url"],
        body=storage.resolve(given.get("body"), body_type),
        body_type=body_type,
        send_null=given.get("send_null", True),
        headers=given["headers"] or {},
        query=given["query"] or {},
        expected_status=given["expected_status"],
        response_filter=given["response_filter"],
        response_check=given["response_check"],
        pagination=pagination.rule(given["pagination"]),
        idempotency_key=_key(given["idempotency_key"], task),
    )
    return Made(call, saving(given["save_to"], task))


def _key(given: Any, task: Task | None) -> str | None:
    if given is None or isinstance(given, bool):
        if not given:
            return None
        if task is None:
            raise ConfigurationError("idempotency_key=True needs a task; give the key itself")
        return idempotency.derive(*task)
    return str(given) or None
