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
from sqlalchemy import or_, select
from sqlalchemy.exc import InterfaceError, OperationalError

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from hookline.protocol.content import Content

MAX_EXTRA = 65_536
"""Characters of an event that an asset event carries; of a larger one only the head."""
MAX_PARTITION = 250


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
    key = content.subject if _is_partitioned(asset) else None
    try:
        with session.begin_nested():
            made = asset_manager.register_asset_change(
                asset=asset,
                extra={"from_trigger": True, "payload": _extra(content)} if watched else _extra(content),
                partition_key=key[:MAX_PARTITION] if key else None,
                session=session,
            )
            session.flush()
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001  a listener, a mapper of partitions: not the others' fault
        return f"Airflow refused it: {type(error).__name__}: {str(error).splitlines()[:1]}"
    return None if made is not None else "The asset is not there any more."


def _is_partitioned(asset: AssetModel) -> bool:
    # With a key no Dag of the usual kind would run.
    dags = [reference.dag for reference in asset.scheduled_dags]
    return bool(dags) and all(dag.timetable_partitioned for dag in dags)


def _extra(content: Content) -> Mapping[str, Any]:
    event = content.event
    head = {name: event[name] for name in ("id", "source", "type", "subject", "time") if name in event}
    if len(content.text) > MAX_EXTRA or "data" not in event:
        return head
    return head | {"data": event["data"]}
