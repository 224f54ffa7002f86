"""What every authentication scheme of a source has in common."""

from __future__ import annotations

import hashlib
import hmac
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from hookline.exceptions import ConfigurationError
from hookline.protocol.locator import Locator
from hookline.protocol.message import Message
from hookline.protocol.signatures.handshake import Handshake
from hookline.protocol.signatures.shell import Shell

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


REPLAY_SECONDS = 300


class Verifier(ABC):
    """One source's scheme with its options and credentials read."""

    @property
    @abstractmethod
    def reads(self) -> frozenset[str]:
        """Lower-case names of the headers that carry the proof; they do not travel on."""

    @property
    def reads_query(self) -> frozenset[str]:
        """Names of the query parameters that carry the proof; they do not travel on."""
        return frozenset()

    @property
    def covers_query(self) -> bool:
        """Whether the proof is worthless with another query string."""
        return True

    @property
    def covers_headers(self) -> bool:
        """Whether the proof is the sender's, whatever it says, so that its headers are to be believed.

        False for a signature: whoever saw it may send it again with headers of their own.
        """
        return True

    @property
    def covers_body(self) -> bool:
        """False where a genuine signature also fits a body that anybody can make."""
        return True

    @abstractmethod
    def verify(self, message: Message) -> None:
        """Accept the message or refuse it.

        :raises Rejected: with the problem ``unauthenticated``.
        """

    @abstractmethod
    def sign(self, message: Message) -> Mapping[str, str]:
        """Return the header fields that make this verifier accept the message.

        :raises ConfigurationError: only the sender can sign, or not in a header.
        """

    @abstractmethod
    def shell(self, url: str, method: str) -> Shell:
        """Return how a shell makes this verifier accept a call.

        :param url: that it is sent to.
        :raises ConfigurationError: only the sender can sign.
        """

    def document(self, message: Message) -> str | None:  # noqa: ARG002
        """Return the URL of what :meth:`informed` has to be given before this message can be verified.

        The URL is the Connection's own, or was checked against the vendor's hosts. None where no document
        could help: :meth:`verify` refuses the message then, or it is a handshake that nobody signs.
        """
        return None

    def informed(self, document: bytes) -> Self:  # noqa: ARG002
        """Return the verifier that knows this document."""
        return self

    def outdated(self, message: Message) -> bool:  # noqa: ARG002
        """Tell whether the document is older than the message seems to be, so that a new one may help."""
        return False

    @property
    def replay_window(self) -> int:
        """Seconds for which :meth:`replay_key` is remembered, unless the Connection says otherwise."""
        return REPLAY_SECONDS

    def replay_key(self, message: Message) -> bytes | None:  # noqa: ARG002
        """Return what an accepted message has in common with its replays, whatever unsigned headers say.

        None where the signature covers a time or the delivery id, and where there is no signature.
        """
        return None


@dataclass(frozen=True, slots=True)
class Scheme:
    """An ``auth_type``.

    :param name: as written in the Connection.
    :param build: makes the verifier from credentials and the Connection's extras; raises
        ConfigurationError when they do not suffice.
    :param options: extras that this scheme reads beside those of every source.
    :param needs_secret: whether a Connection without a password is an error.
    :param event_type: where senders of this scheme say the type, unless the Connection says otherwise.
    :param event_id: where they give the delivery id, or None.
    :param separator: what parts of such a type are separated by.
    :param pings: event types that are answered without a Dag run.
    :param handshake: how these senders make sure that somebody is there, unless the Connection names another.
    """

    name: str
    build: Callable[[Credentials, Mapping[str, Any]], Verifier]
    options: frozenset[str] = frozenset()
    needs_secret: bool = True
    event_type: Locator = PATH
    event_id: Locator | None = None
    separator: str = "."
    pings: frozenset[str] = frozenset()
    handshake: Handshake | None = None


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


def seconds_option(extra: Mapping[str, Any], name: str, default: int) -> int:
    """Return an extra that is a number of seconds.

    :raises ConfigurationError: it is no whole, positive number.
    """
    value = extra.get(name)
    if value is None or value == "":
        return default
    if not re.fullmatch(r"-?[0-9]{1,9}", str(value)):
        raise ConfigurationError(f"`{name}` must be a whole number of seconds.")
    if int(value) <= 0:
        raise ConfigurationError(f"`{name}` must be a positive number of seconds.")
    return int(value)
