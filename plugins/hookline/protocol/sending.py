"""What the sender of a source would send: for trying a source out with its own secret."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime

from hookline.protocol.message import Headers, Message
from hookline.protocol.source import Source


def signed(
    source: Source,
    url: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    path: str,
    delivery_id: str | None = None,
) -> dict[str, str]:
    """Return the headers of a request to a source: those given, its delivery id, and the proof.

    :param url: of the request.
    :param headers: beside those.
    :param path: what follows the source's name in it.
    :param delivery_id: a new one by default.
    :raises ConfigurationError: only the vendor can sign.
    """
    fields = dict(headers)
    if source.event_id is not None and source.event_id.kind == "header":
        fields[source.event_id.argument] = delivery_id or str(uuid.uuid4())
    message = Message(
        method="POST",
        url=url,
        event_path=path.strip("/"),
        query_string="",
        headers=Headers((name.encode("latin-1"), value.encode("latin-1")) for name, value in fields.items()),
        content=body,
        received_at=datetime.now(UTC),
    )
    return fields | dict(source.verifier.sign(message))


def difference() -> bytes:
    """Return white space that makes one JSON text differ from the same one before.

    It changes no JSON, but what is signed: the same sample again is no replay of the first.
    """
    return bytes(secrets.choice(b" \t") for _ in range(64))
