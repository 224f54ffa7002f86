"""What is decided before a body is read: who is asking, from where, and how often."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hookline.ingress import cors
from hookline.protocol import certificate, networks
from hookline.protocol.forwarded import origin as forwarded_origin
from hookline.protocol.problem import ADDRESS_NOT_ALLOWED, ORIGIN_NOT_ALLOWED, Rejected, unauthenticated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.x509 import Certificate
    from limits import RateLimitItem

    from hookline.ingress.rates import Rates
    from hookline.ingress.request import Scope, Send
    from hookline.protocol.certificate import Expected
    from hookline.protocol.networks import Network
    from hookline.protocol.source import Source

PROXIED = "hookline.proxied"
"""Key in the scope of a request that came from a trusted proxy."""


def client(scope: Scope) -> str:
    """Return the client's address as text; empty where it is not known."""
    peer = scope.get("client")
    return str(peer[0]) if peer else ""


class Admission:
    """Lets requests in, or not.

    :param trusted: the proxies whose word counts.
    :param client_rates: how often each client may ask, whatever for.
    :param certificate_header: where a trusted proxy forwards the client's certificate; lower case.
    """

    def __init__(
        self,
        rates: Rates,
        *,
        trusted: Sequence[Network] = (),
        client_rates: Sequence[RateLimitItem] = (),
        certificate_header: str = "client-cert",
    ) -> None:
        self._rates = rates
        self._trusted = trusted
        self._client_rates = client_rates
        self._certificate_header = certificate_header.encode("latin-1")
        self.watchful = bool(trusted or client_rates)
        """Whether :meth:`enter` does anything."""

    async def enter(self, scope: Scope) -> None:
        """Put the client's address, scheme and host into the scope; count the request.

        :raises Rejected: 429, the client asked too often.
        """
        peer = networks.address(client(scope))
        if peer is not None and networks.contains(self._trusted, peer):
            said = forwarded_origin(scope["headers"], peer, self._trusted)
            scope[PROXIED] = True
            scope["client"] = None if said.client is None else (str(said.client), 0)
            scope["scheme"] = said.scheme or scope["scheme"]
            if said.host is not None:
                scope["headers"] = [
                    *(field for field in scope["headers"] if field[0] != b"host"),
                    (b"host", said.host.encode("ascii")),
                ]
        if self._client_rates:
            await self._rates.take(self._client_rates, "client", networks.group(client(scope)))

    async def admit(self, source: Source, scope: Scope, send: Send) -> Send | None:
        """Hold the request against the source's guard.

        :returns: what the answer is sent with, or None when all is answered already.
        :raises Rejected: 403, 401 or 429.
        """
        guard = source.guard
        if guard is None:
            return send
        if guard.networks:
            sender = networks.address(client(scope))
            if sender is None or not networks.contains(guard.networks, sender):
                raise Rejected(ADDRESS_NOT_ALLOWED, "Requests from this address are not taken.")
        if guard.origins:
            origin = _origin(scope)
            fields = cors.allowed(guard.origins, origin)
            if fields is None:
                raise Rejected(ORIGIN_NOT_ALLOWED, "Requests from pages of this origin are not taken.")
            if cors.is_preflight(scope, origin):
                await cors.answer_preflight(source, fields, send)
                return None
            scope[cors.KEY] = fields
        if guard.certificate is not None:
            self._identify(guard.certificate, scope)
        if guard.rates:
            await self._rates.take(guard.rates, "source", source.name)
        return cors.readable(scope, send)

    def _identify(self, expected: Expected, scope: Scope) -> None:
        presented = self._certificate(scope)
        if presented is None:
            raise unauthenticated("No client certificate that can be read.")
        if reason := expected.mismatch(presented):
            raise unauthenticated(reason)

    def _certificate(self, scope: Scope) -> Certificate | None:
        if PROXIED in scope:  # the connection's own certificate would be the proxy's
            found = [value for name, value in scope["headers"] if name == self._certificate_header]
            return certificate.read(found[0].decode("latin-1").strip(" \t")) if len(found) == 1 else None
        chain = scope.get("extensions", {}).get("tls", {}).get("client_cert_chain") or [""]
        return certificate.read_pem(chain[0])


def _origin(scope: Scope) -> str | None:
    found = [value for name, value in scope["headers"] if name == b"origin"]
    if len(found) > 1:
        return "null"  # two are no origin that anybody could allow
    return found[0].decode("latin-1") if found else None
