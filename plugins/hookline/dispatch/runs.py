"""Making Dag runs, many of one Dag by few statements; one that Airflow refuses takes no other along.

What is done for one run is what ``SerializedDAG.create_dagrun`` does, which asks the database six times for
each (``airflow/serialization/definitions/dag.py``, ``airflow/models/dagrun.py``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.models.tasklog import LogTemplate
from airflow.sdk import timezone
from airflow.sdk.exceptions import ParamValidationError
from airflow.settings import task_instance_mutation_hook
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import func, select, update
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError

from hookline.dispatch import tracing
from hookline.dispatch.validation import Validation
from hookline.jobs.models import FAILED, PENDING, REFUSED

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.dispatch.dags import Found

log = structlog.get_logger(__name__)

MAX_ATTEMPTS = 5


@dataclass(slots=True)
class Start:
    """A run to be made.

    :param conf: the event, or why it is none that Airflow can carry.
    :param again: whether what went wrong may go right another time.
    :param failure: why there is no run; set by :meth:`Runs.make`.
    """

    found: Found
    run_id: str
    conf: Mapping[str, Any] | ValueError
    source: str
    note: str
    failure: str | None = None
    again: bool = False

    def after(self, attempts: int) -> str:
        """Return the state of a job for which this is its last try so far, and went wrong.

        :param attempts: how many tries it had.
        """
        if not self.again:
            return REFUSED
        return PENDING if attempts < MAX_ATTEMPTS else FAILED


class Runs:
    """Makes runs in the caller's transaction."""

    def __init__(self) -> None:
        self._validation = Validation()

    def make(self, session: Session, starts: Sequence[Start]) -> None:
        """Make the runs; say in each start what went wrong.

        A run that is there already, for the same event, counts as made.

        :raises OperationalError: the database is away.
        """
        of_dag: dict[str, list[Start]] = defaultdict(list)
        for start in starts:
            if isinstance(start.conf, ValueError):
                _refuse(start, start.conf)
            else:
                of_dag[start.found.dag_id].append(start)
        for group in of_dag.values():
            of_then = any(start.found.of_then for start in group)
            if len(group) == 1 or of_then or not self._together(session, group):
                for start in group:
                    self._alone(session, start)

    def would_make(self, session: Session, start: Start) -> bool:
        """Try a run, and undo it."""
        if isinstance(start.conf, ValueError):
            return False
        trial = session.begin_nested()
        try:
            self._alone(session, start)
        finally:
            trial.rollback()
        return start.failure is None

    def _together(self, session: Session, group: Sequence[Start]) -> bool:
        found = group[0].found
        if found.dag.deadline or not getattr(task_instance_mutation_hook, "is_noop", False):
            return False
        try:
            with session.begin_nested():
                for start in group:
                    self._check(start)
                _insert(session, found, group)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001  each alone will say what it is
            log.debug("runs are made one by one", dag_id=found.dag_id, error=type(error).__name__)
            return False
        return True

    def _check(self, start: Start) -> None:
        self._validation.check(start.found.dag, _conf(start))

    def _alone(self, session: Session, start: Start) -> None:
        try:
            with session.begin_nested():
                run = start.found.dag.create_dagrun(
                    run_id=start.run_id,
                    run_after=timezone.utcnow(),
                    conf=dict(_conf(start)),
                    run_type=DagRunType.MANUAL,
                    triggered_by=DagRunTriggeredByType.REST_API,
                    triggering_user_name=f"webhook {start.source}",
                    state=DagRunState.QUEUED,
                    note=start.note,
                    session=session,
                )
                if tracing.trace_id(_conf(start)):
                    tracing.join(run, run.get_task_instances(session=session))
                if start.found.of_then:
                    _pin(session, run, start.found)
        except (OperationalError, InterfaceError):
            raise
        except (ParamValidationError, DataError, ValueError, TypeError, RecursionError) as error:
            _refuse(start, error)
        except IntegrityError as error:
            _settle_with_existing(session, start, error)
        except Exception as error:  # whatever else it is, the other events of the batch go on
            log.warning("Airflow raised on an event", run_id=start.run_id, exc_info=True)
            start.failure, start.again = _reason(error), True


def _pin(session: Session, run: DagRun, found: Found) -> None:
    # Airflow makes a run of the newest version; which one the scheduler and the workers load, these say
    # (airflow/models/dagbag.py, `_version_from_dag_run`).
    run.bundle_version, run.created_dag_version_id = found.bundle_version, found.version.id
    session.flush()
    session.execute(
        update(TaskInstance)
        .where(TaskInstance.dag_id == run.dag_id, TaskInstance.run_id == run.run_id)
        .values(dag_version_id=found.version.id)
        .execution_options(synchronize_session=False)
    )


def _conf(start: Start) -> Mapping[str, Any]:
    assert not isinstance(start.conf, ValueError)  # noqa: S101  for the type checker
    return start.conf


def _insert(session: Session, found: Found, group: Sequence[Start]) -> None:
    now = timezone.utcnow()
    template = session.scalar(select(func.max(LogTemplate.__table__.c.id))) or 0
    runs = []
    for start in group:
        run = DagRun(
            dag_id=found.dag_id,
            run_id=start.run_id,
            run_after=now,
            conf=dict(_conf(start)),
            state=DagRunState.QUEUED,
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.REST_API,
            triggering_user_name=f"webhook {start.source}",
            bundle_version=found.bundle_version,
            note=start.note,
        )
        run.log_template_id = int(template)
        run.created_dag_version_id = found.version.id
        tracing.join(run)
        runs.append(run)
    session.add_all(runs)
    session.flush()
    rows: list[Any] = []
    counts: dict[str, int] = defaultdict(int)
    for run in runs:
        run.dag = found.dag
        create = run._get_task_creator(counts, task_instance_mutation_hook, True, found.version.id)  # noqa: SLF001
        rows += run._create_tasks(found.dag.task_dict.values(), create, session=session)  # noqa: SLF001
    session.bulk_insert_mappings(TaskInstance.__mapper__, rows)
    session.flush()
    for run in runs:
        session.expunge(run)


def _settle_with_existing(session: Session, start: Start, error: IntegrityError) -> None:
    dag_id = start.found.dag_id
    run = session.scalar(select(DagRun).where(DagRun.dag_id == dag_id, DagRun.run_id == start.run_id))
    if run is None:
        start.failure, start.again = _reason(error), True
        return
    theirs, ours = run.conf or {}, _conf(start)
    if theirs.get("id") != ours.get("id") or theirs.get("source") != ours.get("source"):
        start.failure = f"A run `{start.run_id}` of `{dag_id}` exists that this event did not start."


def _refuse(start: Start, error: Exception) -> None:
    start.failure = _reason(error)


def _reason(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    # A validation error quotes the value it met, a database error the row: the first line is the reason.
    line = next(iter(str(cause).strip().splitlines()), type(cause).__name__)
    printable = "".join(character if character.isprintable() else "?" for character in line[:500])
    return f"Airflow refused it: {printable}"
