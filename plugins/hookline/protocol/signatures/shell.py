"""How a shell proves who sends, with the secret in ``$SECRET``: nothing of it is in what is written here.

Words are those of POSIX ``sh``; what an operator or a sender chose is quoted. The lines before the call may
use ``$URL``, ``$BODY`` and ``$ID``, which is new for each call.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

_PLAIN = re.compile(r"[A-Za-z0-9 _.,:;=/@%?&+-]*\Z")
_BRACES = re.compile(r"\$\{(\w+)\}(?!\w)")
TIMES = {"s": "$(date +%s)", "ms": "$(date +%s)000", "iso": "$(date -u +%Y-%m-%dT%H:%M:%SZ)"}
"""Now, in each unit of :mod:`hookline.protocol.signatures.timing`."""
ENCODINGS = {"hex": "| sed 's/.* //'", "base64": "-binary | openssl base64 -A"}
"""What follows ``openssl dgst``, for each encoding of a signature."""
KEY = '-hmac "$SECRET"'
HEX_KEY = '-mac HMAC -macopt "hexkey:$SECRET"'
DECODED_KEY = '-mac HMAC -macopt "hexkey:$KEY"'
DECODED = "KEY=$(printf %s \"${SECRET#whsec_}\" | openssl base64 -d -A | od -An -v -tx1 | tr -d ' \\n')"
"""Has the key in ``$KEY`` where the secret is ``whsec_`` and base64."""


@dataclass(frozen=True, slots=True)
class Value:
    """A variable of the shell."""

    name: str


Part = str | Value
_NAMES = ("SECRET", "BODY", "URL", "ID", "TIME", "SIGNATURE")
SECRET, BODY, URL, ID, TIME, SIGNATURE = (Value(name) for name in _NAMES)


@dataclass(frozen=True, slots=True)
class Shell:
    """What makes a call the sender's.

    :param lines: before the call.
    :param headers: of it.
    :param options: further words for curl.
    :param time_in: member of the body that is the time in Unix milliseconds, or empty.
    """

    lines: tuple[str, ...] = ()
    headers: Mapping[str, Sequence[Part]] = field(default_factory=dict)
    options: tuple[str, ...] = ()
    time_in: str = ""


def word(*parts: Part) -> str:
    """Return parts as one word."""
    if all(isinstance(part, Value) or _PLAIN.match(part) for part in parts):
        written = (f"${{{part.name}}}" if isinstance(part, Value) else part for part in parts)
        return '"' + _BRACES.sub(r"$\1", "".join(written)) + '"'
    return "".join(f'"${part.name}"' if isinstance(part, Value) else shlex.quote(part) for part in parts)


def assigned(to: Value, *parts: Part) -> str:
    """Return the line that gives a variable its value."""
    return f"{to.name}={word(*parts)}"


def digest(parts: Sequence[Part], algorithm: str, encoding: str, key: str = "") -> str:
    """Return the command substitution that is the digest of all parts, one after another.

    :param key: options of ``openssl dgst`` that make it an HMAC.
    """
    options = " ".join(filter(None, (f"-{algorithm}", key, ENCODINGS[encoding])))
    return f"$(printf %s {word(*parts)} | openssl dgst {options})"


def with_query(to: Value, url: str, name: str, value: Part) -> str:
    """Return the line that puts one more parameter into a variable.

    :param url: what is in it before that.
    :param value: which may stand in a query as it is.
    """
    return assigned(to, to, f"{'&' if '?' in url else '?'}{quote(name, safe='')}=", value)
