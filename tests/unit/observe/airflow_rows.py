"""Dags, runs and steps in Airflow's tables, as its processes write them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from airflow.models.dag import DagModel, DagTag
from airflow.models.dag_version import DagVersion
from airflow.models.dagbundle import DagBundleModel
from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.log import Log
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.models.xcom import XComModel
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization, LazyDeserializedDAG
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType
from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.observe.models import Cursor, OpenRun, Registered, Seen
from hookline.outbox.models import Delivery, EndpointState

BUNDLE = "tests"


def empty() -> None:
    """Forget everything."""
    of_steps = (HITLDetail, XComModel, RenderedTaskInstanceFields, TaskInstanceHistory, TaskInstance)
    dags = (SerializedDagModel, DagVersion, DagTag, DagModel)
    ours = (Cursor, OpenRun, Seen, Registered, Delivery, EndpointState)
    with Session(engine()) as session, session.begin():
        for table in (*of_steps, DagRun, Log, *dags, *ours):
            session.execute(delete(table))


def write(dag: DAG) -> None:
    """Write a Dag as the dag-processor does."""
    lazy = LazyDeserializedDAG(data=DagSerialization.to_dict(dag))
    with Session(engine()) as session, session.begin():
        if session.get(DagBundleModel, BUNDLE) is None:
            session.add(DagBundleModel(name=BUNDLE))
            session.flush()
        if session.get(DagModel, dag.dag_id) is None:
            tags = [DagTag(name=tag, dag_id=dag.dag_id) for tag in dag.tags]
            session.add(
                DagModel(dag_id=dag.dag_id, bundle_name=BUNDLE, is_stale=False, fileloc="x", tags=tags)
            )
            session.flush()
        SerializedDagModel.write_dag(lazy, bundle_name=BUNDLE, session=session)


def start(dag_id: str, run_id: str = "r", conf: Any = None) -> int:
    """Start a run; return the id of its row."""
    with Session(engine()) as session, session.begin():
        model = SerializedDagModel.get(dag_id, session=session)
        assert model is not None
        run = model.dag.create_dagrun(
            run_id=run_id,
            run_after=datetime.now(UTC),
            conf=conf,
            run_type=DagRunType.MANUAL,
            triggered_by=DagRunTriggeredByType.REST_API,
            triggering_user_name="ada",
            state=DagRunState.RUNNING,
            start_date=datetime.now(UTC),
            session=session,
        )
        session.flush()
        return int(run.id)


def end(run: int, state: str) -> None:
    """End a run."""
    with Session(engine()) as session, session.begin():
        row = session.get_one(DagRun, run)
        row.state, row.end_date = DagRunState(state), datetime.now(UTC)


def step(run: int, task_id: str, state: str | None, *, map_index: int = -1, **fields: Any) -> None:
    """Bring a step into a state."""
    with Session(engine()) as session, session.begin():
        row = instance(session, run, task_id, map_index)
        values = {"state": state, "updated_at": datetime.now(UTC), **fields}
        session.execute(TaskInstance.__table__.update().where(TaskInstance.id == row.id).values(values))


def retry(run: int, task_id: str, **fields: Any) -> None:
    """Put a step's try into the history, as a retry and clearing do."""
    with Session(engine()) as session, session.begin():
        row = instance(session, run, task_id)
        row.end_date = datetime.now(UTC)
        row.prepare_db_for_next_try(session)
        session.flush()
    step(run, task_id, **fields)


def logged(run: int, task_id: str, event: str, *, try_number: int = 1, by_api: bool = True) -> None:
    """Write a row of the log."""
    with Session(engine()) as session, session.begin():
        found = session.get_one(DagRun, run)
        session.add(
            Log(
                event,
                dag_id=found.dag_id,
                run_id=found.run_id,
                task_id=task_id,
                map_index=-1,
                try_number=try_number,
                extra='{"host_name": "h"}' if by_api else None,
            )
        )


def result(run: int, task_id: str, value: Any) -> None:
    """Leave what a step returned."""
    with Session(engine()) as session, session.begin():
        row = instance(session, run, task_id)
        session.execute(
            insert(XComModel.__table__).values(
                dag_run_id=run,
                task_id=task_id,
                map_index=-1,
                key="return_value",
                dag_id=row.dag_id,
                run_id=row.run_id,
                value=value,
                timestamp=datetime.now(UTC),
            )
        )


def rendered(run: int, task_id: str, fields: dict[str, Any]) -> None:
    """Leave the rendered fields of a step."""
    with Session(engine()) as session, session.begin():
        row = instance(session, run, task_id)
        session.execute(
            insert(RenderedTaskInstanceFields.__table__).values(
                dag_id=row.dag_id, task_id=task_id, run_id=row.run_id, map_index=-1, rendered_fields=fields
            )
        )


def asked(run: int, task_id: str, **answer: Any) -> None:
    """Ask a person, who answers."""
    with Session(engine()) as session, session.begin():
        row = instance(session, run, task_id)
        session.add(
            HITLDetail(ti_id=row.id, subject="May it?", options=["Approve", "Reject"], params={}, **answer)
        )


def instance(session: Session, run: int, task_id: str, map_index: int = -1) -> TaskInstance:
    """Return a step's row."""
    found = session.get_one(DagRun, run)
    query = select(TaskInstance).where(
        TaskInstance.dag_id == found.dag_id,
        TaskInstance.run_id == found.run_id,
        TaskInstance.task_id == task_id,
        TaskInstance.map_index == map_index,
    )
    return session.scalars(query).one()
