"""Event Dags in the database, as the dag-processor writes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airflow.models.asset import AssetEvent, AssetModel
from airflow.models.dag import DagModel, DagTag
from airflow.models.dag_version import DagVersion
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.serialization.serialized_objects import DagSerialization, LazyDeserializedDAG
from sqlalchemy import delete
from sqlalchemy.orm import Session

from hookline.authoring import event_dag
from hookline.database import engine
from hookline.inbox.models import InboxEvent
from hookline.jobs.models import Job, Progress, Turn
from hookline.waiters.models import Collected, Waiter

BUNDLE = "tests"
HOOKLINE = (InboxEvent, Job, Turn, Progress, Waiter, Collected)
DAGS = (SerializedDagModel, DagVersion, DagTag, DagModel)


def write(
    name: str,
    schema: Mapping[str, Any] | None = None,
    *,
    sample: Any = None,
    file: str | None = None,
    **options: Any,
) -> None:
    """Put an event Dag into the database, in the place of an older version.

    :param file: where it is written, as its bundle names it.
    :param options: of :func:`~hookline.authoring.event_dag`.
    """

    def author() -> None:
        EmptyOperator(task_id="nothing")

    dag = event_dag(name, schema=schema, sample={} if sample is None else sample, **options)(author)()
    dag_id = dag.dag_id
    dag.relative_fileloc = file = file or f"{dag_id}.py"
    lazy = LazyDeserializedDAG(data=DagSerialization.to_dict(dag))
    with Session(engine()) as session, session.begin():
        if session.get(DagBundleModel, BUNDLE) is None:
            session.add(DagBundleModel(name=BUNDLE))
            session.flush()
        if session.get(DagModel, dag_id) is None:
            session.add(
                DagModel(
                    dag_id=dag_id,
                    bundle_name=BUNDLE,
                    is_stale=False,
                    is_paused=False,
                    fileloc=f"/dags/{file}",
                    relative_fileloc=file,
                    tags=[DagTag(name=tag) for tag in sorted(dag.tags)],
                )
            )
            session.flush()
        session.get_one(DagModel, dag_id).relative_fileloc = file
        SerializedDagModel.write_dag(lazy, bundle_name=BUNDLE, session=session)


def set_paused(name: str, paused: bool) -> None:
    """Pause a Dag, or let it go on."""
    with Session(engine()) as session, session.begin():
        model = session.get(DagModel, name)
        assert model is not None
        model.is_paused = paused


def pause(name: str) -> None:
    """Pause a Dag."""
    set_paused(name, True)


def parse_again(name: str, file: str) -> None:
    """Let a file with a Dag be parsed so soon after another that only the Dag's row changes."""
    with Session(engine()) as session, session.begin():
        session.get_one(DagModel, name).relative_fileloc = file


def forget(name: str) -> None:
    """Let a Dag be gone, as when its file is."""
    with Session(engine()) as session, session.begin():
        model = session.get(DagModel, name)
        assert model is not None
        model.is_stale = True


def empty() -> None:
    """Forget all events, runs and Dags."""
    with Session(engine()) as session, session.begin():
        for table in (*HOOKLINE, AssetEvent, AssetModel, TaskInstance, DagRun, *DAGS):
            session.execute(delete(table))
