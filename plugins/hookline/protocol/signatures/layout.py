"""What a sender signs, and how it writes the signature down."""

from __future__ import annotations

import base64
import hmac
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hookline.exceptions import ConfigurationError
from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated
from hookline.protocol.signatures import timing

ALGORITHMS = ("sha1", "sha256", "sha512")
ENCODINGS = ("hex", "base64")
MAX_SIGNATURES = 16
"""In one header; nobody rotates more keys at once, and each costs a comparison."""
_PLACEHOLDER = re.compile(r"(\{[^{}]*\})")
_KNOWN = frozenset({"{body}", "{timestamp}", "{url}", "{id}", "{method}"})


@dataclass(frozen=True, slots=True)
class Listed:
    """A header that holds several values, such as ``t=1492774577,v1=5257a8,v1=6ffbb5``.

    :param separator: between two values.
    :param assignment: between a value and the name before it.
    :param signature: name of a signature.
    :param timestamp: name of the time of signing, or empty.
    """

    separator: str = ","
    assignment: str = "="
    signature: str = "v1"
    timestamp: str = ""


@dataclass(frozen=True, slots=True)
class Presented:
    """What a request shows as its proof.

    :param signatures: each with its name, which is empty where the header holds one signature only.
    """

    signatures: tuple[tuple[str, str], ...]
    timestamp: str = ""
    message_id: str = ""


def as_it_is(url: str) -> tuple[str, ...]:
    """Return the one form in which most senders sign their URL."""
    return (url,)


@dataclass(frozen=True, slots=True)
class Layout:
    """What is signed and where the signature stands.

    :param header: carries the signature, or several.
    :param algorithm: digest of the HMAC: ``sha1``, ``sha256`` or ``sha512``.
    :param encoding: ``hex`` or ``base64``.
    :param prefix: precedes the encoded signature.
    :param content: text with ``{body}`` and, where wanted, ``{timestamp}``, ``{url}``, ``{id}`` and
        ``{method}``.
    :param timestamp_header: carries the time of signing, or empty.
    :param timestamp_unit: ``s`` or ``ms`` since 1970, or ``iso`` (RFC 3339).
    :param tolerance: seconds that the time of signing may lie before or after the arrival.
    :param id_header: carries the delivery id that is signed, or empty.
    :param listed: how to take the header apart, if it holds several values.
    :param also: further headers that may carry a signature.
    :param urls: gives the forms in which the sender may have signed its URL.
    """

    header: str
    algorithm: str = "sha256"
    encoding: str = "hex"
    prefix: str = ""
    content: str = "{body}"
    timestamp_header: str = ""
    timestamp_unit: str = "s"
    tolerance: int = timing.DEFAULT_TOLERANCE
    id_header: str = ""
    listed: Listed | None = None
    also: tuple[str, ...] = ()
    urls: Callable[[str], tuple[str, ...]] = as_it_is
    timed: bool = field(init=False)
    parts: tuple[str, ...] = field(init=False)
    headers: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        """Check that the layout signs what it must.

        :raises ConfigurationError: it does not.
        """
        if self.algorithm not in ALGORITHMS:
            raise ConfigurationError(f"`signature_algorithm` must be one of {', '.join(ALGORITHMS)}.")
        if self.encoding not in ENCODINGS:
            raise ConfigurationError(f"`signature_encoding` must be one of {', '.join(ENCODINGS)}.")
        # Whether the time is signed, and the content taken apart: asked for with every request.
        object.__setattr__(
            self, "timed", bool(self.timestamp_header or (self.listed and self.listed.timestamp))
        )
        object.__setattr__(self, "headers", frozenset(name.lower() for name in (self.header, *self.also)))
        object.__setattr__(self, "parts", tuple(filter(None, _PLACEHOLDER.split(self.content))))
        placeholders = set(_PLACEHOLDER.findall(self.content))
        if unknown := placeholders - _KNOWN:
            raise ConfigurationError(f"`signed_content` has the unknown placeholder `{min(unknown)}`.")
        if "{body}" not in placeholders:
            raise ConfigurationError("`signed_content` must hold `{body}`; else anybody could change it.")
        if ("{timestamp}" in placeholders) != self.timed:
            raise ConfigurationError(
                "`timestamp_header` and `{timestamp}` in `signed_content` go together:"
                " an unsigned time proves nothing."
            )
        if "{id}" in placeholders and not self.id_header:
            raise ConfigurationError(
                "`{id}` in `signed_content` needs a header that carries it: set `event_id` to `header:NAME`."
            )
        if self.tolerance <= 0:
            raise ConfigurationError("`timestamp_tolerance` must be a positive number of seconds.")

    @property
    def version(self) -> str:
        """Name of a signature, empty where the header holds one only."""
        return self.listed.signature if self.listed else ""

    def signs(self, placeholder: str) -> bool:
        """Tell whether the content has this placeholder."""
        return placeholder in self.content

    def read(self, message: Message) -> Presented:
        """Take the proof out of a request, and check its time.

        :raises Rejected: a header is missing, repeated or malformed, or the time is off.
        """
        found = [self.header]
        if self.also:
            found = [name for name in (self.header, *self.also) if name in message.headers] or found
        values = [_single(message, name) for name in found]
        stamp = _single(message, self.timestamp_header) if self.timestamp_header else ""
        if self.listed:
            signatures, stamp = self._taken_apart(values[0], stamp)
        else:
            signatures = tuple(
                ("", self._bare(name, value)) for name, value in zip(found, values, strict=True)
            )
        if self.timed:
            where = self.timestamp_header or self.header
            timing.check(
                stamp, unit=self.timestamp_unit, name=where, message=message, tolerance=self.tolerance
            )
        return Presented(signatures, stamp, _single(message, self.id_header) if self.signs("{id}") else "")

    def signed(
        self,
        body: Iterable[bytes],
        *,
        url: str = "",
        timestamp: str = "",
        message_id: str = "",
        method: str = "",
    ) -> Iterable[bytes]:
        """Yield what is signed, in pieces.

        :param body: in pieces; gone through once for each ``{body}``.
        """
        if self.content == "{body}":
            yield from body
            return
        values = {
            "{timestamp}": timestamp.encode("latin-1"),
            "{url}": url.encode("utf-8", "surrogatepass"),
            "{id}": message_id.encode("latin-1"),
            "{method}": method.encode("latin-1"),
        }
        for part in self.parts:
            if part == "{body}":
                yield from body
            else:
                yield values.get(part, part.encode())

    def signature(
        self, key: bytes, body: Iterable[bytes], *, url: str, timestamp: str, method: str = ""
    ) -> bytes:
        """Return prefix and encoded digest (RFC 2104)."""
        digest = self.digest(key, self.signed(body, url=url, timestamp=timestamp, method=method))
        return self.prefix.encode() + digest.encode()

    def digest(self, key: bytes, content: Iterable[bytes]) -> str:
        """Return the encoded HMAC of ``content``."""
        digest = hmac.new(key, digestmod=self.algorithm)
        for piece in content:
            digest.update(piece)
        raw = digest.digest()
        return raw.hex() if self.encoding == "hex" else base64.b64encode(raw).decode("ascii")

    def _bare(self, name: str, value: str) -> str:
        if not value.startswith(self.prefix):
            raise unauthenticated(f"`{name}` does not begin with `{self.prefix}`.")
        return value[len(self.prefix) :]

    def _taken_apart(self, value: str, stamp: str) -> tuple[tuple[tuple[str, str], ...], str]:
        listed = self.listed or Listed()
        elements = value.split(listed.separator, MAX_SIGNATURES)
        pairs = [element.strip(" \t").partition(listed.assignment) for element in elements]
        if len(elements) > MAX_SIGNATURES:
            raise unauthenticated(f"`{self.header}` has more than {MAX_SIGNATURES} values.")
        if listed.timestamp:
            stamps = [given for name, _, given in pairs if name == listed.timestamp]
            if len(stamps) != 1:
                raise unauthenticated(f"`{self.header}` has no single `{listed.timestamp}`.")
            [stamp] = stamps
        return tuple((name, given) for name, _, given in pairs if name != listed.timestamp), stamp


def _single(message: Message, name: str) -> str:
    value = message.headers.get(name)
    if value is None:
        raise unauthenticated(f"No single `{name}` header.")
    return value
