"""An event on its way to a Dag, sent by a test or captured from a running Airflow."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hookline.authoring import MARKER
from hookline.authoring.event import Event
from hookline.exceptions import HooklineError

if TYPE_CHECKING:
    from airflow.sdk import DAG


class NotStarted(HooklineError):
    """The event would not start this Dag; the text says why."""


class _Run:
    """As much of a Dag run as :meth:`Event.from_context` asks for."""

    def __init__(self, dag_id: str, conf: Mapping[str, Any]) -> None:
        self.dag_id = dag_id
        self.run_id = "test"
        self.conf = conf


@dataclass(frozen=True, slots=True)
class Sent:
    """One event.

    :param conf: what its run gets as ``dag_run.conf``.
    :param candidates: dag ids that it may start, best first; empty for a captured event, which says it in
        ``dag_id``.
    :param dag_id: the Dag it did start, where it was captured.
    """

    conf: dict[str, Any]
    candidates: tuple[str, ...] = ()
    dag_id: str | None = None

    @property
    def event(self) -> Event:
        """The event as tasks see it."""
        return Event.from_context(self.context())

    def context(self, dag_id: str = "test") -> dict[str, Any]:
        """Return as much of a task's context as an event needs: for calling a task's function by itself."""
        return {"dag_run": _Run(dag_id, self.conf)}

    def check(self, dag: DAG) -> None:
        """Insist that this event would start ``dag``: it is an event Dag, of that name, and the data fits.

        :raises NotStarted: with the reason.
        """
        if MARKER not in dag.default_args:
            raise NotStarted(f"`{dag.dag_id}` is no event Dag; declare it with `event_dag`.")
        names = self.candidates or ((self.dag_id,) if self.dag_id else ())
        if dag.dag_id not in names:
            raise NotStarted(f"This event starts {', '.join(f'`{n}`' for n in names)}, not `{dag.dag_id}`.")
        params = copy.deepcopy(dag.params)
        try:
            params.update(self.conf)
            params.validate()
        except Exception as error:  # noqa: BLE001  Airflow raises what its validator does
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise NotStarted(f"It does not fit the schema of `{dag.dag_id}`: {reason}") from None

    def run(self, dag: DAG) -> Any:
        """Run the Dag in this process (``dag.test()``) and return its Dag run.

        Needs a metadata database with tables, such as SQLite after ``airflow db migrate``, and the Dag's file
        in ``[core] dags_folder``; nothing of Airflow has to run.

        :raises NotStarted: the event would not start it.
        """
        self.check(dag)
        return dag.test(run_conf=self.conf)


def captured(file: str | Path) -> Sent:
    """Return an event that ``airflow hookline events show ID > FILE`` wrote.

    :raises NotStarted: the file holds none.
    """
    try:
        content = json.loads(Path(file).read_text(encoding="utf-8"))
        return Sent(content["event"], dag_id=content.get("dag_id") or None)
    except (ValueError, KeyError, TypeError) as error:
        raise NotStarted(
            f"{file} holds no captured event ({error}). Write one: airflow hookline events show ID > {file}"
        ) from None
