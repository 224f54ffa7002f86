"""What a task waits for, between the worker that parks it and the server that wakes it."""

from __future__ import annotations

import fnmatch
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.protocol import expression

KEY = "hookline_wait"
"""Member of the parked task's ``next_kwargs`` that holds the wait."""
RESULT = "result"
"""Member of the event a task is woken with that holds the result as JSON text."""
METHOD = "on_events"
"""The operator's method that a task with such a wait is resumed by."""
WATCHER = "hookline.triggers.webhook.WebhookEventTrigger"
"""Class path of the trigger by which an asset watches a source."""
EVENTS = "events"
"""The ``kind`` of a wait for events."""

MAX_KEY = 200
MAX_TYPE = 200
MAX_CONDITION = 4000
MAX_COUNT = 1000


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait for events of one source.

    :param since: events that were received before do not count.
    :param event_type: exact, or a pattern in which ``*`` is any text; None for every type.
    :param correlation: the source's ``correlation`` has to be this; None if it does not matter.
    :param condition: JMESPath over the event's ``data`` that has to be true.
    :param count: how many different events.
    :param within: seconds that lie between the first and the last of them at most.
    :param shared: whether other waits may have the same event; else it goes to the first.
    :param own_event: id of an event that does not count: the one that started the run.
    """

    source: str
    since: datetime
    event_type: str | None = None
    correlation: str | None = None
    condition: str | None = None
    count: int = 1
    within: float | None = None
    shared: bool = True
    own_event: str | None = None

    def __post_init__(self) -> None:
        """Check what templates may have made of the fields.

        :raises ConfigurationError: it says which cannot be meant.
        """
        _require_text("source", self.source, 100)
        _require_text("event_type", self.event_type, MAX_TYPE, optional=True)
        _require_text("correlation", self.correlation, None, optional=True)
        _require_text("condition", self.condition, MAX_CONDITION, optional=True)
        _require_text("own_event", self.own_event, None, optional=True)
        if self.condition is not None:
            expression.check(self.condition)
        if type(self.count) is not int or not 1 <= self.count <= MAX_COUNT:
            raise ConfigurationError(f"`count` is a whole number from 1 to {MAX_COUNT}.")
        if self.within is not None and (type(self.within) not in (int, float) or not self.within > 0):
            raise ConfigurationError("`within` is a time of more than 0 seconds.")
        if not isinstance(self.since, datetime) or self.since.tzinfo is None:
            raise ConfigurationError("`since` is a time with its time zone.")
        if type(self.shared) is not bool:
            raise ConfigurationError("`shared` is True or False.")

    def described(self) -> str:
        """Return it in words, for logs and messages."""
        words = [f"{self.count} events" if self.count > 1 else "an event", f"of `{self.source}`"]
        if self.event_type is not None:
            words.append(f"of the type `{self.event_type}`")
        if self.correlation is not None:
            words.append(f"with the correlation `{self.correlation}`")
        if self.condition is not None:
            words.append(f"where `{self.condition}`")
        if self.within is not None:
            words.append(f"within {self.within:g} s")
        return " ".join(words)

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON, for ``next_kwargs``."""
        return {"kind": EVENTS, **asdict(self), "since": self.since.astimezone(UTC).isoformat()}

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Wait:
        """Read what :meth:`to_json` gave.

        :raises ConfigurationError: it is none, whoever wrote it.
        """
        fields = {name: value for name, value in given.items() if name not in {"id", "kind"}}
        try:
            return cls(**{**fields, "since": datetime.fromisoformat(fields["since"])})
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(f"The task's wait cannot be read: {error}") from None


def _require_text(name: str, value: object, limit: int | None, *, optional: bool = False) -> None:
    if optional and value is None:
        return
    # A template that found nothing must not wait for everything.
    if not isinstance(value, str) or value.strip() in {"", "None"}:
        raise ConfigurationError(f"`{name}` has to be text that is not empty; it is {value!r:.100}.")
    if limit is not None and len(value) > limit:
        raise ConfigurationError(f"`{name}` has more than {limit} characters.")


def key(correlation: str) -> str:
    """Return a correlation as tables hold it: itself, or its hash if it is long or cannot be printed."""
    if len(correlation) <= MAX_KEY and correlation.isprintable():
        return correlation
    return f"sha256:{hashlib.sha256(correlation.encode('utf-8', 'surrogatepass')).hexdigest()}"


def fits(pattern: str | None, event_type: str) -> bool:
    """Tell whether an event's type is the one that is waited for."""
    if pattern is None or pattern == event_type:
        return True
    return "*" in pattern and _compiled(pattern).match(event_type) is not None


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    # `?` and `[` are themselves. fnmatch gives a pattern that never goes back over what a `*` took.
    return re.compile(fnmatch.translate(re.sub(r"([?\[])", r"[\1]", pattern)))


def is_true(condition: str | None, data: Any) -> bool:
    """Tell whether data fulfils a condition; as in JMESPath false, null and what is empty do not."""
    if condition is None:
        return True
    found = expression.search(condition, data)
    return not (found is None or found is False or found in ("", [], {}))


def chosen(times: Sequence[datetime], count: int, within: float | None) -> list[int] | None:
    """Return the places of the earliest ``count`` events that lie close enough together.

    :param times: when the events were received.
    :returns: None if there are none.
    """
    order = sorted(range(len(times)), key=times.__getitem__)
    for start in range(len(order) - count + 1):
        group = order[start : start + count]
        if within is None or times[group[-1]] - times[group[0]] <= timedelta(seconds=within):
            return group
    return None
