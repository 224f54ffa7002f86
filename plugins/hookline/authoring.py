"""What a Dag author writes: event Dags, and the event inside them."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import jinja2
from airflow.sdk import Param, dag
from airflow.sdk.exceptions import AirflowFailException
from jinja2.utils import missing

from hookline import catalog, received
from hookline.exceptions import NotAnEvent
from hookline.protocol import platform, reference, response
from hookline.protocol.schema import ANYTHING
from hookline.received import ReceivedFile, StoredData

if TYPE_CHECKING:
    from airflow.sdk import DAG

__all__ = ["MARKER", "Event", "ReceivedFile", "event_dag", "require_event"]

MARKER = "hookline.event_dag"
"""Key in the Dag's ``default_args``; no operator's parameter can have this name, so it reaches none."""


_OF_PARAM = frozenset({"default", "description", "source", "schema", "self"})


NO_EVENT = (
    'carries no event. Start it with the conf {"data": {...}}: the sample shown in the Trigger form is never'
    " used by itself."
)


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
        conf = run.conf or {}
        if "data" not in conf:
            raise NotAnEvent(f"The run `{run.run_id}` of the event Dag `{run.dag_id}` {NO_EVENT}")
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


# Not in the class, where it would be the field's default; the generated methods go through it all the same.
Event.data = _Data()


def event_dag(
    name: str,
    *,
    schema: Mapping[str, Any] | None = None,
    sample: Any = None,
    tags: Iterable[str] = (),
    params: Mapping[str, Any] | None = None,
    default_args: Mapping[str, Any] | None = None,
    template_undefined: type[jinja2.StrictUndefined] | None = None,
    **kwargs: Any,
) -> Callable[[Callable[..., Any]], Callable[..., DAG]]:
    """Make a function an event Dag: it runs for the event of its name, and only such Dags do.

    Used like ``airflow.sdk.dag``: decorate the function, then call it.

    :param name: the event's dag id, e.g. ``github.push`` or ``users.created``.
    :param schema: JSON Schema of the event's ``data``; the catalog's where it has the event.
    :param sample: what the Trigger form starts with; the catalog's where it has the event.
    :param params: further params of the Dag.
    :param kwargs: anything ``airflow.sdk.dag`` takes.
    :raises NamingError: no event can have this dag id.
    """
    known = catalog.find(name)
    if schema is None:
        schema = known.schema if known else ANYTHING
    if sample is None:
        sample = known.sample if known else {}
    make = dag(
        dag_id=platform.check(name),
        params={
            "data": Param(
                sample, schema.get("description"), schema=reference.accepting(_without_own(schema))
            ),
            **(params or {}),
        },
        tags={"event", *tags},
        template_undefined=template_undefined or MissingEvent,
        default_args={**(default_args or {}), MARKER: {"version": 1, "event": name}},
        **{"schedule": None, **kwargs},
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., DAG]:
        factory = make(function)

        @functools.wraps(function)
        def build(*args: Any, **arguments: Any) -> DAG:
            built: DAG = factory(*args, **arguments)
            for task in built.tasks:
                _guard(task)
            built.default_args.pop("pre_execute", None)  # the tasks have it
            _send_to_a_worker(built)
            _guard_later_tasks(built)
            return built

        return build

    return decorate


def _without_own(schema: Mapping[str, Any]) -> dict[str, Any]:
    # Airflow reads a param back by passing the schema's keywords beside these, so no Dag may store them.
    return {key: value for key, value in schema.items() if key not in _OF_PARAM}


def _guard(task: Any) -> None:
    # Not by `default_args`: a task's own `pre_execute`, which `@task.run_if` is made of, would replace it.
    if task.is_mapped:
        task.partial_kwargs["pre_execute"] = EventGuard(task.partial_kwargs.get("pre_execute"))
        return
    task._pre_execute_hook = EventGuard(task._pre_execute_hook)  # noqa: SLF001  what `pre_execute` sets
    if task.start_from_trigger and not getattr(task, "guards_events", False):
        task.start_from_trigger = False  # in the triggerer nothing would call the guard


def _guard_later_tasks(built: DAG) -> None:
    add = built.add_task

    def add_guarded(task: Any) -> None:
        add(task)
        _guard(task)
        _send_to_a_worker(built)

    # ``with on_push(): …`` adds tasks to a Dag that is complete already.
    object.__setattr__(built, "add_task", add_guarded)


def _send_to_a_worker(built: DAG) -> None:
    # The scheduler ends empty operators by itself, and a Dag of nothing else would end well without an event.
    empty: list[Any] = [task for task in built.tasks if task.inherits_from_empty_operator]
    alone = len(empty) == len(built.tasks)
    for task in empty:
        if task.is_mapped:
            continue
        callbacks = [callback for callback in task.on_execute_callback if callback is not _on_a_worker]
        task.on_execute_callback = [_on_a_worker, *callbacks] if alone else callbacks


def _on_a_worker(_context: Any) -> None:
    """Do nothing; an empty operator with a callback is run, and so its guard."""


class EventGuard:
    """The ``pre_execute`` of every task of an event Dag: no event, no task.

    :param theirs: the task's own ``pre_execute``, called after.
    """

    def __init__(self, theirs: Callable[[Any], None] | None) -> None:
        self.theirs = theirs

    def __call__(self, context: Any) -> None:
        """Let the task begin if its run carries an event.

        :raises AirflowFailException: it does not.
        """
        require_event(context)
        if self.theirs is not None:
            self.theirs(context)


def require_event(context: Mapping[str, Any]) -> None:
    """Fail a task whose run carries no event, for good: trying again would not bring one.

    :raises AirflowFailException: with the message of :class:`~hookline.exceptions.NotAnEvent`.
    """
    try:
        Event.from_context(context)
    except NotAnEvent as error:
        raise AirflowFailException(str(error)) from None


def respond(
    context: Mapping[str, Any],
    status: int | str = 200,
    headers: Mapping[str, Any] | None = None,
    body: Any = None,
    content_type: str | None = None,
) -> dict[str, Any]:
    """Answer the sender whose request waits for this run; the first answer of a run counts.

    :param context: the task's.
    :returns: ``{"status": int}``.
    :raises ConfigurationError: the answer is not allowed, see :mod:`hookline.protocol.response`.
    """
    from airflow.sdk.execution_time.xcom import XCom

    made = response.compose(status, headers, body, content_type)
    instance = context["ti"]
    # Past a custom XCom backend, which the server could not read.
    XCom._set_xcom_in_db(  # noqa: SLF001  as Airflow's task runner leaves links for its server
        response.KEY,
        response.dump(made),
        dag_id=instance.dag_id,
        task_id=instance.task_id,
        run_id=instance.run_id,
        map_index=-1 if instance.map_index is None else instance.map_index,
    )
    return {"status": made.status}
