"""Assets that watch a source by a :class:`hookline.triggers.webhook.WebhookEventTrigger`.

They are served here and not in triggerers, where an event is lost with the process: the asset event is
registered in the transaction that takes the event out of the inbox.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from airflow.models.asset import AssetModel, AssetWatcherModel
from airflow.models.trigger import Trigger
from cryptography.fernet import InvalidToken
from sqlalchemy import select

from hookline.exceptions import ConfigurationError
from hookline.protocol import wait
from hookline.protocol.wait import WATCHER, Wait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from hookline.inbox.models import InboxEvent
    from hookline.protocol.content import Content

log = structlog.get_logger(__name__)

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)


class Watchers:
    """Reads what each watcher asks for once: the arguments of triggers are encrypted."""

    def __init__(self) -> None:
        self._read: dict[tuple[int, str], Wait | None] = {}

    def look_up(self, session: Session) -> dict[str, list[tuple[AssetModel, Wait]]]:
        """Return the watching assets that are in use by source."""
        query = (
            select(AssetModel, Trigger.id, Trigger.encrypted_kwargs)
            .join(AssetWatcherModel, AssetWatcherModel.asset_id == AssetModel.id)
            .join(Trigger, Trigger.id == AssetWatcherModel.trigger_id)
            .where(Trigger.classpath == WATCHER, AssetModel.active.has())
            .order_by(AssetModel.id, Trigger.id)
        )
        found = defaultdict(list)
        current: dict[tuple[int, str], Wait | None] = {}
        for asset, number, encrypted in session.execute(query).all():
            key = (number, encrypted)
            current[key] = self._read[key] if key in self._read else _asked(number, encrypted)
            if (asked := current[key]) is not None:
                found[asked.source].append((asset, asked))
        self._read = current
        return dict(found)


def matching(
    watching: dict[str, list[tuple[AssetModel, Wait]]], event: InboxEvent, content: Content
) -> Sequence[AssetModel]:
    """Return the assets that an event updates, each once."""
    found = {
        asset.id: asset
        for asset, asked in watching.get(event.source, ())
        if wait.fits(asked.event_type, event.event_type)
        and (asked.condition is None or wait.is_true(asked.condition, content.event.get("data")))
    }
    return list(found.values())


def _asked(number: int, encrypted: str) -> Wait | None:
    try:
        return Wait(since=ALWAYS, **Trigger._decrypt_kwargs(encrypted))  # noqa: SLF001  what `kwargs` reads
    except (ConfigurationError, InvalidToken, TypeError, ValueError) as error:
        log.warning("watcher not read", trigger=number, error=type(error).__name__)
        return None
