"""What a Dag says of its step webhooks: one versioned object in its ``default_args``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.steps import definition
from hookline.steps.definition import StepWebhook, Unusable

KEY = "hookline.step_webhooks"
"""In the Dag's ``default_args``; no operator's parameter can have this name, so it reaches none."""
TAG = "step-webhooks"
"""The Dag's tag, by which the server finds it."""
VERSION = 1
MARK = " ↗"
"""Behind the name of a step that has a webhook, in Grid and Graph."""


@dataclass(frozen=True)
class Declared:
    """The step webhooks of one Dag version.

    :param steps: by task id.
    :param run: about the run.
    """

    steps: Mapping[str, tuple[StepWebhook | Unusable, ...]] = field(default_factory=dict)
    run: tuple[StepWebhook | Unusable, ...] = ()

    @property
    def all(self) -> Mapping[str, StepWebhook | Unusable]:
        """All of them by name."""
        found = [one for webhooks in self.steps.values() for one in webhooks]
        return {one.name: one for one in (*found, *self.run)}


def read(default_args: Mapping[str, Any] | None) -> Declared:
    """Read the object.

    :raises ConfigurationError: a newer Hookline, or somebody by hand, has written it.
    """
    written = (default_args or {}).get(KEY)
    if written is None:
        return Declared()
    if not isinstance(written, Mapping) or written.get("version") != VERSION:
        raise ConfigurationError(f"`{KEY}` is not of version {VERSION}; update Hookline on the server")
    try:
        known = {name: definition.stored(name, one) for name, one in written["webhooks"].items()}
        steps = {task: tuple(known[name] for name in names) for task, names in written["steps"].items()}
        return Declared(steps, tuple(known[name] for name in written["run"]))
    except (KeyError, TypeError, AttributeError):
        raise ConfigurationError(f"`{KEY}` cannot be read; declare it with step_webhooks") from None
