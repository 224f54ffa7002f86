"""An event's text as the conf of a run."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from hookline.protocol import batching

INT64_MIN, UINT64_MAX = -(2**63), 2**64 - 1
MAX_URL = 2000
_NOTE_PART = 200


class Content:
    """An event, read from its text when it is first asked for.

    :param text: the CloudEvent as JSON.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def conf(self) -> dict[str, Any] | ValueError:
        """The event for ``dag_run.conf``, or why the scheduler could not start a task with it."""
        try:
            found = json.loads(self.text, parse_int=_carried_int, parse_float=_carried_float)
        except ValueError as error:
            return error
        except RecursionError:
            return ValueError("The data is nested too deeply.")
        return found if isinstance(found, dict) else ValueError("The event is no JSON object.")

    @property
    def event(self) -> Mapping[str, Any]:
        """The event for those who look for something in it; empty if it cannot be read."""
        return {} if isinstance(self.conf, ValueError) else self.conf

    @property
    def path(self) -> str | None:
        """The path that it was received on."""
        extension = self.event.get("hookline")
        path = extension.get("path") if isinstance(extension, Mapping) else None
        return path[:MAX_URL] if isinstance(path, str) else None

    @property
    def subject(self) -> str | None:
        """What the event is about, where the sender says."""
        subject = self.event.get("subject")
        return subject if isinstance(subject, str) and subject.strip() else None

    @property
    def correlation(self) -> str | None:
        """What the source's ``correlation`` has found."""
        extension = self.event.get("hookline")
        found = extension.get("correlation") if isinstance(extension, Mapping) else None
        return found if isinstance(found, str) and found.strip() else None


def note(
    job: int, source: str, event_type: str, event_id: str, *, others: int = 0, origin: int | None = None
) -> str:
    """Return what a run's note says of the event that started it, as Markdown of at most 1,000 characters.

    :param job: running number of the job.
    :param others: how many further events the run has.
    :param origin: number of the job that is repeated.
    """
    more = f" and {others} more" if others else ""
    again = f", replay of job {origin}" if origin is not None else ""
    return (
        f"Event {_code(event_type)} of the source {_code(source)}, id {_code(event_id)}{more}: "
        f"job {job}{again}. See `airflow hookline jobs show {job}`."
    )


def _code(text: str) -> str:
    # Of a sender's text nothing may become a link or a picture.
    plain = "".join(character if character.isprintable() and character != "`" else "?" for character in text)
    return f"`{plain[:_NOTE_PART]}`"


def _carried_int(digits: str) -> int:
    number = int(digits)
    if not INT64_MIN <= number <= UINT64_MAX:
        raise ValueError("The data has a whole number beyond 64 bits; send it as text.")
    return number


def _carried_float(digits: str) -> float:
    number = float(digits)
    # PostgreSQL gives a large float back as a whole number.
    if abs(number) > UINT64_MAX:
        raise ValueError("The data has a number beyond 64 bits; send it as text.")
    return number


def of_run(run_id: str, events: Sequence[Content], *, batch: bool) -> dict[str, Any] | ValueError:
    """Return the conf of a run for these events, or why it cannot carry one of them.

    :param batch: whether the Dag takes lists; one that does not gets the last.
    """
    if not batch:
        return events[-1].conf
    confs = [event.conf for event in events]
    broken = next((conf for conf in confs if isinstance(conf, ValueError)), None)
    return broken or batching.conf(run_id, [conf for conf in confs if not isinstance(conf, ValueError)])
