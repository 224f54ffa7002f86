"""From transitions to the messages about them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from hookline.observe import facts as reading
from hookline.observe import payload, previous
from hookline.observe.composing import Made, compose
from hookline.observe.values import Budget
from hookline.outbox.message import Outgoing
from hookline.steps.transition import CREATED, OF_RUNS, Transition, delivery_id

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.observe.facts import Facts, StepFacts
    from hookline.observe.plans import Plan
    from hookline.steps.definition import StepWebhook, Unusable

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Sight:
    """What one look saw: runs by id, their plans, and when the log says that things happened.

    :param storage: whether a message may be as large as object storage takes.
    """

    runs: Mapping[int, Any]
    plans: Mapping[int, Plan]
    times: Mapping[Transition, datetime | None]
    now: datetime
    base_url: str
    storage: bool = False


def messages(session: Session, sight: Sight, found: Sequence[Transition]) -> Iterator[Outgoing]:
    """Return the messages about transitions, in the order in which they happened; blocking.

    One that cannot be made has a ``problem``.
    """
    facts = _facts(session, sight, found)
    dated = sorted(((_time(sight, facts, one), one) for one in found), key=itemgetter(0))
    for at, transition in dated:
        for webhook in sight.plans[transition.run].of(transition.task_id, transition.name):
            message = _message(sight, facts, (transition, at), webhook)
            if message is not None:
                yield message


def _time(sight: Sight, facts: Facts, transition: Transition) -> datetime:
    step = _step(facts, transition)
    run = sight.runs[transition.run]
    return sight.times.get(transition) or payload.happened_at(transition, step, run) or sight.now


def _step(facts: Facts, one: Transition) -> StepFacts | None:
    return facts.step(one.run, one.task_id, one.map_index, one.try_number) if one.task_id else None


def _facts(session: Session, sight: Sight, found: Sequence[Transition]) -> Facts:
    exact: dict[tuple[int, str, int], None] = {}
    wide: dict[tuple[int, str], None] = {}
    confs: dict[int, None] = {}
    for one in found:
        if one.name in OF_RUNS:
            continue
        exact[one.run, one.task_id, one.map_index] = None
        dag = sight.plans[one.run].dag
        if one.name == CREATED and dag is not None and dag.has_task(one.task_id):
            before = previous.wanted(dag, one.task_id)
            wide |= {(one.run, task_id): None for task_id in before}
            exact |= {(one.run, task_id, one.map_index): None for task_id in before if one.map_index >= 0}
            if not before:
                confs[one.run] = None
    facts = reading.read(session, list(exact), list(wide), list(confs))
    tries = [
        (one.run, one.task_id, one.map_index, one.try_number) for one in found if one.name not in OF_RUNS
    ]
    reading.add_past(session, facts, [one for one in tries if not facts.has(*one)])
    return facts


def _message(
    sight: Sight, facts: Facts, happened: tuple[Transition, datetime], webhook: StepWebhook | Unusable
) -> Outgoing | None:
    transition, at = happened
    run = sight.runs[transition.run]
    document = payload.build(transition, run, at, webhook.name, sight.base_url)
    made: Made | None = None
    budget, problem = Budget(storage=sight.storage), ""
    try:
        if transition.task_id:
            _add_step(document["data"], sight, facts, transition, budget)
        made = compose(webhook, document, run.context_carrier)
        if made is None:
            return None
    except SQLAlchemyError:
        raise  # it is not the message's fault; all of it is looked at again
    except Exception as error:  # noqa: BLE001  no message stops another; it is kept for people to see
        problem = f"the message could not be made: {error or type(error).__name__}"
        log.warning("step webhook not sent", webhook=webhook.name, dag_id=run.dag_id, reason=problem)
    return Outgoing(
        delivery_id=delivery_id(run.dag_id, run.run_id, transition, webhook.name),
        webhook=webhook.name,
        endpoint=made.endpoint if made else None,
        dag_id=run.dag_id,
        run_id=run.run_id,
        task_id=transition.task_id or None,
        map_index=transition.map_index,
        try_number=transition.try_number,
        transition=transition.name,
        occurred_at=at,
        payload=made.body if made else document,
        size=made.size if made and made.size else budget.taken,
        problem=problem,
    )


def _add_step(
    data: dict[str, Any], sight: Sight, facts: Facts, transition: Transition, budget: Budget
) -> None:
    data["step"] = payload.of_step(transition, _step(facts, transition), budget)
    dag = sight.plans[transition.run].dag
    if transition.name == CREATED and dag is not None and dag.has_task(transition.task_id):
        kind, steps = previous.kind(dag, facts, transition.run, transition.task_id, transition.map_index)
        data["previous"] = payload.of_previous(kind, steps, facts.confs.get(transition.run), budget)
