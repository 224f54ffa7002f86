"""The marks of all event Dags: which of them run for events that their dag ids do not name."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import structlog
from airflow.models.dag import DagModel, DagTag
from airflow.models.dag_version import DagVersion
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization.serialized_objects import BaseSerialization
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from hookline.dispatch.files import Files
from hookline.protocol.mark import TAG, Mark

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

log = structlog.get_logger(__name__)

SECONDS = 1.0
"""How old the list may be for those who do not ask for the newest."""
AT_ONCE = 100
"""Serialised Dags that are in memory at the same time."""


class Marks:
    """Reads the mark of each Dag with the tag of event Dags once for each of its versions."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[Any, Mark | None]] = {}
        self._until = 0.0
        self._claims: dict[str, list[str]] = {}
        self._subscriptions: dict[str, list[Mark]] = {}
        self.files = Files()
        self._lock = threading.Lock()

    def refresh(self, session: Session, *, at_once: bool = False) -> Sequence[Any]:
        """Read what has changed.

        :param at_once: also if that was done less than a second ago.
        :returns: ids of the versions that are new or were changed in place.
        """
        with self._lock:  # the management API has several threads
            return self._refresh(session) if at_once or time.monotonic() >= self._until else ()

    def _refresh(self, session: Session) -> Sequence[Any]:
        rows = session.execute(_versions()).all()
        current = {row.dag_id: (row.dag_version_id, row.dag_hash) for row in rows}
        changed = [name for name, version in current.items() if self._read.get(name, (None,))[0] != version]
        for start in range(0, len(changed), AT_ONCE):
            self._load(session, {name: current[name] for name in changed[start : start + AT_ONCE]})
        self._read = {name: entry for name, entry in self._read.items() if name in current}
        self.files.compare((row.dag_id, row.relative_fileloc) for row in rows)
        claims, subscriptions = defaultdict(list), defaultdict(list)
        for name in sorted(self._read):
            mark = self._read[name][1]
            if mark is not None and mark.event is not None and mark.event != name:
                claims[mark.event].append(name)
            elif mark is not None and mark.subscription is not None:
                subscriptions[mark.subscription.source].append(mark)
        self._claims, self._subscriptions = dict(claims), dict(subscriptions)
        self._until = time.monotonic() + SECONDS
        return [current[name][0] for name in changed]

    def claiming(self, event: str) -> Sequence[str]:
        """Return the Dags with an id of their own that claim an event."""
        return self._claims.get(event, ())

    def subscribed(self, source: str) -> Sequence[Mark]:
        """Return the marks of Dags that subscribe to a source."""
        return self._subscriptions.get(source, ())

    def of_all(self) -> dict[str, Mark]:
        """Return the mark of each event Dag."""
        return {name: mark for name, (_, mark) in self._read.items() if mark is not None}

    def _load(self, session: Session, versions: dict[str, Any]) -> None:
        query = select(SerializedDagModel).where(
            SerializedDagModel.dag_version_id.in_([version for version, _ in versions.values()])
        )
        for model in session.scalars(query):
            self._read[model.dag_id] = (versions[model.dag_id], _mark(model))
            self.files.read(model)
            session.expunge(model)


def _versions() -> Any:
    newest = (
        select(DagVersion.dag_id, func.max(DagVersion.version_number).label("number"))
        .join(DagTag, DagTag.dag_id == DagVersion.dag_id)
        .where(DagTag.name == TAG)
        .group_by(DagVersion.dag_id)
        .subquery()
    )
    return (
        select(
            SerializedDagModel.dag_id,
            SerializedDagModel.dag_version_id,
            SerializedDagModel.dag_hash,
            DagModel.relative_fileloc,
        )
        .join(DagVersion, DagVersion.id == SerializedDagModel.dag_version_id)
        .join(newest, (newest.c.dag_id == DagVersion.dag_id) & (newest.c.number == DagVersion.version_number))
        .join(DagModel, DagModel.dag_id == SerializedDagModel.dag_id)
        .where(~DagModel.is_stale)
    )


def _mark(model: SerializedDagModel) -> Mark | None:
    try:
        data: Any = model.data
        # Not the whole Dag: only what its mark is in.
        return Mark.read(BaseSerialization.deserialize(data["dag"]["default_args"]), model.dag_id)
    except SQLAlchemyError:
        raise
    except Exception as error:  # noqa: BLE001  a newer Airflow, somebody else's default_args
        log.warning("the mark of a Dag cannot be read", dag_id=model.dag_id, error=type(error).__name__)
        return None
