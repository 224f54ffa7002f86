"""Which addresses a call may connect to: public ones, and those the Connection allows.

Without this, whoever can make a Dag call an address could read the cloud's metadata service or reach what
only this machine can reach (OWASP: server-side request forgery). The address that was checked is the one
that is connected to, so a name that resolves otherwise the second time gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Sequence

from hookline.exceptions import EgressRefused

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

# The registries of RFC 6890 as they stood in 2026; `is_global` differs between versions of Python.
_V4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
        "192.168.0.0/16", "192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/4", "240.0.0.0/4",
    )
)  # fmt: skip
_V6_PUBLIC = ipaddress.IPv6Network("2000::/3")
_V6 = tuple(
    ipaddress.IPv6Network(network)
    for network in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")
)
_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def allowed(address: Address, networks: Iterable[Network]) -> bool:
    """Tell whether a call may connect to ``address``."""
    forms = (address, *_inside(address))
    if any(form.version == network.version and form in network for form in forms for network in networks):
        return True
    return all(_public(form) for form in forms)


def checked(host: str, found: Sequence[str], networks: Iterable[Network]) -> list[str]:
    """Return the addresses of a name if all of them may be connected to.

    :param found: what the name resolved to; an IPv6 zone is ignored.
    :raises EgressRefused: one of them may not; a name with both kinds is not to be trusted.
    """
    networks = tuple(networks)
    for text in found:
        address = ipaddress.ip_address(text.partition("%")[0])
        if not allowed(address, networks):
            where = host if host == text else f"{host} ({text})"
            raise EgressRefused(
                f"{where} is not a public address, and calls go to public ones only. If it is meant, set "
                f"allowed_networks of the Connection (or of [hookline]) to {address}/{address.max_prefixlen}"
            )
    return list(found)


def literal(host: str) -> str | None:
    """Return the address that ``host`` is, in any form that ``connect`` understands; None for a name.

    Beside the usual forms these are ``2130706433``, ``0x7f.1`` and ``0177.0.0.1`` (inet_aton(3)).
    """
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    if not host or not (host[0].isdigit() and host[-1].isalnum()):
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def require_name(host: str, networks: Iterable[Network]) -> None:
    """Check what can be checked of a host that a proxy will look up: literal addresses, and ``localhost``.

    :raises EgressRefused: the address may not be connected to.
    """
    name = host.rstrip(".").lower()
    address = "127.0.0.1" if name == "localhost" or name.endswith(".localhost") else literal(name)
    if address is not None:
        checked(host, [address], networks)


def _public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _V4)
    if address not in _V6_PUBLIC:
        # Addresses that only carry an IPv4 address are judged by that one.
        return bool(_inside(address))
    return not any(address in network for network in _V6) or bool(address.teredo)


def _inside(address: Address) -> tuple[ipaddress.IPv4Address, ...]:
    if isinstance(address, ipaddress.IPv4Address) or address.is_loopback or address.is_unspecified:
        return ()
    if address.ipv4_mapped:
        return (address.ipv4_mapped,)
    if address.sixtofour:
        return (address.sixtofour,)
    if address.teredo:
        return address.teredo
    if any(address in network for network in (*_NAT64, _COMPATIBLE)):
        return (ipaddress.IPv4Address(int(address) & 0xFFFFFFFF),)
    return ()
