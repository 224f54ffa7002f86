"""Authentication of outgoing requests: one module for each ``auth_type``.

A scheme is three pure functions: ``check`` refuses a target whose fields do not fit, ``secrets`` lists what
must never be shown, ``authenticate`` returns the request with authentication added.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hookline.http.auth import api_key, basic, bearer, none

if TYPE_CHECKING:
    from hookline.http.request import Request
    from hookline.http.target import Target


@dataclass(frozen=True)
class Scheme:
    """One way to authenticate a request.

    :param check: raises ``ConfigurationError`` that says which field of the Connection to change.
    :param secrets: the texts that the scheme puts on the wire and the fields they are made from.
    :param authenticate: raises ``ConfigurationError`` if the request already carries the scheme's header.
    """

    check: Callable[[Target], None]
    secrets: Callable[[Target], tuple[str, ...]]
    authenticate: Callable[[Target, Request], Request]


SCHEMES: Mapping[str, Scheme] = {
    "none": Scheme(none.check, none.secrets, none.authenticate),
    "basic": Scheme(basic.check, basic.secrets, basic.authenticate),
    "bearer": Scheme(bearer.check, bearer.secrets, bearer.authenticate),
    "api_key": Scheme(api_key.check, api_key.secrets, api_key.authenticate),
}
