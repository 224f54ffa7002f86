"""An event updates the asset of its type, when a Dag is scheduled on it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.assets.manager import asset_manager
from airflow.models.asset import (
    AssetModel,
    DagScheduleAssetNameReference,
    DagScheduleAssetReference,
    DagScheduleAssetUriReference,
)
from airflow.models.dag import DagModel
from sqlalchemy import or_, select
from sqlalchemy.exc import InterfaceError, OperationalError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.protocol.content import Content

MAX_EXTRA = 65_536
"""Characters of an event that an asset event carries; of a larger one only the head."""
MAX_PARTITION = 250
NO_KEY = (
    "All Dags of the asset are partitioned, and the event has neither a `subject` nor a `correlation` for"
    " their key. Let the source's `correlation` say where it is."
)


def uri(source: str, event_type: str) -> str:
    """Return the asset of an event type; what a URI cannot hold is percent-encoded."""
    return f"hookline://{source}/{quote(event_type, safe='')}"


def scheduled(session: Session, uris: Collection[str]) -> dict[str, AssetModel]:
    """Return the assets that a Dag is scheduled on, by their URIs."""
    names, addresses = DagScheduleAssetNameReference, DagScheduleAssetUriReference
    used = or_(
        select(DagScheduleAssetReference.asset_id)
        .where(DagScheduleAssetReference.asset_id == AssetModel.id)
        .exists(),
        select(names.name).where(names.name == AssetModel.name).exists(),
        select(addresses.uri).where(addresses.uri == AssetModel.uri).exists(),
    )
    query = select(AssetModel).where(AssetModel.uri.in_(uris), AssetModel.active.has(), used)
    return {asset.uri: asset for asset in session.scalars(query)}


def register(session: Session, asset: AssetModel, content: Content, *, watched: bool = False) -> str | None:
    """Register one event of an asset, as Airflow's API does.

    :param watched: as for an asset with a watcher, where readers look for the event in ``payload``.
    :returns: why it was not.
    """
    key = None
    if _is_partitioned(session, asset):
        key = content.subject or content.correlation
        if key is None:
            return NO_KEY
        if len(key) > MAX_PARTITION:
            return f"The event's partition key has more than {MAX_PARTITION} characters."
    try:
        with session.begin_nested():
            made = asset_manager.register_asset_change(
                asset=asset,
                extra={"from_trigger": True, "payload": _extra(content)} if watched else _extra(content),
                partition_key=key,
                session=session,
            )
            session.flush()
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  a listener, a mapper of partitions: not the others' fault
        return f"Airflow refused it: {type(error).__name__}: {str(error).splitlines()[:1]}"
    return None if made is not None else "The asset is not there any more."


def _is_partitioned(session: Session, asset: AssetModel) -> bool:
    # Those that Airflow queues (``AssetManager.register_asset_change``). With a key no Dag of the usual kind
    # would run, without one none that is partitioned.
    direct, names, uris = (
        DagScheduleAssetReference,
        DagScheduleAssetNameReference,
        DagScheduleAssetUriReference,
    )
    listening = or_(
        DagModel.dag_id.in_(select(direct.dag_id).where(direct.asset_id == asset.id)),
        DagModel.dag_id.in_(select(names.dag_id).where(names.name == asset.name)),
        DagModel.dag_id.in_(select(uris.dag_id).where(uris.uri == asset.uri)),
    )
    query = select(DagModel.timetable_partitioned).where(
        listening, DagModel.is_paused.is_(False), DagModel.is_stale.is_(False)
    )
    found = session.scalars(query.distinct()).all()
    return bool(found) and all(found)


def _extra(content: Content) -> Mapping[str, Any]:
    event = content.event
    head = {name: event[name] for name in ("id", "source", "type", "subject", "time") if name in event}
    if len(content.text) > MAX_EXTRA or "data" not in event:
        return head
    return head | {"data": event["data"]}
