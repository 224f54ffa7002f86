"""What a source asks of a request before its body is read: address, origin, certificate, rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from hookline.exceptions import ConfigurationError
from hookline.protocol import networks
from hookline.protocol.certificate import Expected
from hookline.protocol.networks import Network

if TYPE_CHECKING:
    from limits import RateLimitItem

OPTIONS = frozenset(
    {"allowed_ips", "allowed_origins", "client_cert_san", "client_cert_subject", "rate_limit"}
)
ANY = "*"
LONGEST = 200


@dataclass(frozen=True, slots=True)
class Guard:
    """The conditions of one source; what is empty is no condition.

    :param networks: where requests may come from.
    :param origins: what browsers' ``Origin`` may be, as they write it, or ``*``.
    :param certificate: whom a client certificate must name.
    :param rates: how often requests may come, all of them together.
    """

    networks: tuple[Network, ...] = ()
    origins: frozenset[str] = frozenset()
    certificate: Expected | None = None
    rates: tuple[RateLimitItem, ...] = ()


def parse(extra: Mapping[str, Any]) -> Guard | None:
    """Read a Connection's extras; None when they ask for nothing.

    :raises ConfigurationError: with what is wrong, and what to write.
    """
    if OPTIONS.isdisjoint(extra):
        return None
    return Guard(
        networks=_networks(extra),
        origins=origins(extra.get("allowed_origins", "")),
        certificate=Expected.parse(extra.get("client_cert_subject", ""), extra.get("client_cert_san", "")),
        rates=rates(extra["rate_limit"], "`rate_limit`") if "rate_limit" in extra else (),
    )


def _networks(extra: Mapping[str, Any]) -> tuple[Network, ...]:
    found = networks.parse(extra.get("allowed_ips", ""), "`allowed_ips`")
    if "allowed_ips" in extra and not found:
        raise ConfigurationError("`allowed_ips` is empty; leave it out if any address may send.")
    return found


def rates(value: object, name: str) -> tuple[RateLimitItem, ...]:
    """Read one or more rates, such as ``100/minute`` or ``10/second; 1000/hour``.

    :param name: of the option, for the message.
    :raises ConfigurationError: it is none in the notation of the library ``limits``.
    """
    from limits import parse_many

    text = value.strip() if isinstance(value, str) and len(value) <= LONGEST else ""
    try:
        found = tuple(parse_many(text))
    except ValueError:
        found = ()
    if not found or any(one.amount < 1 or one.multiples < 1 for one in found):
        raise ConfigurationError(
            f"{name} is `{value}`; write for example `100/minute` or `10/second; 1000/hour`."
        )
    return found


def origins(value: object) -> frozenset[str]:
    """Read origins (RFC 6454): scheme, host, and the port where it is not the scheme's own.

    :raises ConfigurationError: one of them is none.
    """
    parts = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ConfigurationError("`allowed_origins` takes origins such as `https://shop.example`, or `*`.")
    return frozenset(ANY if part == ANY else _origin(part) for part in parts)


def _origin(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
        port = parts.port
    except ValueError:
        usable, port = False, None
    if not usable or parts.path or parts.query or parts.fragment or not text.isascii():
        raise ConfigurationError(
            f"`allowed_origins` has `{text}`; an origin is a scheme and a host, such as `https://shop.example`."
        )
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    own = {"http": 80, "https": 443}[parts.scheme]
    return f"{parts.scheme}://{host}" + ("" if port in (None, own) else f":{port}")
