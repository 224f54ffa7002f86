"""What is known of steps: their rows, rendered fields, results, and what people decided."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from airflow.models.dagrun import DagRun
from airflow.models.hitl import HITLDetail
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from airflow.models.xcom import XCOM_RETURN_KEY, XComModel
from sqlalchemy import Text, and_, case, cast, func, null, or_, select, tuple_

from hookline.observe.reading import CHUNK
from hookline.observe.values import STORED_BYTES, VALUE_BYTES

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

MOST_MAPPED = 100
"""Instances of a mapped task that a message shows."""
_COLUMNS = (
    "task_id",
    "map_index",
    "try_number",
    "max_tries",
    "state",
    "start_date",
    "end_date",
    "duration",
    "scheduled_dttm",
    "updated_at",
    "operator",
    "custom_operator_name",
)
_REQUEST = (
    HITLDetail.subject,
    HITLDetail.body,
    HITLDetail.options,
    HITLDetail.chosen_options,
    HITLDetail.params_input,
    HITLDetail.responded_at,
    HITLDetail.responded_by,
)


@dataclass(frozen=True)
class Request:
    """What a step asks a person, and the answer: a row of ``hitl_detail`` (Airflow's human in the loop).

    :param answers: what was filled in, by field.
    :param by: ``{"id", "name"}``; None with an answer means that the time was up and the defaults count.
    """

    subject: str
    body: str | None
    options: list[str]
    chosen: list[str] | None
    answers: Any
    at: datetime | None
    by: dict[str, Any] | None


@dataclass(frozen=True)
class StepFacts:
    """One try of one step.

    :param result: the XCom ``return_value`` as it is stored, None also where it is too large.
    :param result_bytes: how much it takes in the database.
    :param load: reads a result that is too large to be read beside others.
    :param inputs: rendered fields, masked by Airflow.
    :param request: what ``hitl_detail`` says, for steps that ask a person.
    """

    task_id: str
    map_index: int
    try_number: int
    max_tries: int | None
    state: str | None
    start_date: datetime | None
    end_date: datetime | None
    duration: float | None
    scheduled_dttm: datetime | None
    updated_at: datetime | None
    operator: str | None
    custom_operator_name: str | None
    result: Any = None
    result_bytes: int | None = None
    load: Callable[[], Any] | None = None
    inputs: Any = None
    request: Request | None = None


@dataclass
class Facts:
    """Steps of several runs, by run id and task id, in the order of their map indices."""

    steps: dict[tuple[int, str], list[StepFacts]] = field(default_factory=lambda: defaultdict(list))
    past: dict[tuple[int, str, int, int], StepFacts] = field(default_factory=dict)
    confs: dict[int, Any] = field(default_factory=dict)

    def step(self, run: int, task_id: str, map_index: int, try_number: int) -> StepFacts | None:
        """Return one try, of which nothing but the row is known if it is over."""
        for one in self.steps.get((run, task_id), ()):
            if one.map_index == map_index and one.try_number == try_number:
                return one
        return self.past.get((run, task_id, map_index, try_number))

    def has(self, run: int, task_id: str, map_index: int, try_number: int) -> bool:
        """Tell whether the try is the step's present one."""
        return any(
            one.map_index == map_index and one.try_number == try_number
            for one in self.steps.get((run, task_id), ())
        )


def read(
    session: Session,
    exact: Collection[tuple[int, str, int]],
    wide: Collection[tuple[int, str]],
    confs: Collection[int],
) -> Facts:
    """Read the present tries.

    :param exact: run, task and map index.
    :param wide: run and task, of which the first :data:`MOST_MAPPED` instances are wanted.
    :param confs: runs whose ``conf`` is wanted.
    """
    facts = Facts()
    found: dict[tuple[int, str, int], StepFacts] = {}
    keys: list[Any] = [*exact, *wide]
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        for row in session.execute(_present(session, part)):
            found[row.run, row.task_id, row.map_index] = StepFacts(
                **{name: getattr(row, name) for name in _COLUMNS},
                result=row.result,
                result_bytes=row.result_bytes,
                load=partial(_large_result, session, row) if (row.result_bytes or 0) > VALUE_BYTES else None,
                inputs=row.rendered_fields,
                request=_request(row),
            )
    for (run, task_id, _), step in sorted(found.items()):
        facts.steps[run, task_id].append(step)
    if confs:
        rows = session.execute(select(DagRun.id, DagRun.conf).where(DagRun.id.in_(confs)))
        facts.confs = {row.id: row.conf for row in rows}
    return facts


def add_past(session: Session, facts: Facts, tries: Iterable[tuple[int, str, int, int]]) -> None:
    """Read tries that are over."""
    keys = list(tries)
    table = TaskInstanceHistory
    for start in range(0, len(keys), CHUNK):
        query = (
            select(DagRun.id.label("run"), *(getattr(table, name) for name in _COLUMNS))
            .join(DagRun, and_(DagRun.dag_id == table.dag_id, DagRun.run_id == table.run_id))
            .where(
                tuple_(DagRun.id, table.task_id, table.map_index, table.try_number).in_(
                    keys[start : start + CHUNK]
                )
            )
        )
        for row in session.execute(query):
            facts.past[row.run, row.task_id, row.map_index, row.try_number] = StepFacts(
                **{name: getattr(row, name) for name in _COLUMNS}
            )


def _large_result(session: Session, step: Any) -> Any:
    """Return a step's result, None where it is larger than any message may be."""
    value = XComModel.__table__.c.value
    text = cast(value, Text)
    size = func.octet_length(text) if _is_postgresql(session) else func.length(text)
    return session.execute(
        select(value).where(
            XComModel.dag_run_id == step.run,
            XComModel.task_id == step.task_id,
            XComModel.map_index == step.map_index,
            XComModel.key == XCOM_RETURN_KEY,
            size <= STORED_BYTES,
        )
    ).scalar()


def _is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def _present(session: Session, keys: list[Any]) -> Any:
    table = TaskInstance
    exact = [key for key in keys if len(key) == 3]
    wide = [key for key in keys if len(key) == 2]
    wanted: list[Any] = []
    if exact:
        wanted.append(tuple_(DagRun.id, table.task_id, table.map_index).in_(exact))
    if wide:
        of_task = tuple_(DagRun.id, table.task_id).in_(wide)
        wanted.append(and_(of_task, table.map_index < MOST_MAPPED))
    same = (
        XComModel.dag_run_id == DagRun.id,
        XComModel.task_id == table.task_id,
        XComModel.map_index == table.map_index,
        XComModel.key == XCOM_RETURN_KEY,
    )
    rendered = RenderedTaskInstanceFields
    fields = (
        rendered.dag_id == table.dag_id,
        rendered.task_id == table.task_id,
        rendered.run_id == table.run_id,
        rendered.map_index == table.map_index,
    )
    value = XComModel.__table__.c.value
    size = func.pg_column_size(value) if _is_postgresql(session) else func.length(value)
    return (
        select(
            DagRun.id.label("run"),
            *(getattr(table, name) for name in _COLUMNS),
            # What is too large for a message is not even read.
            case((size <= VALUE_BYTES, value), else_=null()).label("result"),
            size.label("result_bytes"),
            rendered.rendered_fields,
            *_REQUEST,
        )
        .select_from(DagRun)
        .join(table, and_(table.dag_id == DagRun.dag_id, table.run_id == DagRun.run_id))
        .outerjoin(XComModel, and_(*same))
        .outerjoin(rendered, and_(*fields))
        .outerjoin(HITLDetail, HITLDetail.ti_id == table.id)
        .where(DagRun.id.in_({key[0] for key in keys}), or_(*wanted))
    )


def _request(row: Any) -> Request | None:
    if row.subject is None:
        return None
    return Request(
        row.subject,
        row.body,
        row.options,
        row.chosen_options,
        row.params_input,
        row.responded_at,
        row.responded_by,
    )
