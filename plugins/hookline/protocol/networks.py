"""Addresses and networks, IPv4 also where it comes mapped into IPv6 (RFC 4291, section 2.5.5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from hookline.exceptions import ConfigurationError

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
LONGEST = 64
WIDEST = {4: 8, 6: 16}
"""Shortest prefix of a network of proxies, by the version of its addresses."""
_WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::[0-9]{1,5})?")
_MAPPED = ip_network("::ffff:0:0/96")


def address(text: str) -> Address | None:
    """Return the address that ``text`` begins with, or None if it is anything else.

    :param text: ``192.0.2.1``, ``192.0.2.1:4711``, ``2001:db8::1`` or ``[2001:db8::1]:4711``.
    """
    if len(text) > LONGEST:
        return None
    match = _WITH_PORT.fullmatch(text)
    try:
        found = ip_address(match[1] or match[2]) if match else ip_address(text)
    except ValueError:
        return None
    if not isinstance(found, IPv6Address):
        return found
    return None if found.scope_id is not None else found.ipv4_mapped or found


def parse(value: object, name: str) -> tuple[Network, ...]:
    """Read networks and addresses, separated by commas or white space, or as a list.

    :param name: of the option, for the message.
    :raises ConfigurationError: one of them is none; a network whose host bits are set is a mistake.
    """
    parts = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not all(isinstance(part, str) for part in parts):
        raise ConfigurationError(f"{name} takes networks such as `192.0.2.0/24`, separated by commas.")
    return tuple(_network(part, name) for part in parts)


def proxies(value: object, name: str) -> tuple[Network, ...]:
    """Read the networks of trusted proxies, as :func:`parse` does.

    :raises ConfigurationError: also if one is so wide that strangers would be believed who they say they are.
    """
    found = parse(value, name)
    for network in found:
        narrowest = WIDEST[network.version]
        if network.prefixlen < narrowest:
            raise ConfigurationError(
                f"{name} has `{network}`, which would believe strangers;"
                f" name the proxies, at most a /{narrowest}."
            )
    return found


def contains(networks: Iterable[Network], one: Address) -> bool:
    """Tell whether the address lies in one of the networks."""
    return any(one in network for network in networks)


def group(text: str) -> str:
    """Return what one client can hardly change: its IPv4 address, or its IPv6 network of 64 bits."""
    found = address(text)
    if isinstance(found, IPv6Address):
        return str(IPv6Network((found, 64), strict=False))
    return "" if found is None else str(found)


def _network(text: str, name: str) -> Network:
    try:
        found = ip_network(text)
    except ValueError as error:
        raise ConfigurationError(f"{name} has `{text}`: {error}.") from None
    if isinstance(found, IPv6Network) and found.subnet_of(_MAPPED):  # type: ignore[arg-type]
        mapped = found.network_address.ipv4_mapped
        return IPv4Network((int(mapped or 0), found.prefixlen - 96))
    return found
