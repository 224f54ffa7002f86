"""Signatures of one layout, made with one of a source's keys."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from hookline.exceptions import ConfigurationError
from hookline.protocol import deduplication
from hookline.protocol.locator import Locator
from hookline.protocol.message import Message
from hookline.protocol.problem import unauthenticated
from hookline.protocol.signatures import timing
from hookline.protocol.signatures.handshake import Handshake
from hookline.protocol.signatures.keys import Key, SharedKey
from hookline.protocol.signatures.layout import Layout, Presented
from hookline.protocol.signatures.scheme import (
    PATH,
    Credentials,
    Scheme,
    Verifier,
    seconds_option,
    text_option,
)
from hookline.protocol.signatures.shell import (
    BODY,
    ID,
    SIGNATURE,
    TIME,
    TIMES,
    URL,
    Part,
    Shell,
    Value,
    assigned,
    digest,
)

_IN = "/hooks/in/"
KNOWN = Value("KNOWN")
"""The URL as the sender knows it, where it is sent to another one."""


@dataclass(frozen=True, slots=True)
class Signed(Verifier):
    """Verifies and, where the key is shared, makes signatures.

    :param keys: the current one and, during rotation, the previous one.
    :param public_url: scheme, host and path before ``/hooks`` as the sender knows them, or empty.
    """

    layout: Layout
    keys: tuple[Key, ...]
    public_url: str = ""

    @property
    def reads(self) -> frozenset[str]:
        """Lower-case names of the headers that carry the proof."""
        return self.layout.headers

    @property
    def covers_query(self) -> bool:
        """Whether the URL is signed."""
        return self.layout.signs("{url}")

    @property
    def covers_headers(self) -> bool:
        """Whether headers are signed, which they are not."""
        return False

    def verify(self, message: Message) -> None:
        """Accept a signature made with one of the keys, at a time within the tolerance.

        :raises Rejected: a header is missing, repeated or malformed, the time is off, or no signature fits.
        """
        presented = self.layout.read(message)
        found = False
        for url in self._urls(message):
            content = self.content(message, presented, url)
            for key in self.keys:
                found |= key.accepts(presented.signatures, content)
        if not found:
            raise unauthenticated(
                f"`{self.layout.header}` is not the signature of {self.canonical(message, presented)}."
            )

    def sign(self, message: Message) -> Mapping[str, str]:
        """Return the headers of the signature and, where the layout has them, of time and id.

        :raises ConfigurationError: only the sender has the private key.
        """
        layout = self.layout
        made: dict[str, str] = {}
        stamp = timing.written(message.received_at, layout.timestamp_unit) if layout.timed else ""
        message_id = ""
        if layout.signs("{id}"):
            message_id = message.headers.get(layout.id_header) or deduplication.event_id(None)
            made[layout.id_header] = message_id
        presented = Presented((), stamp, message_id)
        text = self.keys[0].sign(self.content(message, presented, self._urls(message)[0]))
        if layout.listed:
            pairs = {layout.listed.timestamp: stamp} if layout.listed.timestamp else {}
            pairs |= {layout.listed.signature: text}
            text = layout.listed.separator.join(
                f"{name}{layout.listed.assignment}{value}" for name, value in pairs.items()
            )
        made[layout.header] = layout.prefix + text
        return made | ({layout.timestamp_header: stamp} if layout.timestamp_header else {})

    def shell(self, url: str, method: str) -> Shell:
        """Return the lines that sign, and the headers of signature, time and id.

        :raises ConfigurationError: only the sender has the private key.
        """
        layout = self.layout
        lines, address = self.address(url)
        values: dict[str, Part] = {
            "{body}": BODY, "{timestamp}": TIME, "{url}": address, "{id}": ID, "{method}": method
        }  # fmt: skip
        parts = [values.get(part, part) for part in layout.parts]
        return self.in_shell(lines, parts)

    def in_shell(self, lines: tuple[str, ...], parts: Sequence[Part]) -> Shell:
        """Return the shell that signs these parts after these lines."""
        layout = self.layout
        before, key = self.keys[0].shell()
        if layout.timed:
            before = (*before, f"{TIME.name}={TIMES[layout.timestamp_unit]}")
        signature = digest(parts, layout.algorithm, layout.encoding, key)
        text: list[Part] = [layout.prefix, SIGNATURE]
        if layout.listed:
            listed = layout.listed
            stamp: list[Part] = [f"{listed.timestamp}{listed.assignment}", TIME, listed.separator]
            name = f"{listed.signature}{listed.assignment}"
            text = [layout.prefix, *(stamp if listed.timestamp else []), name, SIGNATURE]
        headers: dict[str, Sequence[Part]] = {layout.header: text}
        if layout.timestamp_header:
            headers[layout.timestamp_header] = (TIME,)
        if layout.signs("{id}"):
            headers[layout.id_header] = (ID,)
        return Shell((*lines, *before, f"{SIGNATURE.name}={signature}"), headers)

    def address(self, url: str) -> tuple[tuple[str, ...], Value]:
        """Return the variable that is the URL as the sender knows it, and the line that it takes."""
        known = as_known(url, self.public_url)
        return ((assigned(KNOWN, known),), KNOWN) if known != url else ((), URL)

    def replay_key(self, message: Message) -> bytes | None:
        """Return a digest of what was signed, unless that holds a time or the delivery id."""
        if self.layout.timed or self.layout.signs("{id}"):
            return None
        content = self.content(message, Presented(()), self._urls(message)[0])
        return hashlib.sha256(b"".join(content)).digest()

    def content(self, message: Message, presented: Presented, url: str) -> tuple[bytes, ...]:
        """Return what the sender signed, in pieces."""
        return tuple(
            self.layout.signed(
                message.pieces(),
                url=url,
                timestamp=presented.timestamp,
                message_id=presented.message_id,
                method=message.method,
            )
        )

    def canonical(self, message: Message, presented: Presented) -> str:
        """Return what should have been signed for the operator to read: no body, no values of the query."""
        url, _, query = self._urls(message)[0].partition("?")
        names = "&".join(f"{pair.partition('=')[0]}=…" for pair in query.split("&")) if query else ""
        shown = replace(presented, timestamp=presented.timestamp[:40], message_id=presented.message_id[:100])
        digest = hashlib.sha256(message.body).hexdigest()[:12]
        pieces = self.layout.signed(
            (f"<{len(message.body)} bytes, SHA-256 {digest}…>".encode(),),
            url=(f"{url}?{names}" if names else url)[:500],
            timestamp=shown.timestamp,
            message_id=shown.message_id,
            method=message.method,
        )
        return repr(b"".join(pieces).decode("utf-8", "replace"))

    def _urls(self, message: Message) -> tuple[str, ...]:
        if not self.covers_query:
            return ("",)
        return self.layout.urls(as_known(message.url, self.public_url))


def as_known(url: str, public_url: str) -> str:
    """Return the URL as the sender knows it.

    :param public_url: what stands for everything before ``/hooks/in/``; empty to leave the URL as it is.
    """
    _, found, after = url.partition(_IN)
    return f"{public_url}{found}{after}" if public_url and found else url


def public_url_option(extra: Mapping[str, Any]) -> str:
    """Return the extra ``public_url`` without a slash at its end.

    :raises ConfigurationError: it is no base URL.
    """
    value = text_option(extra, "public_url", "").rstrip("/")
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and not (parts.query or parts.fragment)
    except ValueError:
        usable = False
    if value and not usable:
        raise ConfigurationError("`public_url` must be a base URL such as `https://hooks.example.com`.")
    return value.removesuffix("/hooks")


def scheme(
    name: str,
    layout: Layout,
    *,
    event_type: str = "path",
    event_id: str = "",
    separator: str = ".",
    pings: frozenset[str] = frozenset(),
    handshake: Handshake | None = None,
    key: Callable[[str], Key] | None = None,
    verifier: Callable[[Layout, tuple[Key, ...], str], Signed] = Signed,
    options: frozenset[str] = frozenset(),
) -> Scheme:
    """Return the scheme of a vendor.

    :param event_type: where the type stands, in the notation of the extra.
    :param event_id: where the delivery id stands, in the same notation; empty for nowhere.
    :param key: from a secret of the Connection to the key; the secret's UTF-8 as an HMAC's by default.
        Raises ConfigurationError when the secret is no key.
    :param verifier: a class that does more than :class:`Signed`.
    :param options: extras it reads beside those that follow from the layout.
    """

    def build(credentials: Credentials, extra: Mapping[str, Any]) -> Signed:
        tolerance = seconds_option(extra, "timestamp_tolerance", layout.tolerance)
        own = replace(layout, tolerance=tolerance)
        made: list[Key] = []
        for secret, encoded in zip(credentials.secrets, credentials.encoded, strict=True):
            made.append(key(secret) if key else SharedKey(encoded, own))
        return verifier(own, tuple(made), public_url_option(extra))

    read = {"timestamp_tolerance": layout.timed, "public_url": layout.signs("{url}")}
    return Scheme(
        name=name,
        build=build,
        options=options.union(option for option, is_read in read.items() if is_read),
        event_type=_located(event_type) or PATH,
        event_id=_located(event_id),
        separator=separator,
        pings=pings,
        handshake=handshake,
    )


def _located(notation: str) -> Locator | None:
    # Compiled when it is used: a process that meets one vendor need not compile the expressions of all.
    kind, _, argument = notation.partition(":")
    return Locator(kind, argument) if notation else None
