"""How a task of a Dag stops until the server wakes it, and what it is told then.

A parked task is in Airflow's state ``awaiting_input``: it has no worker, no trigger and no triggerer, and
what it waits for stands in its ``next_kwargs`` (``TaskAwaitingInput`` in ``airflow/sdk/exceptions.py``).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSensorTimeout

from hookline.exceptions import ConfigurationError
from hookline.protocol.wait import KEY, METHOD, RESULT, Wait

SINCE_THE_WAIT = "wait"
SCHEDULED = ("scheduled", "backfill")
"""Types of runs (``DagRunType``) that are not made at the time they are for."""
RESERVED = ("__classname__", "__id__")
"""Members that Airflow keeps for itself in XComs (``airflow/sdk/serde``)."""


def park(wait: Mapping[str, Any], *, method: str, timeout: timedelta | None) -> NoReturn:
    """Stop this task until the server wakes it with a result.

    :param wait: JSON of what it waits for, rendered: the server renders nothing. An ``id`` is added, by which
        the server knows this wait from every other one of the same task.
    :param method: called as ``method(context, event=..., hookline_wait=...)``; see :func:`result`.
    :param timeout: after which Airflow's scheduler wakes the task without a result.
    :raises TaskAwaitingInput: always; it is what Airflow's task runner takes for parking.
    """
    from airflow.sdk.exceptions import TaskAwaitingInput

    raise TaskAwaitingInput(
        method_name=method, kwargs={KEY: {"id": uuid.uuid4().hex, **wait}}, timeout=timeout
    )


def result(event: Mapping[str, Any], what: str) -> Any:
    """Return what the server woke the task with.

    :param event: as the method got it.
    :param what: what was waited for, for the message.
    :raises AirflowSensorTimeout: the time was up.
    :raises AirflowException: the server found the wait impossible; the message says why.
    """
    if event.get("error_type") == "timeout":
        raise AirflowSensorTimeout(f"The time is up, and {what} has not come.")
    if RESULT not in event:
        raise AirflowException(str(event.get("error") or "The task was resumed without a result."))
    return json.loads(event[RESULT])


def park_for_events(wait: Wait, timeout: timedelta | None) -> NoReturn:
    """Stop this task until the server has the events; its method ``on_events`` is called then.

    :raises TaskAwaitingInput: always.
    """
    park(wait.to_json(), method=METHOD, timeout=timeout)


def events(event: Mapping[str, Any], wait: Mapping[str, Any]) -> Any:
    """Return the event, or the list of events, that a task was woken with.

    :param wait: as the method got it in ``hookline_wait``.
    :raises AirflowSensorTimeout: the time was up.
    :raises AirflowFailException: an event cannot be an XCom.
    """
    return _xcom(result(event, Wait.from_json(wait).described()), "An event")


def answer(event: Mapping[str, Any]) -> Any:
    """Return what somebody answered by a link.

    :raises AirflowSensorTimeout: the link has expired.
    :raises AirflowFailException: the answer cannot be an XCom.
    """
    return _xcom(result(event, "an answer to the link"), "The answer")


def _xcom(found: Any, what: str) -> Any:
    if _has_reserved(found):
        raise AirflowFailException(
            f"{what} has a member that Airflow keeps for itself ({', '.join(RESERVED)}), and is no XCom."
        )
    return found


def _has_reserved(value: Any) -> bool:
    if isinstance(value, dict):
        return any(name in value for name in RESERVED) or any(map(_has_reserved, value.values()))
    return isinstance(value, list) and any(map(_has_reserved, value))


@dataclass(frozen=True, slots=True)
class Criteria:
    """What a Dag author asks for, see :class:`hookline.sensors.webhook.WebhookSensor`."""

    source: str
    event_type: str | None = None
    correlation: Any = None
    condition: str | None = None
    since: datetime | str | None = None
    count: int = 1
    within: timedelta | float | None = None
    shared: bool = True

    def check(self, task: str) -> None:
        """Look at what is no template.

        :param task: what the message calls the task.
        :raises ConfigurationError: it cannot be meant.
        """
        fields = {name: _plain(getattr(self, name)) for name in ("event_type", "correlation", "condition")}
        try:
            self._wait(datetime.now(UTC), source=_plain(self.source) or "x", own_event=None, **fields)
            if isinstance(since := _plain(self.since), str):
                _time(since)
        except ConfigurationError as error:
            raise ConfigurationError(f"{task}: {error}") from None

    def of(self, context: Mapping[str, Any]) -> Wait:
        """Return the wait of a running task.

        :raises AirflowFailException: a template came out as something that cannot be waited for.
        """
        run = context["dag_run"]
        conf = run.conf or {}
        correlation = self.correlation
        if isinstance(correlation, int | float) and not isinstance(correlation, bool):
            correlation = str(correlation)
        try:
            return self._wait(
                _time(self.since) if self.since is not None else _start(run),
                source=self.source,
                event_type=self.event_type,
                correlation=correlation,
                condition=self.condition,
                own_event=str(conf["id"]) if conf.get("source") == self.source and "id" in conf else None,
            )
        except ConfigurationError as error:
            raise AirflowFailException(str(error)) from None

    def _wait(self, since: datetime, **rendered: Any) -> Wait:
        within = self.within.total_seconds() if isinstance(self.within, timedelta) else self.within
        return Wait(since=since, count=self.count, within=within, shared=self.shared, **rendered)


def _plain(value: Any) -> Any:
    return None if value is None or not isinstance(value, str) or "{{" in value or "{%" in value else value


def _start(run: Any) -> datetime:
    # Who starts a run tells others of it at once; a run of a schedule may be of the past and have waited.
    began: datetime = run.start_date or run.run_after
    return began if run.run_type in SCHEDULED else min(began, run.run_after)


def _time(since: datetime | str) -> datetime:
    if since == SINCE_THE_WAIT:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(since) if isinstance(since, str) else since
    except ValueError:
        raise ConfigurationError(f"`since` is a time in ISO 8601, or `wait`; it is {since!r:.100}.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
