"""Which Dag takes an event: existing, marked as an event Dag, and able to run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from airflow.models.dag import DagModel
from airflow.models.dag_version import DagVersion
from airflow.models.dagbag import CachedDBDagBag
from airflow.utils.types import DagRunType
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from hookline.authoring import MARKER

if TYPE_CHECKING:
    from airflow.serialization.definitions.dag import SerializedDAG
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Found:
    """The Dag that takes an event."""

    dag: SerializedDAG
    paused: bool


@dataclass(frozen=True, slots=True)
class NotFound:
    """Why none does.

    :param reason: a sentence for the operator.
    :param final: an event Dag of this name exists and will take the event once it is mended, so that no
        less specific Dag must have it meanwhile.
    """

    reason: str
    final: bool = True


class EventDags:
    """Looks event Dags up; keeps deserialised Dags, and asks Airflow's cache whether they are current."""

    def __init__(self) -> None:
        self._bag = CachedDBDagBag(
            load_op_links=False, cache_size=512, cache_ttl=3600, stats_prefix="hookline.dag_bag"
        )

    def look_up(self, session: Session, names: Iterable[str]) -> dict[str, Found | NotFound]:
        """Return what is known of each name that is a Dag's; other names are left out."""
        query = select(DagModel).where(DagModel.dag_id.in_(set(names)), ~DagModel.is_stale)
        return {model.dag_id: self._examine(session, model) for model in session.scalars(query)}

    def _examine(self, session: Session, model: Any) -> Found | NotFound:
        name = model.dag_id
        if model.has_import_errors:
            return NotFound(f"The Dag `{name}` has an import error.")
        version = DagVersion.get_latest_version(name, session=session)
        try:
            dag = self._bag.get_dag(version.id, session=session) if version else None
        # One Dag that this process cannot read must not stop the events of all others.
        except SQLAlchemyError:
            raise
        except Exception as error:  # noqa: BLE001  a newer Airflow, a missing plugin: whatever reading raises
            return NotFound(f"The Dag `{name}` cannot be read here: {type(error).__name__}: {error}")
        if dag is None:
            return NotFound(f"The Dag `{name}` is not serialised yet.")
        # The name belongs to the mark: default_args are copied from Dag to Dag.
        mark = (dag.default_args or {}).get(MARKER)
        if not isinstance(mark, dict) or mark.get("event") != name:
            return NotFound(f"The Dag `{name}` is no event Dag: write it with `event_dag`.", final=False)
        if model.allowed_run_types is not None and DagRunType.MANUAL not in model.allowed_run_types:
            return NotFound(f"The Dag `{name}` does not allow manual runs, which an event's run is.")
        return Found(dag, paused=bool(model.is_paused))


def choose(candidates: Sequence[str], known: dict[str, Found | NotFound]) -> Found | NotFound:
    """Return the first candidate that takes events.

    A candidate that cannot run now is waited for; one that is no event Dag does not stand in the way.
    """
    refused = []
    for name in candidates:
        entry = known.get(name)
        if isinstance(entry, Found):
            return entry
        if entry is not None:
            refused.append(entry.reason)
            if entry.final:
                break
    return NotFound(
        " ".join(refused) or f"No event Dag is called {' or '.join(f'`{n}`' for n in candidates)}."
    )
