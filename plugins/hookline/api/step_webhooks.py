"""``/step-webhooks``: what tells other systems about steps, whatever declares it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Body, Path, Request
from pydantic import BaseModel, ConfigDict, Field

from hookline.api import audit
from hookline.api.access import require_edit, sight
from hookline.api.desk import Desk
from hookline.api.fields import Name
from hookline.api.paging import Cursor, Limit, Page, named, naming
from hookline.api.problems import CONFLICT, INVALID, not_found
from hookline.api.route import Caller, Guarded
from hookline.delivery.dangers import Known, dangers
from hookline.exceptions import ConfigurationError
from hookline.observe import registry
from hookline.outbox import store
from hookline.outbox.message import Endpoint, Outgoing
from hookline.protocol.problem import Rejected
from hookline.steps import definition

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.orm import Session

    from hookline.observe.registry import Listed

router = APIRouter(route_class=Guarded, tags=["Step webhooks"])
WebhookName = Annotated[str, Path(pattern="^[A-Za-z0-9][A-Za-z0-9_.-]{0,99}$")]
DagId = Annotated[str, Path(min_length=1, max_length=250)]


class StepWebhook(BaseModel):
    """One step webhook of one Dag."""

    name: str
    origin: Literal["code", "yaml", "api", "console"]
    dag_id: str
    steps: list[str]
    """Tasks, or task groups; empty for all of the Dag, or for its runs."""
    triggers: list[str]
    to: str
    enabled: bool
    author: str | None
    updated_at: datetime | None
    problem: str
    """Why nothing is sent, or what is dangerous about its Connection, where that is known."""
    definition: dict[str, Any]

    @classmethod
    def of(cls, one: Listed, known: Known | None = None) -> StepWebhook:
        """Return it for one of the list; blocking.

        :param known: see :func:`hookline.delivery.dangers.dangers`.
        """
        webhook = one.webhook
        same = ("name", "origin", "dag_id", "enabled", "author", "updated_at")
        return cls(
            problem=one.problem or (dangers(webhook, known) if webhook else ""),
            steps=list(one.steps),
            triggers=list(webhook.triggers) if webhook else [],
            to=(webhook.url or f"{webhook.conn_id} {webhook.path}".strip()) if webhook else "",
            definition=webhook.as_json() if webhook else {},
            **{name: getattr(one, name) for name in same},
        )


class Wanted(BaseModel):
    """A step webhook as it is to be."""

    model_config = ConfigDict(extra="forbid")

    dag_id: Name
    step: str = Field("", max_length=250, description="Task or task group; empty for all, or for runs")
    definition: dict[str, Any] = Field(description="As in YAML, but for the name", max_length=50)
    origin: Literal["api", "console"] = "api"


class Switch(BaseModel):
    """Whether it is sent."""

    model_config = ConfigDict(extra="forbid")

    enabled: bool


class DagOf(BaseModel):
    """The Dag whose webhook is meant: of code, several may have one of a name."""

    model_config = ConfigDict(extra="forbid")

    dag_id: Name


class Steps(BaseModel):
    """What of a Dag can be told about."""

    tasks: list[str]
    groups: list[str]
    downstream: dict[str, list[str]]
    """For each task, those that come right after it."""


class Named(BaseModel):
    """The webhook that a call was about."""

    name: str


class TestMessage(BaseModel):
    """A message that goes out as any other."""

    __test__ = False

    delivery_id: str


@router.get("/step-webhooks")
async def list_step_webhooks(
    request: Request, user: Caller, dag_id: Name | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[StepWebhook]:
    """List step webhooks by Dag and name."""
    after = named(cursor)

    def read(session: Session) -> Page[StepWebhook]:
        seen = sight(user, session)
        found = [
            one
            for one in registry.listed(session)
            if one.dag_id in seen.dags and dag_id in (None, one.dag_id) and _place(one) > after
        ]
        known: Known = {}
        return Page(
            items=[StepWebhook.of(one, known) for one in found[:limit]],
            next_cursor=naming(_place(found[limit - 1])) if found[limit:] else None,
        )

    return await Desk.of(request).read(read)


@router.get("/dags/{dag_id}/steps")
async def list_steps(request: Request, user: Caller, dag_id: DagId) -> Steps:
    """List the tasks and task groups of a Dag's newest version."""

    def read(session: Session) -> Steps:
        if dag_id not in sight(user, session).dags:
            raise not_found(f"There is no Dag `{dag_id}`, or you may not see it.")
        found = registry.steps(session, dag_id)
        if found is None:
            raise not_found(f"The Dag `{dag_id}` cannot be read here.")
        return Steps(tasks=found.tasks, groups=found.groups, downstream=found.downstream)

    return await Desk.of(request).read(read)


@router.put("/step-webhooks/{name}")
async def put_step_webhook(
    request: Request, user: Caller, name: WebhookName, wanted: Annotated[Wanted, Body()]
) -> StepWebhook:
    """Declare a step webhook, or change one that is not from code."""

    def change(session: Session) -> StepWebhook:
        require_edit(user, wanted.dag_id, session)
        _require_own(session, user, name)
        try:
            webhook = definition.parse({**wanted.definition, "name": name})
            registry.put(
                session,
                webhook,
                wanted.dag_id,
                wanted.step,
                origin=wanted.origin,
                author=user.get_name(),
                now=datetime.now(UTC),
            )
        except ConfigurationError as error:
            raise Rejected(INVALID, str(error)) from None
        session.flush()
        audit.record(session, user, "put_step_webhook", dag_id=wanted.dag_id, name=name, step=wanted.step)
        return StepWebhook.of(_one(session, name, wanted.dag_id))

    return await Desk.of(request).write(change)


@router.patch("/step-webhooks/{name}")
async def switch_step_webhook(
    request: Request, user: Caller, name: WebhookName, wanted: Annotated[Switch, Body()]
) -> Named:
    """Let a step webhook be sent, or not."""
    return await _change(
        request,
        user,
        name,
        "switch_step_webhook",
        lambda session: registry.enable(session, name, datetime.now(UTC), enabled=wanted.enabled),
    )


@router.delete("/step-webhooks/{name}")
async def delete_step_webhook(request: Request, user: Caller, name: WebhookName) -> Named:
    """Forget a step webhook; what is in the outbox already is delivered."""
    return await _change(
        request, user, name, "delete_step_webhook", lambda session: registry.remove(session, name)
    )


@router.post("/step-webhooks/{name}/tests", status_code=201)
async def send_test(
    request: Request, user: Caller, name: WebhookName, dag: Annotated[DagOf, Body()]
) -> TestMessage:
    """Send a message that says that it is a test, to where the webhook's messages go."""

    def send(session: Session) -> TestMessage:
        require_edit(user, dag.dag_id, session)
        webhook = _one(session, name, dag.dag_id).webhook
        if webhook is None:
            raise Rejected(CONFLICT, f"`{name}` cannot be used as it is.")
        now = datetime.now(UTC)
        made = f"msg_{secrets.token_hex(20)}"
        message = Outgoing(
            delivery_id=made,
            webhook=name,
            endpoint=Endpoint(
                conn_id=webhook.conn_id,
                url=webhook.url,
                path=webhook.path,
                method=webhook.method,
                auth=webhook.auth,
                ordered=webhook.ordered,
            ),
            dag_id=dag.dag_id,
            run_id="test",
            task_id=None,
            map_index=-1,
            try_number=0,
            transition="test",
            occurred_at=now,
            payload={"type": "test", "webhook": name, "dag_id": dag.dag_id, "time": now.isoformat()},
        )
        store.add(session, [message])
        audit.record(session, user, "test_step_webhook", dag_id=dag.dag_id, name=name, delivery=made)
        return TestMessage(delivery_id=made)

    return await Desk.of(request).write(send)


async def _change(
    request: Request, user: Any, name: str, action: str, change: Callable[[Session], None]
) -> Named:
    def work(session: Session) -> Named:
        _require_own(session, user, name)
        try:
            change(session)
        except ConfigurationError as error:
            raise Rejected(CONFLICT, str(error)) from None
        audit.record(session, user, action, name=name)
        return Named(name=name)

    return await Desk.of(request).write(work)


def _require_own(session: Session, user: Any, name: str) -> None:
    # What another Dag's webhook sends is its editors' affair, also where the name is the same.
    dags: set[str | None] = {one.dag_id for one in registry.listed(session) if one.name == name}
    for dag_id in dags or {None}:
        require_edit(user, dag_id, session)


def _one(session: Session, name: str, dag_id: str) -> Listed:
    for one in registry.listed(session):
        if (one.name, one.dag_id) == (name, dag_id):
            return one
    raise not_found(f"The Dag `{dag_id}` has no step webhook `{name}`.")


def _place(one: Listed) -> str:
    return f"{one.dag_id}\n{one.name}\n{one.origin}"
