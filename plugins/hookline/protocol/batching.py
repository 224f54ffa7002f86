"""Several events as one: the conf of a run that takes a batch.

It is a CloudEvent whose ``data`` is the list of events, each as it would have been alone
(https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md, section 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

CONTENT_TYPE = "application/cloudevents-batch+json"


def conf(run_id: str, events: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the batch of these events, the first to arrive first; source and type are the first's."""
    first, last = events[0], events[-1]
    return {
        "specversion": "1.0",
        "id": run_id,
        "source": first.get("source"),
        "type": first.get("type"),
        "time": last.get("time"),
        "datacontenttype": CONTENT_TYPE,
        "data": list(events),
        "hookline": {"events": len(events)},
    }


def schema(of_data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the JSON Schema of a batch's ``data``.

    :param of_data: that of one event's data.
    """
    event = {"type": "object", "required": ["data"], "properties": {"data": dict(of_data)}}
    return {"type": "array", "minItems": 1, "items": event}


def schema_of_data(batch: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what :func:`schema` was given."""
    found: Mapping[str, Any] = batch["items"]["properties"]["data"]
    return found


def sample(of_data: Any) -> list[dict[str, Any]]:
    """Return a batch of one event, for the Trigger form."""
    return [{"data": of_data}]
