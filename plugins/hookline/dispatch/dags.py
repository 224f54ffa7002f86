"""Which Dag takes an event: existing, marked as an event Dag, and able to run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagbag import DBDagBag
from airflow.utils.types import DagRunType
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from hookline.dispatch import files
from hookline.dispatch.marks import Marks
from hookline.protocol.mark import Mark

if TYPE_CHECKING:
    from airflow.serialization.definitions.dag import SerializedDAG
    from sqlalchemy.orm import Session


MOST = 512
"""Versions of Dags that are kept; with one more all are read anew."""


@dataclass(frozen=True, slots=True)
class Found:
    """A Dag that takes events.

    :param file: where it is written, as its bundle names it.
    :param of_then: whether ``version`` is one that a replay asks for, and not the newest.
    """

    dag: SerializedDAG
    mark: Mark
    paused: bool
    version: DagVersion
    bundle_version: str | None
    file: str
    of_then: bool = False

    @property
    def dag_id(self) -> str:
        """The Dag's id."""
        return self.mark.dag_id


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why a Dag takes none.

    :param reason: a sentence for the operator.
    :param final: an event Dag of this name exists and will take the event once it is mended, so that no
        less specific Dag must have it meanwhile.
    """

    reason: str
    final: bool = True


Known = dict[str, Found | NotFound]
"""What is known of Dags, by their ids."""


class EventDags:
    """Looks event Dags up; keeps deserialised Dags, and asks Airflow's cache whether they are current."""

    def __init__(self) -> None:
        # Airflow 3.3.2 has one with a bound; 3.3.0 and 3.3.1 have it elsewhere.
        self._bag = DBDagBag(load_op_links=False)
        self._kept: set[Any] = set()
        self.marks = Marks()

    def _read(self, session: Session, version: Any) -> SerializedDAG | None:
        if version not in self._kept and len(self._kept) >= MOST:
            self._bag.clear_cache()
            self._kept.clear()
        self._kept.add(version)
        found: SerializedDAG | None = self._bag.get_dag(version, session=session)
        return found

    def refresh(self, session: Session, *, at_once: bool = False) -> None:
        """Notice new Dags and new versions.

        :param at_once: also if that was done less than a second ago.
        """
        for version in self.marks.refresh(session, at_once=at_once):
            # Airflow's cache is up to half a minute behind a version that was changed in place.
            with self._bag._lock:  # noqa: SLF001
                self._bag._dags.pop(version, None)  # noqa: SLF001

    def look_up(self, session: Session, names: Iterable[str]) -> Known:
        """Return what is known of each name that is a Dag's; other names are left out."""
        self.refresh(session)
        doubled = self.marks.files.doubled()
        query = select(DagModel).where(DagModel.dag_id.in_(set(names)), ~DagModel.is_stale)
        return {
            model.dag_id: self._examine(session, model)
            if model.dag_id not in doubled
            else NotFound(files.reason(model.dag_id, doubled[model.dag_id]))
            for model in session.scalars(query)
        }

    def at_version(self, session: Session, found: Found, version: str) -> Found | NotFound:
        """Return a Dag as it was at a version of its bundle."""
        then = session.get(DagVersion, UUID(version))
        if then is None or then.bundle_version is None or then.dag_id != found.dag_id:
            return NotFound(f"The version of then of the Dag `{found.dag_id}` is not kept.")
        dag = self._bag.get_dag(then.id, session=session)
        if dag is None:
            return NotFound(f"The version of then of the Dag `{found.dag_id}` is not kept.")
        return replace(found, dag=dag, version=then, bundle_version=then.bundle_version, of_then=True)

    def _examine(self, session: Session, model: Any) -> Found | NotFound:
        name = model.dag_id
        if model.has_import_errors:
            return NotFound(f"The Dag `{name}` has an import error.")
        version = DagVersion.get_latest_version(name, session=session)
        try:
            dag = self._read(session, version.id) if version else None
        # One Dag that this process cannot read must not stop the events of all others.
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001  a newer Airflow, a missing plugin: whatever reading raises
            return NotFound(f"The Dag `{name}` cannot be read here: {type(error).__name__}: {error}")
        if dag is None or version is None:
            return NotFound(f"The Dag `{name}` is not serialised yet.")
        mark = Mark.read(dag.default_args, name)
        if mark is None:
            return NotFound(f"The Dag `{name}` is no event Dag: write it with `event_dag`.", final=False)
        if model.allowed_run_types is not None and DagRunType.MANUAL not in model.allowed_run_types:
            return NotFound(f"The Dag `{name}` does not allow manual runs, which an event's run is.")
        return Found(
            dag,
            mark,
            paused=bool(model.is_paused),
            version=version,
            bundle_version=None if dag.disable_bundle_versioning else model.bundle_version,
            file=model.relative_fileloc or model.fileloc,
        )
