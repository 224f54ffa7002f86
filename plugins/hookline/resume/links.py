"""Finding the task that a link is for, and letting it go on, inside the caller's transaction."""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from airflow.models.log import Log
from airflow.models.taskinstance import TaskInstance
from airflow.models.taskinstancehistory import TaskInstanceHistory
from sqlalchemy import select

from hookline.dispatch import waking
from hookline.protocol import link
from hookline.protocol.problem import LINK_INVALID, LINK_SPENT, Rejected
from hookline.protocol.wait import KEY, RESULT

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.protocol.link import Place

RESUMED = "hookline_resumed"
"""Event in Airflow's log of the task that a link let go on; its ``extra`` is the token's digest."""
INVALID = "This link is not valid, or not any more. If it is new, try again in a moment."
USED = "This link was used before. It works once."
EXPIRED = "This link has expired."
SUPERSEDED = "This link is of an earlier try. Its task has begun anew, and may send a newer link."
ENDED = "This link is not needed any more: its task does not wait."


@dataclass(frozen=True, slots=True)
class Link:
    """A link whose task waits.

    :param fields: JSON Schema of what is asked for, None where anything will do.
    :param source: name of the source whose senders alone may answer, None for whoever has the link.
    """

    instance_id: UUID
    wait_id: str
    digest: str
    title: str
    description: str
    fields: dict[str, Any] | None
    source: str | None


def find(session: Session, place: Place) -> Link:
    """Return the link of a token.

    :raises Rejected: it is used, expired, superseded or forged; who has another token learns of none of
        them but that the time was over.
    """
    instance = session.get(TaskInstance, place.instance_id)
    wait = waking.wait_of(instance)
    if wait is None or wait.get("kind") != link.KIND or not _same(wait, place):
        raise _refused(session, place, instance, parked=wait is not None)
    if datetime.now(UTC) >= datetime.fromisoformat(str(wait["expires"])):
        raise Rejected(LINK_SPENT, EXPIRED, reason=f"The link of {_named(instance)} has expired.")
    return Link(
        instance_id=place.instance_id,
        wait_id=wait["id"],
        digest=place.digest,
        title=str(wait.get("title") or ""),
        description=str(wait.get("description") or ""),
        fields=wait.get("fields"),
        source=wait.get("source"),
    )


def resume(session: Session, found: Link, result: str) -> None:
    """Let the task go on, once.

    :param result: JSON text.
    :raises Rejected: somebody else was quicker, or the task does not wait any more.
    """
    instance = waking.lock(session, found.instance_id, found.wait_id)
    if instance is None:
        raise _refused(session, link.Place(found.instance_id, found.digest), None, parked=False)
    waking.resume(session, instance, {RESULT: result})
    session.add(Log(RESUMED, extra=found.digest, **_key(instance)))


def _same(wait: dict[str, Any], place: Place) -> bool:
    return hmac.compare_digest(str(wait.get("digest")).encode(), place.digest.encode())


def _refused(session: Session, place: Place, instance: Any, *, parked: bool) -> Rejected:
    known = instance or session.get(TaskInstance, place.instance_id)
    former = known or session.get(TaskInstanceHistory, place.instance_id)
    if former is None:
        return Rejected(
            LINK_INVALID, INVALID, reason="The link is of no task: forged, or its run was deleted."
        )
    name = _named(former)
    if _was_used(session, place, former):
        return Rejected(LINK_SPENT, USED, reason=f"The link of {name} was used before.")
    if not parked and _is_over(session, type(former), place):
        return Rejected(LINK_SPENT, EXPIRED, reason=f"The time of the link of {name} was over.")
    if known is None:
        says, reason = SUPERSEDED, f"The link is of a former try of {name}, or of one that was cleared."
    elif parked:
        says, reason = INVALID, f"The link is not the one that {name} waits for: forged."
    else:
        says, reason = ENDED, f"{name} does not wait for a link; its state is {former.state}."
    kept = (former.next_kwargs or {}).get(KEY)
    if isinstance(kept, dict) and _same(kept, place):
        return Rejected(LINK_SPENT, says, reason=reason)
    return Rejected(LINK_INVALID, INVALID, reason=reason)


def _was_used(session: Session, place: Place, former: Any) -> bool:
    used = select(Log.id).where(
        *(getattr(Log, name) == value for name, value in _key(former).items()),
        Log.event == RESUMED,
        Log.extra == place.digest,
    )
    return session.execute(used.limit(1)).first() is not None


def _is_over(session: Session, model: Any, place: Place) -> bool:
    # Airflow keeps the time of a park when the task has ended, but not what it waited for. Compared in the
    # database, as the scheduler does: the column has no time zone.
    number = model.task_instance_id if model is TaskInstanceHistory else model.id
    over = select(number).where(number == place.instance_id, model.trigger_timeout < datetime.now(UTC))
    return session.execute(over).first() is not None


def _key(instance: Any) -> dict[str, Any]:
    names = ("dag_id", "run_id", "task_id", "map_index", "try_number")
    return {name: getattr(instance, name) for name in names}


def _named(instance: Any) -> str:
    index = f" [{instance.map_index}]" if instance.map_index >= 0 else ""
    return f"`{instance.dag_id}`, run `{instance.run_id}`, task `{instance.task_id}`{index}"
