"""All step webhooks in one list, and those that are declared outside of code."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from airflow.models.dag import DagModel, DagTag
from airflow.models.serialized_dag import SerializedDagModel
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from hookline.exceptions import ConfigurationError
from hookline.observe.models import Registered
from hookline.observe.plans import of_row
from hookline.steps import declared
from hookline.steps.declared import TAG
from hookline.steps.definition import StepWebhook, Unusable
from hookline.steps.transition import OF_RUNS

if TYPE_CHECKING:
    from airflow.serialization.definitions.dag import SerializedDAG
    from sqlalchemy.orm import Session

CODE, YAML, API, CONSOLE = ORIGINS = ("code", "yaml", "api", "console")


@dataclass(frozen=True)
class Listed:
    """One step webhook of one Dag.

    :param steps: ids of tasks; of groups too for those that are not from code; empty where all are meant.
    :param problem: why nothing is sent, where that is known.
    """

    name: str
    origin: str
    dag_id: str
    steps: tuple[str, ...]
    webhook: StepWebhook | None
    enabled: bool
    author: str | None = None
    updated_at: datetime | None = None
    problem: str = ""


@dataclass(frozen=True)
class Steps:
    """What of a Dag can be told about, by id, and the tasks that come right after each."""

    tasks: list[str]
    groups: list[str]
    downstream: dict[str, list[str]]


def steps(session: Session, dag_id: str) -> Steps | None:
    """Return the steps of a Dag's newest version; None where it cannot be read."""
    dag = _latest(session, dag_id)
    if dag is None:
        return None
    groups = sorted(name for name in dag.task_group.get_task_group_dict() if name)
    after = {task_id: sorted(task.downstream_task_ids) for task_id, task in dag.task_dict.items()}
    return Steps(sorted(dag.task_ids), groups, after)


def listed(session: Session) -> list[Listed]:
    """Return all step webhooks, by Dag and name."""
    found = [*_in_code(session), *_registered(session)]
    by_code = {(one.dag_id, one.name) for one in found if one.origin == CODE}
    shadowed = "the code of the Dag has a step webhook of this name, which counts for the steps that have it"
    return sorted(
        (
            one if one.origin == CODE or (one.dag_id, one.name) not in by_code else _with(one, shadowed)
            for one in found
        ),
        key=lambda one: (one.dag_id, one.name, one.origin),
    )


def current(session: Session, dag_id: str, name: str) -> StepWebhook | Unusable | None:
    """Return a webhook as it is declared now: by the newest version of the Dag, or else outside of code."""
    dag = _latest(session, dag_id)
    with suppress(ConfigurationError):
        found = declared.read(dag.default_args if dag else None).all.get(name)
        if found is not None:
            return found
    row = session.get(Registered, name)
    return of_row(row) if row is not None and row.dag_id == dag_id else None


def put(
    session: Session,
    webhook: StepWebhook,
    dag_id: str,
    step: str,
    *,
    origin: str,
    author: str | None,
    now: datetime,
) -> None:
    """Declare a step webhook, or change it.

    :param step: a task or a task group; empty for every step of the Dag, or for its runs.
    :raises ConfigurationError: the Dag or the step is not there, or the trigger does not fit it.
    """
    _require_target(session, webhook, dag_id, step)
    row = session.get(Registered, webhook.name) or Registered(name=webhook.name)
    row.dag_id, row.task_id, row.origin, row.author = dag_id, step, origin, author
    row.definition, row.enabled, row.updated_at = json.dumps(webhook.as_json()), webhook.enabled, now
    session.add(row)


def enable(session: Session, name: str, now: datetime, *, enabled: bool) -> None:
    """Let a webhook be sent, or not.

    :raises ConfigurationError: there is none of the name, or it is declared in code.
    """
    row = _find(session, name)
    row.enabled, row.updated_at = enabled, now


def remove(session: Session, name: str) -> None:
    """Forget a webhook; what is in the outbox already is delivered.

    :raises ConfigurationError: there is none of the name, or it is declared in code.
    """
    _find(session, name)
    session.execute(delete(Registered).where(Registered.name == name))


def _find(session: Session, name: str) -> Registered:
    row = session.get(Registered, name)
    if row is not None:
        return row
    dags = sorted(one.dag_id for one in _in_code(session) if one.name == name)
    if dags:
        raise ConfigurationError(
            f"step webhook `{name}` is declared in the code of {', '.join(f'`{dag}`' for dag in dags)};"
            " change it there, e.g. with enabled=False"
        )
    raise ConfigurationError(f"there is no step webhook `{name}`; `airflow hookline step-webhooks list`")


def _require_target(session: Session, webhook: StepWebhook, dag_id: str, step: str) -> None:
    about = f"step webhook `{webhook.name}`"
    if not dag_id or session.get(DagModel, dag_id) is None:
        raise ConfigurationError(f"{about}: there is no Dag `{dag_id}`")
    of_run = [one for one in webhook.triggers if one in OF_RUNS]
    if not step:
        return
    if of_run:
        raise ConfigurationError(f"{about}: {of_run[0]} is about a run; leave `step` out")
    dag = _latest(session, dag_id)
    if dag is not None and not dag.has_task(step) and step not in dag.task_group.get_task_group_dict():
        raise ConfigurationError(f"{about}: the Dag `{dag_id}` has no task and no task group `{step}`")


def _latest(session: Session, dag_id: str) -> SerializedDAG | None:
    model = SerializedDagModel.get(dag_id, session=session)
    if model is None:
        return None
    try:
        dag: SerializedDAG = model.dag
    except SQLAlchemyError:
        raise
    except Exception:  # noqa: BLE001  a newer Airflow, a missing plugin: whatever reading raises
        return None
    return dag


def _in_code(session: Session) -> Iterator[Listed]:
    query = (
        select(DagTag.dag_id)
        .join(DagModel, DagModel.dag_id == DagTag.dag_id)
        .where(DagTag.name == TAG, ~DagModel.is_stale)
    )
    for dag_id in session.scalars(query):
        dag = _latest(session, dag_id)
        try:
            found = declared.read(dag.default_args if dag else None)
        except ConfigurationError as error:
            yield Listed("", CODE, dag_id, (), None, enabled=False, problem=str(error))
            continue
        steps = defaultdict(list)
        for task_id, webhooks in found.steps.items():
            for webhook in webhooks:
                steps[webhook.name].append(task_id)
        for name, webhook in found.all.items():
            usable, problem = _usable(webhook)
            yield Listed(name, CODE, dag_id, tuple(steps[name]), usable, webhook.enabled, problem=problem)


def _registered(session: Session) -> Iterator[Listed]:
    query = select(Registered, DagModel.is_stale).outerjoin(DagModel, DagModel.dag_id == Registered.dag_id)
    for row, is_stale in session.execute(query):
        problem = "" if is_stale is False else f"there is no Dag `{row.dag_id}`"
        webhook, unusable = _usable(of_row(row))
        yield Listed(
            row.name,
            row.origin,
            row.dag_id,
            (row.task_id,) if row.task_id else (),
            webhook,
            row.enabled,
            row.author,
            row.updated_at,
            unusable or problem,
        )


def _usable(webhook: StepWebhook | Unusable) -> tuple[StepWebhook | None, str]:
    return (None, webhook.problem) if isinstance(webhook, Unusable) else (webhook, "")


def _with(one: Listed, problem: str) -> Listed:
    return Listed(**{**one.__dict__, "problem": one.problem or problem})
