"""How a sender is told where to send: steps for people, one JSON file beside the module of each scheme."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from hookline.protocol.signatures.registry import SCHEMES


@dataclass(frozen=True, slots=True)
class SetUp:
    """What to do at the sender.

    :param title: who that is.
    :param documentation: its own page about it.
    :param steps: which page to open, what to enter there, where the secret is shown.
    :param example: data of an event of the least size, where a type alone makes none.
    """

    title: str
    documentation: str
    steps: tuple[str, ...]
    example: Any = None


def of(auth_type: str) -> SetUp:
    """Return how the senders of a scheme are set up.

    :raises KeyError: there is no such scheme.
    """
    said = json.loads(SCHEMES.file(auth_type).with_suffix(".json").read_text(encoding="utf-8"))
    return SetUp(**{**said, "steps": tuple(said["steps"])})
