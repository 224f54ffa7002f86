"""Looking sources up: cached, rationed, and never a wrong "there is none"."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from hookline.connections import BackendUnavailable
from hookline.exceptions import ConfigurationError
from hookline.ingress import ration
from hookline.ingress import sources as room
from hookline.ingress.sources import Sources
from hookline.protocol.problem import (
    CLOSED,
    TOO_MANY_REQUESTS,
    UNAVAILABLE,
    UNKNOWN_SOURCE,
    Problem,
    Rejected,
)
from hookline.protocol.source import Source
from tests.unit.protocol.requests import source


class Backend:
    """Knows the source ``shop``; counts what it is asked, and fails or waits when told to."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.error: Exception | None = None
        self.gate = threading.Event()
        self.gate.set()
        self.known = {"shop"}

    def __call__(self, name: str) -> Source | None:
        self.asked[name] += 1
        assert self.gate.wait(20)
        if self.error is not None and name in self.known:
            raise self.error
        return source(name) if name in self.known else None


def run(test: Callable[[Sources, Backend], Coroutine[Any, Any, Any]], ttl: float = 60.0) -> Any:
    async def main() -> Any:
        backend = Backend()
        sources = Sources(backend, ttl=ttl)
        try:
            return await test(sources, backend)
        finally:
            backend.gate.set()
            sources.close()

    return asyncio.run(main())


async def problem(sources: Sources, name: str, client: str = "") -> Problem:
    with pytest.raises(Rejected) as raised:
        await sources.get(name, client)
    return raised.value.problem


async def use_up_the_ration(sources: Sources, client: str = "") -> None:
    for number in range(1000):
        if await problem(sources, f"stranger-{number}", client) is TOO_MANY_REQUESTS:
            return
    raise AssertionError("strangers are not rationed")


def test_a_source_is_asked_for_once() -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        names = [(await sources.get("shop")).name for _ in range(10)]
        assert (names, backend.asked["shop"]) == (["shop"] * 10, 1)

    run(test)


def test_requests_at_the_same_time_ask_once() -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        backend.gate.clear()
        waiting = [asyncio.create_task(sources.get("shop")) for _ in range(100)]
        await asyncio.sleep(0)
        backend.gate.set()
        assert {found.name for found in await asyncio.gather(*waiting)} == {"shop"}
        assert backend.asked["shop"] == 1

    run(test)


def test_a_request_that_gave_up_leaves_the_look_up_to_the_others() -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        backend.gate.clear()
        leaving, staying = (asyncio.create_task(sources.get("shop")) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.sleep(0)
        backend.gate.set()
        assert (await staying).name == "shop"
        assert backend.asked["shop"] == 1

    run(test)


def test_a_source_is_asked_for_again_when_its_time_is_over() -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        await sources.get("shop")
        await sources.get("shop")
        assert backend.asked["shop"] == 2

    run(test, ttl=0)


def test_that_there_is_none_is_remembered_too() -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        assert [await problem(sources, "nobody") for _ in range(10)] == [UNKNOWN_SOURCE] * 10
        assert backend.asked["nobody"] == 1

    run(test)


@pytest.mark.parametrize("name", ["", "Shop", "a.b", "../etc", "a" * 101, "é"])
def test_what_cannot_be_a_name_is_not_asked_for(name: str) -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        assert await problem(sources, name) is UNKNOWN_SOURCE
        assert not backend.asked

    run(test)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ConfigurationError("`auth_type` is missing"), CLOSED),
        (BackendUnavailable("Vault is sealed"), UNAVAILABLE),
    ],
    ids=["misconfigured", "backend down"],
)
def test_a_source_that_cannot_be_used_is_not_unknown(error: Exception, expected: Problem) -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        backend.error = error
        with pytest.raises(Rejected) as raised:
            await sources.get("shop")
        assert raised.value.problem is expected
        assert raised.value.reason == str(error)
        assert str(error) not in str(raised.value.body())
        assert "Retry-After" in raised.value.headers

    run(test)


def test_a_backend_that_hangs_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "LOAD_SECONDS", 0.05)

    async def test(sources: Sources, backend: Backend) -> None:
        backend.gate.clear()
        assert await problem(sources, "shop") is UNAVAILABLE
        backend.gate.set()
        monkeypatch.setattr(room, "LOAD_SECONDS", 10)
        assert (await sources.get("shop")).name == "shop"
        assert backend.asked["shop"] == 1

    run(test)


def test_strangers_names_are_rationed() -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        await use_up_the_ration(sources)
        assert len(backend.asked) <= 2 * ration.EACH.turns

    run(test)


def test_a_flood_from_one_address_leaves_the_others_their_own_ration() -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        await use_up_the_ration(sources, "192.0.2.1")
        assert (await sources.get("shop", "192.0.2.2")).name == "shop"

    run(test)


def test_an_ipv6_network_has_one_ration() -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        await use_up_the_ration(sources, "2001:db8::1")
        assert await problem(sources, "shop", "2001:db8::2") is TOO_MANY_REQUESTS
        assert (await sources.get("shop", "2001:db8:0:1::1")).name == "shop"

    run(test)


def test_all_addresses_together_are_rationed_and_remembered_within_bounds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ration, "MOST_CLIENTS", 20)

    async def test(sources: Sources, backend: Backend) -> None:
        for number in range(500):
            await problem(sources, f"stranger-{number}", f"192.0.{number // 256}.{number % 256}")
        assert len(backend.asked) <= 2 * ration.ALL.turns
        assert len(sources._ration._each) <= 20

    run(test)


def test_strangers_do_not_block_a_source_that_was_found_before() -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        await sources.get("shop")
        await use_up_the_ration(sources)
        assert (await sources.get("shop")).name == "shop"
        assert backend.asked["shop"] == 2

    run(test, ttl=0)


@pytest.mark.parametrize(
    "error",
    [ConfigurationError("misspelt"), BackendUnavailable("sealed")],
    ids=["misconfigured", "backend down"],
)
def test_strangers_do_not_block_a_source_whose_trouble_is_over(error: Exception) -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        await sources.get("shop")
        backend.error = error
        await problem(sources, "shop")
        backend.error = None
        await use_up_the_ration(sources)
        assert (await sources.get("shop")).name == "shop"

    run(test, ttl=0)


def test_strangers_do_not_block_a_source_that_they_pushed_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MAX_CACHED", 5)

    async def test(sources: Sources, backend: Backend) -> None:
        await sources.get("shop")
        await use_up_the_ration(sources)
        assert len(sources._entries) <= 5
        assert (await sources.get("shop")).name == "shop"
        assert backend.asked["shop"] == 2

    run(test)


def test_a_source_that_was_deleted_is_a_stranger_again() -> None:
    async def test(sources: Sources, backend: Backend) -> None:
        await sources.get("shop")
        backend.known.clear()
        assert await problem(sources, "shop") is UNKNOWN_SOURCE
        await use_up_the_ration(sources)
        assert await problem(sources, "shop") is TOO_MANY_REQUESTS

    run(test, ttl=0)
