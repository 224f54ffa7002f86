"""When events become a run that do not become one each at once: pure decisions over who waits.

The decisions depend on when events arrived, not on when somebody looks: a dispatcher that was away for an
hour makes the runs that one which was there would have made.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.protocol import expression
from hookline.protocol.subscription import check_expression

BATCH, DEBOUNCE, ORDER = "batch", "debounce", "order"
MAX_BATCH = 1000
MAX_DEBOUNCED = 100_000
"""Events of one key of which one run takes the place."""
MAX_BATCH_BYTES = 2**20
"""Bytes of the events of one run: Airflow hands a run's conf to every task."""
MAX_SECONDS = 7 * 86_400.0
PATIENCE = 10
"""A key that never is quiet runs after so many times the quiet time, if the author does not say when."""
MAX_KEY = 200


@dataclass(frozen=True, slots=True)
class Gathering:
    """How the events of a Dag are gathered.

    :param how: ``batch``, ``debounce`` or ``order``.
    :param size: most events of a batch.
    :param seconds: how long a batch stays open; how long a key has to be quiet.
    :param limit: seconds after which a key runs that never is quiet.
    :param key: JMESPath over the event: events with the same key are gathered together.
    """

    how: str
    size: int = 1
    seconds: float = 0.0
    limit: float = 0.0
    key: str | None = None

    @property
    def is_batch(self) -> bool:
        """Whether runs take lists of events."""
        return self.how == BATCH

    def written(self) -> dict[str, Any]:
        """Return what :meth:`read` takes, as JSON."""
        return asdict(self)

    @classmethod
    def read(cls, value: Any) -> Gathering | None:
        """Read what :meth:`written` gave; None where there is nothing."""
        return cls(**value) if isinstance(value, Mapping) else None

    def key_of(self, event: Mapping[str, Any]) -> str | None:
        """Return by what an event is gathered; None if it goes alone.

        An event without the key has no earlier one that it could replace; in order, those without are a
        queue of their own.
        """
        if self.key is None:
            return ""
        found = expression.search(self.key, event)
        if found is None:
            return None if self.how == DEBOUNCE else ""
        text = found if isinstance(found, str) else json.dumps(found, sort_keys=True)
        if len(text) > MAX_KEY or not text.isprintable():
            return f"sha256-{hashlib.sha256(text.encode('utf-8', 'surrogatepass')).hexdigest()}"
        return text


@dataclass(frozen=True, slots=True)
class Waiting:
    """One who waits.

    :param size: bytes of the event.
    """

    number: int
    arrived: datetime
    size: int = 0


def declared(
    *,
    batch: int | None = None,
    within: timedelta | None = None,
    debounce: timedelta | None = None,
    order: str | None = None,
    key: str | None = None,
) -> Gathering | None:
    """Check what an author wrote.

    :raises ConfigurationError: the options do not go together, or one is out of range.
    """
    chosen = [
        name for name, value in ((BATCH, batch), (DEBOUNCE, debounce), (ORDER, order)) if value is not None
    ]
    if len(chosen) > 1:
        raise ConfigurationError(
            f"{' and '.join(chosen)} do not go together; write two Dags, or one of them."
        )
    if key is not None:
        check_expression("key", key)
    if batch is not None:
        return _batch(batch, within, key)
    if debounce is not None:
        return _debounce(debounce, within, key)
    if within is not None or (key is not None and order is None):
        raise ConfigurationError(f"{'within' if within is not None else 'key'} needs batch=… or debounce=….")
    if order is None:
        return None
    if key is not None:
        raise ConfigurationError("order is the key itself: order='subject', or another JMESPath.")
    check_expression("order", order)
    return Gathering(ORDER, key=order)


def _batch(size: Any, within: timedelta | None, key: str | None) -> Gathering:
    if isinstance(size, bool) or not isinstance(size, int) or not 2 <= size <= MAX_BATCH:
        raise ConfigurationError(f"batch={size!r}: a batch has 2 to {MAX_BATCH} events.")
    if within is None:
        raise ConfigurationError(
            "batch needs within=timedelta(…): how long the first event of a batch waits for others."
        )
    return Gathering(BATCH, size=size, seconds=_seconds("within", within), key=key)


def _debounce(quiet: Any, within: timedelta | None, key: str | None) -> Gathering:
    seconds = _seconds("debounce", quiet)
    limit = PATIENCE * seconds if within is None else _seconds("within", within)
    if limit < seconds:
        raise ConfigurationError("within is the longest wait; it cannot be shorter than debounce.")
    return Gathering(DEBOUNCE, seconds=seconds, limit=limit, key=key)


def ready(how: Gathering, waiting: Sequence[Waiting], now: datetime) -> list[tuple[Waiting, ...]]:
    """Return the groups that go out now, each as one run.

    :param waiting: those of one key, the first to arrive first. In order, whose turn it is: the first alone.
    """
    if how.how == ORDER:
        return [tuple(waiting[:1])] if waiting else []
    groups: list[list[Waiting]] = []
    for one in waiting:
        if groups and _joins(how, groups[-1], one):
            groups[-1].append(one)
        else:
            groups.append([one])
    if groups and not _closed(how, groups[-1], now):
        groups.pop()
    return [tuple(group) for group in groups]


def closes(how: Gathering, group: Sequence[Waiting]) -> datetime:
    """Return when a batch, or a quiet time, is over if nobody else comes."""
    of_first = group[0].arrived + timedelta(seconds=how.seconds if how.how == BATCH else how.limit)
    return of_first if how.how == BATCH else min(of_first, group[-1].arrived + timedelta(seconds=how.seconds))


def _joins(how: Gathering, group: list[Waiting], one: Waiting) -> bool:
    if how.how == BATCH:
        fits = len(group) < how.size and sum(each.size for each in group) + one.size <= MAX_BATCH_BYTES
        return fits and _since(group[0], one.arrived) <= how.seconds
    return _since(group[-1], one.arrived) < how.seconds and _since(group[0], one.arrived) < how.limit


def _closed(how: Gathering, group: list[Waiting], now: datetime) -> bool:
    if how.how == BATCH:
        return len(group) >= how.size or _since(group[0], now) >= how.seconds
    return _since(group[-1], now) >= how.seconds or _since(group[0], now) >= how.limit


def _since(one: Waiting, moment: datetime) -> float:
    return (moment - one.arrived).total_seconds()


def _seconds(option: str, value: Any) -> float:
    if not isinstance(value, timedelta) or not 0 < value.total_seconds() <= MAX_SECONDS:
        raise ConfigurationError(
            f"{option}={value!r}: write a timedelta of more than nothing, at most 7 days."
        )
    return value.total_seconds()
