"""From transitions to the messages about them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import structlog

from hookline.exceptions import ConfigurationError
from hookline.observe import facts as reading
from hookline.observe import payload, previous
from hookline.observe.values import Budget
from hookline.outbox.message import Endpoint, Outgoing
from hookline.protocol import expression
from hookline.steps import template
from hookline.steps.transition import CREATED, OF_RUNS, Transition, delivery_id

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.observe.facts import Facts
    from hookline.observe.plans import Plan
    from hookline.steps.definition import StepWebhook

log = structlog.get_logger(__name__)
MAX_HEADER = 1000
TRACE = "traceparent"


@dataclass(frozen=True)
class Sight:
    """What one look saw: runs by id, their plans, and when the log says that things happened."""

    runs: Mapping[int, Any]
    plans: Mapping[int, Plan]
    times: Mapping[Transition, datetime | None]
    now: datetime
    base_url: str


def messages(session: Session, sight: Sight, found: Sequence[Transition]) -> list[Outgoing]:
    """Return the messages about transitions; blocking."""
    facts = _facts(session, sight, found)
    made = []
    for transition in found:
        plan = sight.plans[transition.run]
        for webhook in plan.of(transition.task_id, transition.name):
            try:
                message = _message(sight, facts, transition, webhook)
            except Exception:  # one message must not stop all others
                log.exception(
                    "step webhook not sent",
                    webhook=webhook.name,
                    task_id=transition.task_id,
                    name=transition.name,
                )
                continue
            if message is not None:
                made.append(message)
    return made


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


def _message(sight: Sight, facts: Facts, transition: Transition, webhook: StepWebhook) -> Outgoing | None:
    run = sight.runs[transition.run]
    step = None
    if transition.task_id:
        step = facts.step(transition.run, transition.task_id, transition.map_index, transition.try_number)
    at = sight.times.get(transition) or payload.happened_at(transition, step, run) or sight.now
    document = payload.build(transition, run, at, webhook.name, sight.base_url)
    if transition.task_id:
        budget = Budget()
        document["data"]["step"] = payload.of_step(transition, step, budget)
        dag = sight.plans[transition.run].dag
        if transition.name == CREATED and dag is not None and dag.has_task(transition.task_id):
            kind, steps = previous.kind(dag, facts, transition.run, transition.task_id, transition.map_index)
            conf = facts.confs.get(transition.run)
            document["data"]["previous"] = payload.of_previous(kind, steps, conf, budget)
    if webhook.filter is not None and not _true(expression.search(webhook.filter, document)):
        return None
    return Outgoing(
        delivery_id=delivery_id(run.dag_id, run.run_id, transition, webhook.name),
        webhook=webhook.name,
        endpoint=endpoint(webhook, document, run.context_carrier),
        dag_id=run.dag_id,
        run_id=run.run_id,
        task_id=transition.task_id or None,
        map_index=transition.map_index,
        try_number=transition.try_number,
        transition=transition.name,
        occurred_at=at,
        payload=_body(webhook, document),
    )


def endpoint(webhook: StepWebhook, document: Any, carrier: Mapping[str, str] | None = None) -> Endpoint:
    """Return where a webhook's messages go.

    :param document: what the placeholders of its headers are filled from.
    :param carrier: the run's trace, of which its messages are a part (https://www.w3.org/TR/trace-context/).
    :raises ConfigurationError: it cannot be used as it is.
    """
    headers = {name: _header(text, document) for name, text in webhook.headers.items()}
    if carrier and TRACE in carrier and not any(name.lower() == TRACE for name in headers):
        headers[TRACE] = carrier[TRACE]
    return Endpoint(
        conn_id=webhook.conn_id,
        url=webhook.url,
        path=webhook.path,
        method=webhook.method,
        auth=webhook.auth,
        headers=headers,
        ordered=webhook.ordered,
    )


def _header(text: str, document: Any) -> str:
    # What data says must neither end the field nor be refused for its script.
    filled = template.text(str(text), document)[:MAX_HEADER]
    return "".join(char if " " <= char <= "~" else "?" for char in filled).strip()


def _body(webhook: StepWebhook, document: dict[str, Any]) -> Any:
    if webhook.body is None:
        return document
    if isinstance(webhook.body, str):
        made = expression.search(webhook.body, document)
    else:
        made = template.fill(webhook.body, document)
    try:
        json.dumps(made, allow_nan=False)
    except (TypeError, ValueError):
        raise ConfigurationError("its body is no JSON") from None
    return made


def _true(value: Any) -> bool:
    # Truth as in JMESPath's own specification: zero is true.
    return not (value is None or value is False or value in ("", [], {}))
