"""Every ``auth_type`` a source may have; a new one is a module and a line here."""

from __future__ import annotations

from hookline.protocol.signatures import api_key, basic, bearer, github, hmac
from hookline.protocol.signatures import open as open_
from hookline.protocol.signatures.scheme import Scheme

SCHEMES: dict[str, Scheme] = {
    module.SCHEME.name: module.SCHEME for module in (open_, basic, api_key, bearer, hmac, github)
}
