"""A burst of worker-free calls reads its Connection once."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from hookline.exceptions import ConfigurationError
from hookline.triggers import lane


def write(environment: pytest.MonkeyPatch, **extra: Any) -> None:
    connection = {"conn_type": "http_connector", "host": "https://api.example.com", "extra": extra}
    environment.setenv("AIRFLOW_CONN_BURST", json.dumps(connection))


def test_calls_of_the_same_time_share_one_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    write(monkeypatch, auth_type="none")

    async def burst() -> list[Any]:
        return await asyncio.gather(*(lane.aconnect("burst", None) for _ in range(20)))

    first, *others = asyncio.run(burst())
    assert all(other is first for other in others)


def test_a_connection_is_read_again_after_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lane, "READ_SECONDS", 0.0)
    write(monkeypatch, auth_type="none", timeout=1)

    async def twice() -> tuple[float, float]:
        first = await lane.aconnect("burst", None)
        write(monkeypatch, auth_type="none", timeout=2)
        return first.timeout, (await lane.aconnect("burst", None)).timeout

    assert asyncio.run(twice()) == (1, 2)


def test_a_connection_that_cannot_be_used_is_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    write(monkeypatch, auth_type="nonsense")

    async def mended() -> str:
        with pytest.raises(ConfigurationError, match="nonsense"):
            await lane.aconnect("burst", None)
        write(monkeypatch, auth_type="none")
        return (await lane.aconnect("burst", None)).auth_type

    assert asyncio.run(mended()) == "none"
