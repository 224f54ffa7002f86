"""What the environment and the Connection say about the way: proxy and certificates, alike in both lanes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import quote

from hookline.exceptions import ConfigurationError

if TYPE_CHECKING:
    from hookline.http.target import Target


def proxy(target: Target, url: str) -> str | None:
    """Return the URL of the proxy for ``url``, with its user and password; None for none.

    The Connection's own comes first; then ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and ``NO_PROXY`` as
    requests reads them (``requests/utils.py``, ``select_proxy``).

    :raises ConfigurationError: the environment names a proxy of another kind, such as SOCKS.
    """
    if target.proxy:
        if not target.proxy_login:
            return target.proxy
        scheme, _, rest = target.proxy.partition("://")
        return (
            f"{scheme}://{quote(target.proxy_login, safe='')}:{quote(target.proxy_password, safe='')}@{rest}"
        )
    from requests.utils import get_environ_proxies, select_proxy

    found: str | None = select_proxy(url, get_environ_proxies(url, no_proxy=None))
    if not found:
        return None
    if "://" not in found:
        return f"http://{found}"
    if not found.lower().startswith(("http://", "https://")):
        raise ConfigurationError(
            "the proxy of the environment is neither http nor https, and no other kind is known"
        )
    return found


def verify(target: Target) -> bool | str:
    """Return whether to verify certificates, or the CA bundle to verify them with.

    ``REQUESTS_CA_BUNDLE`` and ``CURL_CA_BUNDLE`` count where the Connection says nothing else.
    """
    if target.verify is not True:
        return target.verify
    return os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
