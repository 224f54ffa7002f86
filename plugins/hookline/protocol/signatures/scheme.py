"""What every authentication scheme of a source has in common."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from hookline.exceptions import ConfigurationError
from hookline.protocol.locator import Locator
from hookline.protocol.message import Message

PATH = Locator("path")
_FIELD_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+\Z")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a source and its senders share.

    :param login: user name of Basic authentication.
    :param secrets: the current secret and, during rotation, the previous one; never empty strings.
    """

    login: str = ""
    secrets: tuple[str, ...] = field(default=(), repr=False)
    encoded: tuple[bytes, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Encode the secrets once, as UTF-8."""
        encoded = tuple(secret.encode("utf-8", "surrogatepass") for secret in self.secrets)
        object.__setattr__(self, "encoded", encoded)


class Verifier(Protocol):
    """One source's scheme with its options and credentials read."""

    @property
    def reads(self) -> frozenset[str]:
        """Lower-case names of the headers that carry the proof; they do not travel on."""

    @property
    def covers_query(self) -> bool:
        """Whether the proof is worthless with another query string."""

    def verify(self, message: Message) -> None:
        """Accept the message or refuse it.

        :raises Rejected: with the problem ``unauthenticated``.
        """

    def sign(self, message: Message) -> Mapping[str, str]:
        """Return the header fields that make this verifier accept the message."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """An ``auth_type``.

    :param name: as written in the Connection.
    :param build: makes the verifier from credentials and the Connection's extras; raises
        ConfigurationError when they do not suffice.
    :param options: extras that only this scheme reads.
    :param needs_secret: whether a Connection without a password is an error.
    :param event_type: where senders of this scheme say the type, unless the Connection says otherwise.
    :param event_id: where they give the delivery id, or None.
    :param handshakes: event types that are answered without a Dag run.
    """

    name: str
    build: Callable[[Credentials, Mapping[str, Any]], Verifier]
    options: frozenset[str] = frozenset()
    needs_secret: bool = True
    event_type: Locator = PATH
    event_id: Locator | None = None
    handshakes: frozenset[str] = frozenset()


def any_equal(presented: bytes, expected: tuple[bytes, ...]) -> bool:
    """Tell whether ``presented`` is one of ``expected``, in time that depends on neither.

    Both sides are hashed first, so that their lengths do not show either.
    """
    digest = hashlib.sha256(presented).digest()
    found = False
    for candidate in expected:
        found |= hmac.compare_digest(digest, hashlib.sha256(candidate).digest())
    return found


def text_option(extra: Mapping[str, Any], name: str, default: str) -> str:
    """Return a textual extra.

    :raises ConfigurationError: it is there but is not text.
    """
    value = extra.get(name)
    if value is None or value == "":
        return default
    if not isinstance(value, str):
        raise ConfigurationError(f"`{name}` must be text.")
    return value


def header_option(extra: Mapping[str, Any], name: str, default: str) -> str:
    """Return an extra that names a header field.

    :raises ConfigurationError: no field can have this name (RFC 9110, section 5.1), so nothing would match.
    """
    value = text_option(extra, name, default)
    if value and not _FIELD_NAME.match(value):
        raise ConfigurationError(f"`{name}` must be the name of a header, such as `X-Signature`.")
    return value
