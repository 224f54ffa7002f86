"""What the observer hands over: one message for one receiver."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.http import auth, headers, url

METHODS = ("POST", "PUT", "PATCH")
OWN_HEADERS = "webhook-"
KEY_CHARS = 250
MOST_BYTES = 32 * 1024 * 1024
"""Of any message, also one that goes as a reference."""
_ID = re.compile(r"msg_[A-Za-z0-9_-]{8,60}")
_PATH = re.compile(r"/[\x21-\x7e]{0,2000}")


@dataclass(frozen=True)
class Endpoint:
    """Where messages go. What differs in ``headers`` and ``auth`` alone is the same endpoint.

    :param conn_id: Connection of type ``http_connector``; it has the address and the authentication.
    :param url: the address where there is no Connection, and so no authentication.
    :param path: below the Connection's address; begins with a slash.
    :param auth: the ``auth_type`` that the Connection must have; None for whichever it has.
    :param ordered: one after the other, in the order in which they were added.
    :raises ConfigurationError: it cannot be used as it is; the message says what to change.
    """

    conn_id: str | None = None
    url: str | None = None
    path: str = ""
    method: str = "POST"
    auth: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    ordered: bool = False

    def __post_init__(self) -> None:
        if bool(self.conn_id) == bool(self.url):
            raise ConfigurationError("an endpoint needs either conn_id or url")
        if self.url:
            url.split(self.url, "url")
            if self.path or self.auth not in (None, "none"):
                raise ConfigurationError("path and auth go with conn_id; a url alone has no authentication")
        if self.path and not _PATH.fullmatch(self.path):
            raise ConfigurationError("path must begin with / and hold visible ASCII only")
        url.below("", self.path)
        if self.method not in METHODS:
            raise ConfigurationError(f"method is {self.method!r}; it must be one of {', '.join(METHODS)}")
        if self.auth is not None and self.auth not in auth.SCHEMES:
            raise ConfigurationError(f"auth is {self.auth!r}; it must be one of {', '.join(auth.SCHEMES)}")
        for name in headers.checked(self.headers):
            if name.lower().startswith(OWN_HEADERS):
                raise ConfigurationError(f"headers: {name} is written by Hookline itself; leave it out")

    @property
    def key(self) -> str:
        """What the endpoint is called, without the query of its address: at most 250 characters."""
        whole = f"{self.conn_id} {self.path or '/'}" if self.conn_id else str(self.url)
        shown = whole.partition("?")[0]
        order = " (in order)" if self.ordered else ""
        if shown != whole or len(shown) + len(order) > KEY_CHARS:
            digest = hashlib.sha256(whole.encode()).hexdigest()[:12]
            shown = f"{shown[: KEY_CHARS - 30]} #{digest}"
        return shown + order

    def as_json(self) -> dict[str, Any]:
        """Return the fields, for JSON; ``Endpoint(**fields)`` reads them."""
        return asdict(self) | {"headers": dict(self.headers)}


@dataclass(frozen=True)
class Outgoing:
    """One message; sent until it has arrived or until the schedule ends.

    :param delivery_id: what the receiver tells repetitions by; ``msg_`` and letters, digits, ``_``, ``-``.
    :param webhook: name of the definition.
    :param endpoint: None where there is a ``problem``.
    :param task_id: None where the message is about the run.
    :param transition: what happened, e.g. ``completed``; at most 40 characters.
    :param payload: the JSON object that is sent.
    :param size: bytes that it takes, at least; what is known of it.
    :param problem: why it could not be made; it is kept then and not sent, and ``payload`` is what it was
        to be made from.
    :raises ConfigurationError: the id cannot be one.
    """

    delivery_id: str
    webhook: str
    endpoint: Endpoint | None
    dag_id: str
    run_id: str
    task_id: str | None
    map_index: int
    try_number: int
    transition: str
    occurred_at: datetime
    payload: Mapping[str, Any]
    size: int = 0
    problem: str = ""

    def __post_init__(self) -> None:
        if not _ID.fullmatch(self.delivery_id):
            raise ConfigurationError(
                f"{self.delivery_id!r} is no delivery id; it is msg_ and 8 to 60 letters"
            )
