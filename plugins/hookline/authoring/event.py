"""The event inside a Dag's run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jinja2
from airflow.sdk.exceptions import AirflowFailException
from jinja2.utils import missing

from hookline import received
from hookline.exceptions import NotAnEvent
from hookline.protocol import batching
from hookline.protocol.mark import Mark
from hookline.received import ReceivedFile, StoredData

NO_EVENT = (
    'carries no event. Start it with the conf {"data": {...}}: the sample shown in the Trigger form is never'
    " used by itself."
)


class _Data:
    """The attribute ``data``: what was too large for the event is loaded when it is first asked for."""

    def __get__(self, event: Event | None, owner: type[Event]) -> Any:
        if event is None:
            return self
        value = event.__dict__["data"]
        if isinstance(value, StoredData):
            value = event.__dict__["data"] = value.load()
        return value

    def __set__(self, event: Event, value: Any) -> None:
        event.__dict__["data"] = value


@dataclass(frozen=True)
class Event:
    """The event that started a run.

    :param data: the payload, see :mod:`hookline.protocol.formats`. Over 256 KiB it is read from object
        storage when it is first asked for, and raises :class:`~hookline.exceptions.StoredDataLost` if it is
        not there.
    :param id: the sender's delivery id; for a run started by hand the run id.
    :param source: name of the source; ``manual`` for a run started by hand.
    :param type: the event's type, e.g. ``push``; for a run started by hand the dag id.
    :param time: RFC 3339 time of arrival.
    :param subject: what the event is about, where the source says.
    :param headers: the request's headers, lower-case names, without secrets.
    :param query: the request's query parameters, without secrets.
    :param files: those of a form, or the body itself where its content type is none that is parsed.
    """

    data: Any
    id: str
    source: str
    type: str
    time: str
    subject: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    files: tuple[ReceivedFile, ...] = ()

    @classmethod
    def from_context(cls, context: Mapping[str, Any]) -> Event:
        """Read the event out of a task's context.

        Only ``dag_run.conf`` counts. ``params`` would give the sample of the Trigger form when a run has
        no event, and the sample is nobody's real data.

        :raises NotAnEvent: the run's ``conf`` has no ``data``.
        """
        run = context["dag_run"]
        return cls._read(run.conf or {}, run, f"The run `{run.run_id}` of the event Dag `{run.dag_id}`")

    @classmethod
    def all_from_context(cls, context: Mapping[str, Any]) -> tuple[Event, ...]:
        """Read the events out of a task's context: those of a batch, or the one that there is.

        :raises NotAnEvent: the run's ``conf`` has no ``data``, or one of the batch has none.
        """
        run = context["dag_run"]
        conf = run.conf or {}
        if "data" not in conf or not _has_batch(conf, context.get("dag")):
            return (cls.from_context(context),)
        whose = f"of the run `{run.run_id}` of the event Dag `{run.dag_id}`"
        return tuple(
            cls._read(one if isinstance(one, Mapping) else {}, run, f"Event {number} {whose}")
            for number, one in enumerate(conf["data"], 1)
        )

    @classmethod
    def _read(cls, conf: Mapping[str, Any], run: Any, subject: str) -> Event:
        if "data" not in conf:
            raise NotAnEvent(f"{subject} {NO_EVENT}")
        extension = conf.get("hookline") or {}
        return cls(
            data=received.data(conf),
            id=str(conf.get("id") or run.run_id),
            source=str(conf.get("source") or "manual"),
            type=str(conf.get("type") or run.dag_id),
            time=str(conf.get("time") or run.run_after.isoformat()),
            subject=conf.get("subject"),
            headers=extension.get("headers") or {},
            query=extension.get("query") or {},
            files=received.files(conf),
        )


def _has_batch(conf: Mapping[str, Any], dag: Any) -> bool:
    if conf.get("datacontenttype") == batching.CONTENT_TYPE:
        return True
    # A run started by hand carries the data alone.
    mark = Mark.read(dag.default_args, dag.dag_id) if dag is not None and "id" not in conf else None
    return mark is not None and mark.gathering is not None and mark.gathering.is_batch


# Not in the class, where it would be the field's default; the generated methods go through it all the same.
Event.data = _Data()


def require_event(context: Mapping[str, Any]) -> None:
    """Fail a task whose run carries no event, for good: trying again would not bring one.

    :raises AirflowFailException: with the message of :class:`~hookline.exceptions.NotAnEvent`.
    """
    try:
        Event.from_context(context)
    except NotAnEvent as error:
        raise AirflowFailException(str(error)) from None


class MissingEvent(jinja2.StrictUndefined):
    """What a template finds where a run's ``conf`` has no ``data``: the end of the task, with the reason.

    Airflow renders templates before anything of the task runs, :func:`require_event` included.
    """

    __slots__ = ()

    def __init__(
        self,
        hint: str | None = None,
        obj: Any = missing,
        name: str | None = None,
        exc: Any = jinja2.UndefinedError,
    ) -> None:
        if name == "data" and isinstance(obj, dict | None):
            hint, exc = (
                f"`data` is missing; if this is `dag_run.conf`, the run {NO_EVENT}",
                AirflowFailException,
            )
        super().__init__(hint, obj, name, exc)
