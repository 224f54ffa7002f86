"""Which step webhooks a run has: those of its Dag version, and those that were registered for its Dag."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import structlog
from airflow.models.dag_version import DagVersion
from airflow.models.dagbag import CachedDBDagBag
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from hookline.observe.models import Registered
from hookline.steps import declared, definition
from hookline.steps.declared import Declared
from hookline.steps.transition import OF_RUNS

if TYPE_CHECKING:
    from airflow.serialization.definitions.dag import SerializedDAG
    from sqlalchemy.orm import Session

    from hookline.steps.definition import StepWebhook, Unusable

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Plan:
    """The step webhooks of a run.

    :param dag: None where this process cannot read it.
    :param registered: pairs of a task or group id, empty for all, and a webhook.
    """

    dag: SerializedDAG | None
    declared: Declared = field(default_factory=Declared)
    registered: Sequence[tuple[str, StepWebhook | Unusable]] = ()

    def of(self, task_id: str, transition: str) -> list[StepWebhook | Unusable]:
        """Return the enabled webhooks for a transition of a step, or of the run."""
        of_run = transition in OF_RUNS
        found = {
            one.name: one
            for target, one in self.registered
            if of_run or not target or target == task_id or task_id in self._group(target)
        }
        # What the code says counts where both have a webhook of one name: it is one delivery.
        found |= {
            one.name: one for one in (self.declared.run if of_run else self.declared.steps.get(task_id, ()))
        }
        return [one for one in found.values() if one.enabled and transition in one.triggers]

    def _group(self, target: str) -> set[str]:
        if self.dag is None or self.dag.has_task(target):
            return set()
        group = self.dag.task_group.get_task_group_dict().get(target)
        return {task.task_id for task in group.iter_tasks()} if group else set()


class Plans:
    """Reads plans, and keeps what it read while it is current."""

    def __init__(self) -> None:
        self._bag = CachedDBDagBag(
            load_op_links=False, cache_size=512, cache_ttl=3600, stats_prefix="hookline.step_dag_bag"
        )
        self._registered: dict[str, list[tuple[str, StepWebhook | Unusable]]] = {}
        self._stamp: Any = None
        self._declared: dict[int, tuple[SerializedDAG, Declared]] = {}
        self._unreadable: set[Any] = set()

    def of(self, session: Session, runs: Sequence[Any], stamp: Any) -> dict[int, Plan]:
        """Return the plan of each run, by its id.

        :param runs: rows with ``id``, ``dag_id`` and ``created_dag_version_id``.
        :param stamp: changes with the registered webhooks.
        """
        if stamp != self._stamp:
            self._registered, self._stamp = _registered(session), stamp
        versions: dict[Any, tuple[SerializedDAG | None, Declared]] = {}
        found = {}
        for run in runs:
            key = run.created_dag_version_id or run.dag_id
            if key not in versions:
                versions[key] = self._version(session, run)
            found[run.id] = Plan(*versions[key], self._registered.get(run.dag_id, ()))
        return found

    def _version(self, session: Session, run: Any) -> tuple[SerializedDAG | None, Declared]:
        version = run.created_dag_version_id
        if version is None:  # Airflow 2 began the run, or `airflow db clean` took its version
            latest = DagVersion.get_latest_version(run.dag_id, session=session)
            version = latest.id if latest else None
        try:
            dag = self._bag.get_dag(version, session=session) if version else None
            if dag is None:
                return None, Declared()
            kept = self._declared.get(id(dag))
            if kept is None or kept[0] is not dag:
                if len(self._declared) > 1024:
                    self._declared.clear()
                kept = self._declared[id(dag)] = (dag, declared.read(dag.default_args))
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001  a newer Airflow, a missing plugin: whatever reading raises
            if version not in self._unreadable:
                self._unreadable.add(version)
                log.warning("step webhooks of a Dag cannot be read", dag_id=run.dag_id, reason=str(error))
            return None, Declared()
        return kept


def _registered(session: Session) -> dict[str, list[tuple[str, StepWebhook | Unusable]]]:
    found = defaultdict(list)
    for row in session.scalars(select(Registered).order_by(Registered.name)):
        found[row.dag_id].append((row.task_id, of_row(row)))
    return dict(found)


def of_row(row: Registered) -> StepWebhook | Unusable:
    """Return the webhook of a row."""
    try:
        document = {**json.loads(row.definition), "enabled": row.enabled}
    except (ValueError, TypeError):
        document = {"enabled": row.enabled}
    return definition.stored(row.name, document)
