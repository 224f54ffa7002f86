"""The mark of an event Dag: what it runs for. It travels in the Dag's ``default_args`` as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hookline.protocol.gathering import Gathering
from hookline.protocol.subscription import Subscription

KEY = "hookline.event_dag"
"""Key in ``default_args``; no operator's parameter can have this name, so it reaches none."""
TAG = "event"
"""Every event Dag has it: by it the server finds those whose dag id says nothing."""
VERSION = 1


@dataclass(frozen=True, slots=True)
class Mark:
    """What one Dag runs for: the event that it claims, or its subscription.

    :param also: other Dags may claim the event too.
    """

    dag_id: str
    event: str | None = None
    also: bool = False
    subscription: Subscription | None = None
    gathering: Gathering | None = None

    def written(self) -> dict[str, Any]:
        """Return what :meth:`read` takes, as JSON."""
        value: dict[str, Any] = {"version": VERSION}
        if self.event is not None:
            value["event"] = self.event
        if self.dag_id != self.event:
            value["dag"] = self.dag_id
        if self.also:
            value["also"] = True
        if self.subscription is not None:
            one = self.subscription
            value["subscription"] = {"source": one.source, "types": list(one.types), "when": one.when}
        if self.gathering is not None:
            value["gathering"] = self.gathering.written()
        return value

    @classmethod
    def read(cls, default_args: Any, dag_id: str) -> Mark | None:
        """Return a Dag's mark, or None where it has none of its own: default_args are copied between Dags."""
        value = default_args.get(KEY) if isinstance(default_args, Mapping) else None
        if not isinstance(value, Mapping) or value.get("dag", value.get("event")) != dag_id:
            return None
        said = value.get("subscription")
        subscription = (
            Subscription(said["source"], tuple(said["types"]), said["when"])
            if isinstance(said, Mapping)
            else None
        )
        return cls(
            dag_id,
            event=value.get("event"),
            also=bool(value.get("also")),
            subscription=subscription,
            gathering=Gathering.read(value.get("gathering")),
        )
