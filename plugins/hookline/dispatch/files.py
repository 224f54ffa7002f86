"""One dag id in two files, which Airflow does not notice: each file is parsed alone, and the last one has it.

Two places say where a Dag is written: its row, with every parse, and its serialised form, at most every
``[core] min_serialized_dag_update_interval`` (``airflow/dag_processing/collection.py``, ``update_dags``;
``airflow/models/serialized_dag.py``, ``write_dag``). Of a Dag in two files the two disagree again and again.
Of one that was moved they may, until its new file is parsed once more.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.configuration import conf
from airflow.models.dag_version import DagVersion
from airflow.models.serialized_dag import SerializedDagModel
from airflow.sdk import timezone
from sqlalchemy import select

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LEAST = 180.0
"""Seconds after which a disagreement is forgotten."""
PARSES = 3
VERSIONS = 4
RECENT = timedelta(hours=1)


class Files:
    """Remembers of which Dags the two have disagreed."""

    def __init__(self) -> None:
        self._serialised: dict[str, str] = {}
        self._seen: dict[str, tuple[str, str, float]] = {}

    def read(self, model: Any) -> None:
        """Learn from a serialised Dag where it is written."""
        self._serialised[model.dag_id] = written_in(model)

    def compare(self, rows: Iterable[tuple[str, str | None]]) -> None:
        """Compare with the files that the rows of Dags name.

        :param rows: dag ids and files.
        """
        for dag_id, file in rows:
            other = self._serialised.get(dag_id)
            if file and other and file != other:
                self._seen[dag_id] = (min(file, other), max(file, other), time.monotonic())

    def doubled(self) -> Mapping[str, tuple[str, str]]:
        """Return the Dags that are in two files, and the files."""
        since = time.monotonic() - max(
            LEAST, PARSES * conf.getfloat("dag_processor", "min_file_process_interval")
        )
        # A copy: the management API has several threads.
        return {name: (one, other) for name, (one, other, at) in self._seen.copy().items() if at > since}


def reason(dag_id: str, files: tuple[str, str]) -> str:
    """Return what a person has to know and to do."""
    one, other = files
    return (
        f"The Dag `{dag_id}` is in {one} and in {other}, and Airflow has it from whichever it parsed last: "
        "remove one, or give one a dag_id of its own and both also=True."
    )


def alternating(session: Session, dag_ids: Iterable[str]) -> dict[str, tuple[str, str]]:
    """Return the Dags whose newest versions went from one file to another and back, twice, and the files.

    Once, somebody may have moved it and thought better of it.
    """
    found = {}
    for dag_id in dag_ids:
        query = (
            select(SerializedDagModel)
            .join(DagVersion, DagVersion.id == SerializedDagModel.dag_version_id)
            .where(DagVersion.dag_id == dag_id, DagVersion.last_updated > timezone.utcnow() - RECENT)
            .order_by(DagVersion.version_number.desc())
            .limit(VERSIONS)
        )
        files = [written_in(model) for model in session.scalars(query)]
        moves = [file for place, file in enumerate(files) if place == 0 or file != files[place - 1]]
        if len(moves) > len(set(moves)) + 1:
            one, other = sorted(set(moves))[:2]
            found[dag_id] = (one, other)
    return found


def written_in(model: Any) -> str:
    """Return the file of a serialised Dag, as its bundle names it; empty if it does not say."""
    data = model.data
    return str((data.get("dag") or {}).get("relative_fileloc") or "") if isinstance(data, Mapping) else ""
