"""Counts and times, through Airflow's own statistics.

A process adds up for a second before it reports: a metric for each request would cost more than the request.
Where ``[metrics]`` is off nothing is added up. Their names stand in ``docs/reference/metrics.md``.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from datetime import timedelta

import structlog
from airflow.observability import stats

log = structlog.get_logger(__name__)

PAUSE = 1.0
TIMES = 100
"""Timings that are reported of each name and second: a sample is enough."""
KINDS = 2000
"""Different counts between two reports; more would be somebody's invention."""

SWITCHES = ("statsd_on", "statsd_datadog_enabled", "otel_on")

Key = tuple[str, str]


def enabled() -> bool:
    """Tell whether ``[metrics]`` sends anywhere."""
    from airflow.configuration import conf

    return any(conf.getboolean("metrics", option) for option in SWITCHES)


def initialize() -> None:
    """Set Airflow's statistics up, in a process where none of Airflow's own components has."""
    from airflow.configuration import conf
    from airflow.observability.metrics import stats_utils

    stats.initialize(
        factory=stats_utils.get_stats_factory(),
        export_legacy_names=conf.getboolean("metrics", "legacy_names_on"),
    )


class Meter:
    """Adds up and reports; its methods may be called from any thread."""

    def __init__(self) -> None:
        self.on = False
        """Whether anything is added up."""
        self._lock = threading.Lock()
        self._counts: Counter[Key] = Counter()
        self._times: dict[str, list[float]] = {}

    def count(self, name: str, source: str = "", number: int = 1) -> None:
        """Add to a counter.

        :param source: tag; empty for none.
        """
        if not self.on:
            return
        with self._lock:
            if (name, source) in self._counts or len(self._counts) < KINDS:
                self._counts[name, source] += number

    def time(self, name: str, seconds: float) -> None:
        """Add a duration."""
        if not self.on:
            return
        with self._lock:
            times = self._times.setdefault(name, [])
            if len(times) < TIMES:
                times.append(seconds)

    async def run(self) -> None:
        """Report until cancelled, and once more then."""
        try:
            while True:
                await asyncio.sleep(PAUSE)
                self.report()
        finally:
            self.report()

    def report(self) -> None:
        """Report what was added up."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
            times, self._times = self._times, {}
        try:
            for (name, source), number in counts.items():
                stats.incr(name, number, tags={"source": source} if source else None)
            for name, several in times.items():
                for seconds in several:
                    stats.timing(name, timedelta(seconds=seconds))
        except Exception as error:  # noqa: BLE001  whatever a client raises, receiving goes on
            log.warning("metrics not sent", error=type(error).__name__)


meter = Meter()
"""The process's own, as Airflow's statistics are."""


def start() -> list[asyncio.Task[None]]:
    """Begin to report, where ``[metrics]`` says so; on the event loop.

    :returns: what runs until it is cancelled.
    """
    meter.on = enabled()
    return [asyncio.create_task(meter.run(), name="metrics")] if meter.on else []
