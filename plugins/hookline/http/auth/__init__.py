"""Authentication of outgoing requests: one module for each ``auth_type``.

A scheme is pure functions: ``check`` refuses a target whose fields do not fit, ``secrets`` lists what must
never be shown, ``fields`` says what goes into the body, ``authenticate`` returns the request with
authentication added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hookline.http.auth import (
    api_key,
    basic,
    bearer,
    client_secret,
    hmac,
    none,
    oauth2,
    standard_webhooks,
)

if TYPE_CHECKING:
    from hookline.http.request import Request
    from hookline.http.target import Target


def _no_fields(_target: Target) -> Mapping[str, str]:
    return {}


@dataclass(frozen=True)
class Scheme:
    """One way to authenticate a request.

    :param check: raises ``ConfigurationError`` that says which field of the Connection to change.
    :param secrets: the texts that the scheme puts on the wire and the fields they are made from.
    :param authenticate: raises ``ConfigurationError`` if the request already carries the scheme's header.
    :param fields: top-level fields to add to the body.
    """

    check: Callable[[Target], None]
    secrets: Callable[[Target], tuple[str, ...]]
    authenticate: Callable[[Target, Request], Request]
    fields: Callable[[Target], Mapping[str, str]] = _no_fields


SCHEMES: Mapping[str, Scheme] = {
    "none": Scheme(none.check, none.secrets, none.authenticate),
    "basic": Scheme(basic.check, basic.secrets, basic.authenticate),
    "bearer": Scheme(bearer.check, bearer.secrets, bearer.authenticate),
    "api_key": Scheme(api_key.check, api_key.secrets, api_key.authenticate),
    "client_secret": Scheme(
        client_secret.check, client_secret.secrets, client_secret.authenticate, client_secret.fields
    ),
    "hmac": Scheme(hmac.check, hmac.secrets, hmac.authenticate),
    "standard_webhooks": Scheme(
        standard_webhooks.check, standard_webhooks.secrets, standard_webhooks.authenticate
    ),
    "oauth2": Scheme(oauth2.check, oauth2.secrets, oauth2.authenticate),
}
