"""The options of ``jwt``, read so that the key decides which algorithms may be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from hookline.exceptions import ConfigurationError
from hookline.protocol.signatures.scheme import Credentials, seconds_option, text_option

SHARED = ("HS256", "HS384", "HS512")
PUBLIC = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
TOLERANCE = 60
"""Seconds that clocks may differ."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_PEM = "-----BEGIN"


@dataclass(frozen=True, slots=True)
class Options:
    """What a token must be.

    :param algorithms: that it may be signed with; all shared or all public.
    :param tolerance: seconds that the clocks may differ.
    """

    algorithms: tuple[str, ...]
    issuer: str
    audience: str
    jwks_url: str
    tolerance: int


def options(credentials: Credentials, extra: Mapping[str, Any]) -> Options:
    """Read the extras.

    :raises ConfigurationError: there is no key, the algorithms are not of its kind, or anybody's token
        would be accepted.
    """
    jwks_url = text_option(extra, "jwks_url", "")
    issuer, audience = (text_option(extra, f"jwt_{name}", "") for name in ("issuer", "audience"))
    if jwks_url and credentials.secrets:
        raise ConfigurationError("`jwks_url` has the keys; leave the password empty.")
    if jwks_url:
        _check_jwks(jwks_url, issuer, audience)
    elif not credentials.secrets:
        raise ConfigurationError(
            "`auth_type` jwt needs a secret or a public key in the password, or `jwks_url`."
        )
    public = [secret.lstrip().startswith(_PEM) for secret in credentials.secrets]
    if len(set(public)) > 1:
        raise ConfigurationError("`previous_secret` must be of the same kind as the password.")
    of_kind = PUBLIC if jwks_url or all(public) else SHARED
    algorithms = _algorithms(extra.get("jwt_algorithms"), of_kind)
    if of_kind is SHARED:
        needed = max(int(name[2:]) for name in algorithms) // 8
        if min(map(len, credentials.encoded)) < needed:
            raise ConfigurationError(f"The secret must have at least {needed} bytes (RFC 7518, section 3.2).")
    else:
        for secret in credentials.secrets:
            _check_pem(secret)
    return Options(
        algorithms, issuer, audience, jwks_url, seconds_option(extra, "timestamp_tolerance", TOLERANCE)
    )


def _check_jwks(url: str, issuer: str, audience: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK)
        usable = usable and bool(parts.hostname) and not parts.username and not parts.fragment
    except ValueError:
        usable = False
    if not usable or not url.isascii() or not url.isprintable() or " " in url:
        raise ConfigurationError("`jwks_url` must be an https URL.")
    if not (issuer and audience):
        raise ConfigurationError(
            "`jwks_url` needs `jwt_issuer` and `jwt_audience`: its keys sign tokens for others, too."
        )


def _algorithms(value: Any, of_kind: tuple[str, ...]) -> tuple[str, ...]:
    if value is None or value == "":
        return of_kind[:1] if of_kind is SHARED else ("RS256", "ES256")
    names = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(names, list | tuple) or not names or any(name not in of_kind for name in names):
        raise ConfigurationError(f"`jwt_algorithms` with this key is a list out of {', '.join(of_kind)}.")
    return tuple(names)


def _check_pem(secret: str) -> None:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        load_pem_public_key(secret.encode("utf-8", "surrogatepass"))
    except (ValueError, UnsupportedAlgorithm):
        raise ConfigurationError("The password is no public key in PEM, though it begins as one.") from None
