"""Where a redirect leads, if it is followed at all (RFC 9110 section 15.4).

Only GET and HEAD are sent again, without a body. On the same server they are authenticated anew, since a
signature may cover address, body and time. To another origin go three harmless headers, but no credentials,
no header of the Connection or of the call, no client certificate.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urldefrag, urljoin

from hookline.exceptions import ConfigurationError
from hookline.http import url
from hookline.http.request import DEFAULT_HEADERS, Request, authenticated
from hookline.http.response import Received
from hookline.http.target import Target

STATUSES = frozenset({301, 302, 303, 307, 308})
_HARMLESS = frozenset(name.lower() for name in DEFAULT_HEADERS)


def follow(request: Request, received: Received, target: Target) -> Request | None:
    """Return the request to send next; None if ``received`` is no redirect, or none to follow.

    From https to http, with a user or password in the address, or to an address that cannot be, it is none.

    :param target: whose credentials ``request`` carries.
    """
    location = received.header("location")
    if received.status not in STATUSES or request.method not in {"GET", "HEAD"} or not location:
        return None
    try:
        origin, path, query = url.split(urldefrag(urljoin(request.url, location)).url, "Location")
        here = origin_of(request)
    except (ConfigurationError, ValueError):
        return None
    if here.scheme == "https" and origin.scheme != "https":
        return None
    if origin != here:
        kept = {name: value for name, value in request.headers.items() if name.lower() in _HARMLESS}
        return Request(request.method, url.build(origin, path, query), kept)
    fields = (request.bare or request).headers
    if request.body is not None:
        fields = {name: value for name, value in fields.items() if name.lower() != "content-type"}
    # Many servers repeat the key that stands in the query.
    there = url.build(origin, path, url.without_parameter(query, target.key_query))
    return authenticated(target, Request(request.method, there, fields))


def origin_of(request: Request) -> url.Origin:
    """Return the origin a request goes to."""
    return url.split(request.url, "url")[0]


def stranger(target: Target, origin: url.Origin) -> Target:
    """Return what of ``target`` goes along to another origin: limits and rules of the network."""
    return replace(
        target,
        origin=origin,
        base_path="",
        auth_type="none",
        login="",
        password="",
        access_token="",
        headers={},
        client_cert="",
        client_key="",
        client_key_password="",
    )
