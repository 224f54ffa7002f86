"""The ``[hookline] delivery_…`` options."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from hookline import config
from hookline.protocol.breaker import Rules
from hookline.protocol.redelivery import parse_schedule

STANDARD = (5.0, 300.0, 1800.0, 7200.0, 18_000.0, 36_000.0, 36_000.0)
"""https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, in seconds."""
LEASES = 4
"""Attempts at a delivery that its lease is long enough for, waiting included."""


@dataclass(frozen=True)
class Settings:
    """How deliveries are sent.

    :param schedule: seconds from each failed attempt to the next.
    :param timeout: seconds within which the answer must have come.
    :param in_flight: requests of this process at the same time.
    :param per_endpoint: requests of this process to one endpoint at the same time.
    :param most_bytes: of a message.
    :param storage: where larger ones go, a folder in object storage; empty where there is none.
    """

    schedule: tuple[float, ...] = STANDARD
    timeout: float = 15.0
    in_flight: int = 64
    per_endpoint: int = 16
    most_bytes: int = 1_048_576
    storage: str = ""
    rules: Rules = field(default_factory=Rules)

    @property
    def lease(self) -> timedelta:
        """After which another process may send what this one took."""
        return timedelta(seconds=LEASES * self.timeout)


def read() -> Settings:
    """Return the settings.

    :raises ConfigurationError: one of them cannot be meant.
    """
    return Settings(
        schedule=parse_schedule(config.get_text("delivery_schedule"), "[hookline] delivery_schedule"),
        timeout=config.get_float("delivery_timeout"),
        in_flight=config.get_int("delivery_concurrency"),
        per_endpoint=config.get_int("delivery_endpoint_concurrency"),
        most_bytes=config.get_int("delivery_max_bytes"),
        storage=config.get_text("storage_path"),
        rules=Rules(
            failures=config.get_int("delivery_breaker_failures"),
            pause=config.get_float("delivery_breaker_pause"),
            disable_after=config.get_float("delivery_disable_after"),
        ),
    )
