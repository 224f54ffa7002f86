"""``jwt``: a signed token in ``Authorization: Bearer`` (RFC 7519), by a shared key, a public key or a JWKS.

Which algorithms a source takes follows from its key, never from the token alone: a public key is never
used as the secret of an HMAC (RFC 8725, section 2.1). A token always has to expire.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Self

from hookline.protocol.message import Message
from hookline.protocol.problem import Rejected, unauthenticated
from hookline.protocol.signatures.jwt_options import PUBLIC, Options, options
from hookline.protocol.signatures.keys import only_the_sender
from hookline.protocol.signatures.scheme import Credentials, Scheme, Verifier
from hookline.protocol.signatures.shell import KEY, SIGNATURE, TIMES, Shell, Value

if TYPE_CHECKING:
    from jwt import PyJWK

CHALLENGE = 'Bearer realm="hookline"'
MAX_TOKEN = 16 * 1024
"""Characters."""
MAX_TIME = 10**12
LIFETIME = 300
"""Seconds that a token lives which is made here."""


@dataclass(frozen=True, slots=True)
class Jwt(Verifier):
    """Verifies the token's signature and its claims.

    :param keys: shared secrets or public keys in PEM; empty where a JWKS has them.
    :param jwks: the document at ``options.jwks_url``, once it was fetched.
    """

    reads: ClassVar[frozenset[str]] = frozenset({"authorization"})
    options: Options
    keys: tuple[str, ...] = field(default=(), repr=False)
    jwks: bytes | None = field(default=None, repr=False)

    def document(self, message: Message) -> str | None:
        """Return the JWKS's URL, for a message that has a token."""
        if not self.options.jwks_url:
            return None
        try:
            self._header(self._token(message))
        except Rejected:
            return None
        return self.options.jwks_url

    def informed(self, document: bytes) -> Self:
        """Return the verifier with this JWKS."""
        return replace(self, jwks=document)

    def outdated(self, message: Message) -> bool:
        """Tell whether the token names a key that the JWKS has not."""
        if self.jwks is None:
            return False
        known = _parsed(self.jwks)
        return self._header(self._token(message)).get("kid") not in known

    def verify(self, message: Message) -> None:
        """Accept a token that is signed, meant for us and not expired.

        :raises Rejected: the header is missing or repeated, or the token is not to be believed.
        """
        import jwt

        token = self._token(message)
        failure = "no key of the source made its signature"
        for key in self._candidates(token):
            try:
                claims = jwt.decode(
                    token,
                    key,
                    algorithms=list(self.options.algorithms),
                    issuer=self.options.issuer or None,
                    audience=self.options.audience or None,
                    options={
                        "require": ["exp"],
                        "verify_aud": bool(self.options.audience),
                        # Compared with the time of arrival, below; PyJWT would look at the clock.
                        "verify_exp": False,
                        "verify_nbf": False,
                        "verify_iat": False,
                    },
                )
            except jwt.InvalidSignatureError:
                continue
            # PyJWT raises more than its own errors on claims of wrong types.
            except (jwt.PyJWTError, ValueError, TypeError, OverflowError, RecursionError) as error:
                failure = f"{type(error).__name__}: {str(error)[:200]}"
                continue
            self._check_times(claims, message.received_at.timestamp())
            return
        raise self._refused(f"The token is not accepted: {failure}.")

    def sign(self, message: Message) -> Mapping[str, str]:
        """Return a token that lives for five minutes, where the key is shared."""
        import jwt

        if not self.keys or self.options.algorithms[0] in PUBLIC:
            raise only_the_sender()
        now = int(message.received_at.timestamp())
        claims: dict[str, Any] = {"iat": now, "exp": now + LIFETIME}
        claims |= {"iss": self.options.issuer} if self.options.issuer else {}
        claims |= {"aud": self.options.audience} if self.options.audience else {}
        token = jwt.encode(claims, self.keys[0], algorithm=self.options.algorithms[0])
        return {"Authorization": f"Bearer {token}"}

    def shell(self, url: str, method: str) -> Shell:  # noqa: ARG002
        """Return the lines that make such a token, where the key is shared."""
        if not self.keys or (algorithm := self.options.algorithms[0]) in PUBLIC:
            raise only_the_sender()
        header = json.dumps({"alg": algorithm, "typ": "JWT"})
        said = (("iss", self.options.issuer), ("aud", self.options.audience))
        rest = "".join(f', "{name}": {json.dumps(value)}' for name, value in said if value) + "}"
        times = '"$TIME" "$((TIME + ' + str(LIFETIME) + '))"'
        signed = f'printf %s "$HEADER.$CLAIMS" | openssl dgst -sha{algorithm[2:]} {KEY} -binary'
        lines = (
            "urlsafe() { openssl base64 -A | tr +/ -_ | tr -d =; }",
            f"TIME={TIMES['s']}",
            f"HEADER=$(printf %s {shlex.quote(header)} | urlsafe)",
            f'CLAIMS=$(printf \'{{"iat": %s, "exp": %s%s\' {times} {shlex.quote(rest)} | urlsafe)',
            f"SIGNATURE=$({signed} | urlsafe)",
        )
        token = ("Bearer ", Value("HEADER"), ".", Value("CLAIMS"), ".", SIGNATURE)
        return Shell(lines, {"Authorization": token})

    def _check_times(self, claims: Mapping[str, Any], now: float) -> None:
        for name, late in (("exp", 1), ("nbf", -1)):
            stamp = claims.get(name, now)
            if isinstance(stamp, bool) or not isinstance(stamp, int | float) or not abs(stamp) < MAX_TIME:
                raise self._refused(f"The token's `{name}` is no time in Unix seconds.")
            off = late * (now - stamp)
            if off > self.options.tolerance:
                said = "expired" if late > 0 else "becomes valid only"
                raise self._refused(f"The token {said} {off:.0f} s {'ago' if late > 0 else 'from now'}.")

    def _token(self, message: Message) -> str:
        scheme, _, token = (message.headers.get("authorization") or "").partition(" ")
        if scheme.lower() != "bearer":
            raise self._refused("No single `Authorization: Bearer` header.")
        if len(token) > MAX_TOKEN or not token.isascii():
            raise self._refused(f"The token is not ASCII or longer than {MAX_TOKEN} characters.")
        return token.strip(" \t")

    def _header(self, token: str) -> Mapping[str, Any]:
        import jwt

        try:
            return jwt.get_unverified_header(token)
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
            raise self._refused("The bearer token is no JWT.") from None

    def _candidates(self, token: str) -> tuple[str | PyJWK, ...]:
        header = self._header(token)
        if not self.options.jwks_url:
            return self.keys
        if self.jwks is None:
            raise self._refused("The JWKS was not fetched.")
        known = _parsed(self.jwks)
        kid = header.get("kid")
        if kid is None and len(known) == 1:
            return tuple(known.values())
        return (known[kid],) if kid in known else ()

    @staticmethod
    def _refused(reason: str) -> Exception:
        return unauthenticated(reason, challenge=CHALLENGE)


@lru_cache(maxsize=64)
def _parsed(document: bytes) -> Mapping[str | None, PyJWK]:
    import jwt

    known: dict[str | None, PyJWK] = {}
    try:
        keys = json.loads(document)["keys"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return known
    for given in keys if isinstance(keys, list) else ():
        try:
            # A symmetric key in a public document is no secret, and one for encryption does not sign.
            if given["kty"] != "oct" and given.get("use", "sig") == "sig":
                known[given.get("kid")] = jwt.PyJWK(given)
        except (jwt.PyJWTError, ValueError, LookupError, TypeError, AttributeError):
            continue
    return known


def _build(credentials: Credentials, extra: Mapping[str, Any]) -> Jwt:
    return Jwt(options(credentials, extra), credentials.secrets)


SCHEME = Scheme(
    name="jwt",
    build=_build,
    options=frozenset({"jwks_url", "jwt_algorithms", "jwt_issuer", "jwt_audience", "timestamp_tolerance"}),
    needs_secret=False,
)
