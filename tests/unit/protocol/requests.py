"""Inbound requests for the tests of this room."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from hookline.protocol.message import Headers, Message
from hookline.protocol.source import Source, parse

ARRIVAL = datetime(2026, 9, 21, 14, 13, 20, 123456, tzinfo=UTC)


def message(
    body: bytes = b"{}",
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    *,
    event_path: str = "",
    query: str = "",
    url: str = "http://airflow.example/hooks/in/shop",
    received_at: datetime = ARRIVAL,
    method: str = "POST",
) -> Message:
    fields = headers.items() if isinstance(headers, Mapping) else headers
    return Message(
        method=method,
        url=url,
        event_path=event_path,
        query_string=query,
        headers=Headers((name.encode("latin-1"), value.encode("utf-8")) for name, value in fields),
        content=body,
        received_at=received_at,
    )


def source(name: str = "shop", login: str | None = None, password: str | None = None, **extra: Any) -> Source:
    return parse(name, login, password, {"auth_type": "none", **extra})
