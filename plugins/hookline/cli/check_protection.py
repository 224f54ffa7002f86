"""Doctor's look at what stands before the sources: proxies, rates, and where they are counted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from hookline import config
from hookline.cli.finding import Finding, fail, ok, warn
from hookline.connections import BackendUnavailable
from hookline.exceptions import ConfigurationError
from hookline.ingress.connections import listed, load
from hookline.ingress.rates import Rates
from hookline.protocol import guard, networks
from hookline.protocol.guard import Guard

PROXIES = "[hookline] trusted_proxies"
CLIENTS = "[hookline] client_rate_limit"
STORAGE = "[hookline] rate_limit_storage"


def findings() -> Iterator[Finding]:
    """Yield what the settings and the sources together mean."""
    guards = list(_guards())
    limited = any(one.rates for one in guards)
    clients = config.get_text("client_rate_limit")
    if clients:
        try:
            guard.rates(clients, CLIENTS)
        except ConfigurationError as error:
            yield fail(CLIENTS, str(error), "Change or remove it.")
        limited = True
    try:
        trusted = networks.proxies(config.get_text("trusted_proxies"), PROXIES)
    except ConfigurationError as error:
        yield fail(PROXIES, str(error), "Change or remove it.")
    else:
        if not trusted and (clients or any(one.networks for one in guards)):
            yield warn(
                PROXIES,
                "none, and addresses decide: behind a proxy all senders have the proxy's",
                "Name the proxy, if there is one.",
            )
    if limited:
        yield _storage()


def _storage() -> Finding:
    url = config.get_text("rate_limit_storage")
    if not url:
        return warn(
            STORAGE,
            "none: each process counts for itself, so that N processes let N times the rate through",
            "Name a Redis, if there are several processes and the number matters.",
        )
    try:
        reached = asyncio.run(_reached(url))
    except ConfigurationError as error:
        return fail(STORAGE, str(error), "Change or remove it.")
    if reached:
        return ok(STORAGE, "reached: all processes count together")
    return warn(STORAGE, "away: each process counts for itself until it is back", "Look after the Redis.")


async def _reached(url: str) -> bool:
    rates = Rates(url)
    try:
        return await rates.reached()
    finally:
        await rates.close()


def _guards() -> Iterator[Guard]:
    for name in listed():
        try:
            source = load(name)
        except (ConfigurationError, BackendUnavailable):
            continue  # the look at the sources tells
        if source is not None and source.guard is not None:
            yield source.guard
