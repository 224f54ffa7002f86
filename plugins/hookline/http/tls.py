"""Certificates of both sides."""

from __future__ import annotations

import ssl
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from hookline.exceptions import ConfigurationError
from hookline.http import environment
from hookline.http.deadline import TlsSocket

if TYPE_CHECKING:
    from hookline.http.target import Target


def context(target: Target) -> ssl.SSLContext:
    """Return how to speak TLS with ``target``.

    Made once for each state of its files, since reading all authorities takes 10 ms.

    :raises ConfigurationError: the CA bundle, the certificate or its key is not there or cannot be used.
    """
    verify = environment.verify(target)
    files = (str(verify) if isinstance(verify, str) else "", target.client_cert, target.client_key)
    stamps = tuple(map(_stamp, files))
    return _context(verify, target.client_cert, target.client_key, target.client_key_password, stamps)


def _stamp(path: str) -> int:
    # A certificate that was renewed is another one.
    try:
        return Path(path).stat().st_mtime_ns if path else 0
    except OSError:
        return 0


@lru_cache(maxsize=64)
def _context(
    verify: bool | str, cert: str, key: str, key_password: str, _stamps: tuple[int, ...]
) -> ssl.SSLContext:
    from urllib3.util.ssl_ import create_urllib3_context

    made = create_urllib3_context()
    made.sslsocket_class = TlsSocket
    if verify is False:
        made.check_hostname = False
        made.verify_mode = ssl.CERT_NONE
    else:
        made.verify_mode = ssl.CERT_REQUIRED
        made.check_hostname = True
        _load_authorities(made, verify)
    if cert:
        _load_own(made, cert, key, key_password)
    return made


def _load_authorities(made: ssl.SSLContext, verify: bool | str) -> None:
    import certifi

    bundle = Path(certifi.where() if verify is True else str(verify))
    if not bundle.exists():
        raise ConfigurationError(
            f"the CA bundle {bundle} does not exist on this machine; correct the Connection's verify, or "
            "REQUESTS_CA_BUNDLE of this process"
        )
    try:
        if bundle.is_dir():
            made.load_verify_locations(capath=str(bundle))
        else:
            made.load_verify_locations(cafile=str(bundle))
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(f"the CA bundle {bundle} cannot be read: {_reason(error)}") from None


def _load_own(made: ssl.SSLContext, cert: str, key: str, key_password: str) -> None:
    for what, path in (("client_cert", cert), ("client_key", key)):
        if path and not Path(path).is_file():
            raise ConfigurationError(
                f"the file {path} does not exist on this machine; correct the Connection's {what}"
            )
    try:
        # An empty password rather than none, which would ask the terminal for one.
        made.load_cert_chain(cert, key or None, key_password)
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(
            f"the client certificate {cert} cannot be used ({_reason(error)}); check that the key belongs to "
            "it, and the Connection's client_key_password"
        ) from None


def _reason(error: Exception) -> str:
    return str(getattr(error, "reason", None) or getattr(error, "strerror", None) or type(error).__name__)
