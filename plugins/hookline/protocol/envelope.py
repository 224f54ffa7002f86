"""The event as Dags see it: a CloudEvents 1.0 JSON object.

Source: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from hookline.protocol.message import Message

_SECRET = re.compile(
    r"authorization|cookie|secret|password|passwd|token|(api|access|private|auth)[_-]?key|signature|credential"
    r"|jwt|assertion|session|(?<![a-z])(auth|sig|hmac)(?![a-z])",
    re.IGNORECASE,
)
MAX_PATH = 2000
MAX_NAME = 200
"""Characters; a header or parameter with a longer name is left out."""
# All zeros is no identifier, and version ff is none (section 3.2.2).
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}\Z")


def envelope(
    message: Message,
    *,
    source: str,
    event_id: str,
    event_type: str,
    hidden: frozenset[str],
    hidden_query: frozenset[str] = frozenset(),
    attributes: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Return the CloudEvent of a verified message, but for its ``data``.

    :param hidden: lower-case names of headers that this source's scheme reads: they do not travel on.
    :param hidden_query: names of query parameters that it reads.
    :param attributes: of the CloudEvent that the sender sent: ``time`` and ``subject`` are taken over.
    :returns: ``specversion``, ``id``, ``source``, ``type``, ``time``, ``datacontenttype`` and
        ``hookline`` with the ``path`` it was received on, ``headers`` and ``query`` without secrets,
        ``traceparent`` where the sender gave a valid one (https://www.w3.org/TR/trace-context/), and these
        attributes as ``cloudevent``.
    """
    extension: dict[str, Any] = {
        "path": "/".join(filter(None, ("/hooks/in", source, message.event_path)))[:MAX_PATH],
        "headers": public_fields(message, hidden),
        "query": public_query(message, hidden_query),
    }
    traceparent = message.headers.get("traceparent")
    if traceparent and _TRACEPARENT.match(traceparent):
        extension["traceparent"] = traceparent
    head = {
        "specversion": "1.0",
        "id": event_id,
        "source": source,
        "type": event_type,
        "time": message.received_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "hookline": extension,
    }
    if attributes is not None:
        head |= {name: attributes[name] for name in ("time", "subject") if name in attributes}
        extension["cloudevent"] = {name: value for name, value in attributes.items() if not _is_secret(name)}
    return head


def public_fields(message: Message, hidden: frozenset[str]) -> dict[str, str]:
    """Return the header fields without those in ``hidden`` and those whose names say that they are secret."""
    return {
        name: value for name, value in message.headers.items() if name not in hidden and not _is_secret(name)
    }


def public_query(message: Message, hidden: frozenset[str] = frozenset()) -> dict[str, str]:
    """Return the query parameters whose names do not say that they are secret; of repeated ones the last.

    :param hidden: names of those that carry the proof.
    """
    return {name: value for name, value in message.query if name not in hidden and not _is_secret(name)}


def _is_secret(name: str) -> bool:
    return len(name) > MAX_NAME or _judge(name)


@lru_cache(maxsize=1024)
def _judge(name: str) -> bool:
    # Senders use the same few names in every request.
    return _SECRET.search(name) is not None
