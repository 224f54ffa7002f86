"""How senders make sure, before or between events, that the receiver is the one that was meant."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hookline.protocol import strict_json
from hookline.protocol.message import Message

MAX_CHALLENGE = 2048
"""Characters of a sender's text that are sent back."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the sender expects to read; the server adds what keeps a browser from running it."""

    body: str = ""
    media_type: str = "text/plain; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Handshake:
    """A kind of request that is answered and never becomes an event.

    :param answer: from the request and the secrets to the reply, or None when it is no handshake;
        raises Rejected when it is one that does not know the secret.
    :param signed: whether the sender signs it; it is verified before it is answered then.
    :param methods: what it may use beside the source's own methods.
    :param secret_option: extra with the secret it is checked with, if that is not the Connection's password.
    """

    answer: Callable[[Message, tuple[bytes, ...]], Reply | None]
    signed: bool = True
    methods: frozenset[str] = frozenset()
    secret_option: str = ""


def reflected(text: str | None) -> str | None:
    """Return a challenge that may be sent back: printable and not too long, else None."""
    if not text or len(text) > MAX_CHALLENGE or not text.isprintable():
        return None
    return text


def single(message: Message, name: str) -> str | None:
    """Return the query parameter of this name, or None when it is absent or repeated."""
    found = [value for parameter, value in message.query if parameter == name]
    return found[0] if len(found) == 1 else None


def json_object(message: Message) -> Mapping[str, Any]:
    """Return the body if it is a JSON object, else an empty one."""
    try:
        value = strict_json.loads(message.body)
    except strict_json.NotJson:
        return {}
    return value if isinstance(value, dict) else {}


def json_reply(body: Mapping[str, Any]) -> Reply:
    """Return a reply in JSON."""
    return Reply(json.dumps(body), "application/json")
