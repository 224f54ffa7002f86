"""The triggerer's lane: a call carried out by httpx on the event loop."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakKeyDictionary

from airflow.sdk import BaseHook

from hookline.exceptions import ConfigurationError
from hookline.hooks import token
from hookline.hooks.lane import log_line, throttle_folder, warn
from hookline.hooks.target import of_connection, of_url
from hookline.http import throttle
from hookline.http.async_transport import AsyncTransport

if TYPE_CHECKING:
    from hookline.http.flow import Renew, Reserve, Send, Wait
    from hookline.http.response import Received
    from hookline.http.target import Target
    from hookline.triggers.once import Once

READ_SECONDS = 5.0
"""How long a Connection that was read is used without reading it again."""

_running: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, asyncio.Semaphore]] = WeakKeyDictionary()


@dataclass
class _Known:
    """A Connection that was read, or is being read for whoever asks meanwhile."""

    target: asyncio.Future[Target]
    until: float = field(default_factory=lambda: time.monotonic() + READ_SECONDS)


# Each reading is a request to Airflow; a burst of calls asks once.
_known: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, _Known]] = WeakKeyDictionary()


async def aconnect(http_conn_id: str | None, url: str | None) -> Target:
    """Return the target of a Connection, or of ``url`` where there is none.

    :raises ConfigurationError: neither, or the Connection cannot be used as it is.
    """
    if http_conn_id is None:
        if url is None:
            raise ConfigurationError("neither http_conn_id nor url is given; one of them says where to call")
        return of_url(url)
    of_loop = _known.setdefault(asyncio.get_running_loop(), {})
    known = of_loop.get(http_conn_id)
    if known is None or known.until <= time.monotonic():
        known = of_loop[http_conn_id] = _Known(asyncio.ensure_future(_read(http_conn_id)))
    try:
        return await asyncio.shield(known.target)
    except Exception:
        known.until = 0.0
        raise


async def _read(http_conn_id: str) -> Target:
    target = of_connection(http_conn_id, await BaseHook.aget_connection(http_conn_id))
    if target.auth_type == "oauth2" and (ready := await token.aready(http_conn_id)):
        target = replace(target, access_token=ready.value)
    return target


class TriggerLane:
    """Carries out the steps of one call; at most ``max_concurrent_calls`` of a Connection send at a time."""

    def __init__(self, http_conn_id: str | None, target: Target, log: Any, once: Once) -> None:
        self._name = http_conn_id or str(target.origin)
        self._target = target
        self._log = log
        self._once = once
        self._transport = AsyncTransport()
        warn(log, self._name, target)

    async def __aenter__(self) -> Self:
        await self._transport.__aenter__()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._transport.__aexit__(*exception)

    async def send(self, step: Send) -> Received:
        """Send the request and log one line."""
        async with _turns(self._name, step.target.max_concurrent_calls):
            await self._once.before_sending()
            started = time.monotonic()
            received = await self._transport.send(step.request, step.target, step.save)
        log_line(self._log, step, received, time.monotonic() - started)
        return received

    async def reserve(self, step: Reserve) -> float:
        """Take a turn among all processes of this machine."""
        return await asyncio.to_thread(throttle.reserve, self._name, step.rate, folder=throttle_folder())

    async def renew(self, step: Renew) -> Target:
        """Wait for the server to get another token."""
        renewed = await token.afresh(self._name, step.rejected)
        _known.get(asyncio.get_running_loop(), {}).pop(self._name, None)  # it has the rejected token
        return replace(self._target, access_token=renewed.value)

    async def wait(self, step: Wait) -> None:
        """Let the time pass; nobody is kept from working."""
        self._log.info("%s; goes on in %.1f s", step.reason, step.seconds)
        await asyncio.sleep(step.seconds)


def _turns(name: str, size: int) -> asyncio.Semaphore:
    of_loop = _running.setdefault(asyncio.get_running_loop(), {})
    key = f"{name} {size}"
    if key not in of_loop:
        of_loop[key] = asyncio.Semaphore(size)
    return of_loop[key]
