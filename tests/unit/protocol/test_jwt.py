"""Tokens: signed by a key of the source with an algorithm of that key, meant for it and not expired."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from hookline.exceptions import ConfigurationError
from hookline.protocol.problem import UNAUTHENTICATED, Rejected
from hookline.protocol.signatures.scheme import Verifier
from tests.unit.protocol.requests import ARRIVAL, message, source

NOW = int(ARRIVAL.timestamp())
SECRET = "a-shared-secret-of-32-bytes-0001"
ISSUER = "https://issuer.example"
JWKS_URL = "https://issuer.example/keys"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
ED = ed25519.Ed25519PrivateKey.generate()
CLAIMS = {"iss": ISSUER, "aud": "hookline", "exp": NOW + 60, "iat": NOW, "sub": "sender"}


def pem(key: Any) -> str:
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, public).decode()


def jwk(key: Any, algorithm: str, **fields: Any) -> dict[str, Any]:
    from jwt.algorithms import get_default_algorithms

    made = json.loads(get_default_algorithms()[algorithm].to_jwk(key.public_key()))
    return {**made, "alg": algorithm, **fields}


SYMMETRIC = base64.urlsafe_b64encode(SECRET.encode()).decode()
JWKS = json.dumps(
    {
        "keys": [
            jwk(RSA, "RS256", kid="rsa", use="sig"),
            jwk(EC, "ES256", kid="ec"),
            jwk(OTHER, "RS256", kid="enc", use="enc"),
            {
                "kty": "oct",
                "kid": "oct",
                "k": base64.urlsafe_b64encode(SECRET.encode()).decode(),
                "alg": "HS256",
            },
            {"kty": "unheard of", "kid": "new"},
            "garbage",
        ]
    }
).encode()


def shared(**extra: Any) -> Verifier:
    return source(password=SECRET, auth_type="jwt", **extra).verifier


def public(key: Any = RSA, **extra: Any) -> Verifier:
    return source(password=pem(key), auth_type="jwt", **extra).verifier


def fetched(document: bytes = JWKS, **extra: Any) -> Verifier:
    fields = {"jwks_url": JWKS_URL, "jwt_issuer": ISSUER, "jwt_audience": "hookline", **extra}
    return source(auth_type="jwt", **fields).verifier.informed(document)


def token(key: Any = SECRET, algorithm: str = "HS256", kid: str | None = None, **claims: Any) -> str:
    kept = {name: value for name, value in {**CLAIMS, **claims}.items() if value is not None}
    return jwt.encode(kept, key, algorithm, headers={"kid": kid} if kid else None)


def accepts(verifier: Verifier, text: str) -> None:
    verifier.verify(message(headers={"Authorization": f"Bearer {text}"}))


def refused(verifier: Verifier, text: str) -> str:
    with pytest.raises(Rejected) as raised:
        accepts(verifier, text)
    assert raised.value.problem is UNAUTHENTICATED
    assert raised.value.headers["WWW-Authenticate"].startswith("Bearer")
    return raised.value.reason


ACCEPTED: dict[str, tuple[Callable[[], Verifier], Callable[[], str]]] = {
    "a shared secret": (shared, token),
    "a public key of RSA": (public, lambda: token(RSA, "RS256")),
    "a public key of an elliptic curve": (lambda: public(EC), lambda: token(EC, "ES256")),
    "a public key of Ed25519": (lambda: public(ED, jwt_algorithms="EdDSA"), lambda: token(ED, "EdDSA")),
    "a key of the set": (fetched, lambda: token(RSA, "RS256", "rsa")),
    "another key of the set": (fetched, lambda: token(EC, "ES256", "ec")),
    "issuer and audience": (lambda: shared(jwt_issuer=ISSUER, jwt_audience="hookline"), token),
    "one audience of several": (
        lambda: shared(jwt_audience="hookline"),
        lambda: token(aud=["a", "hookline"]),
    ),
    "expired within the tolerance": (shared, lambda: token(exp=NOW - 59)),
    "valid in a moment": (shared, lambda: token(nbf=NOW + 60)),
}


@pytest.mark.parametrize(("verifier", "made"), ACCEPTED.values(), ids=ACCEPTED)
def test_a_good_token_is_accepted(verifier: Callable[[], Verifier], made: Callable[[], str]) -> None:
    accepts(verifier(), made())


def test_the_only_key_of_a_set_needs_no_name() -> None:
    document = json.dumps({"keys": [jwk(RSA, "RS256")]}).encode()
    accepts(fetched(document), token(RSA, "RS256"))


def forged(header: dict[str, Any], key: bytes) -> str:
    """Return a token signed with HMAC whatever its header says; libraries refuse to make it."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, CLAIMS)
    ]
    digest = hmac.new(key, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()])


REFUSED: dict[str, tuple[Callable[[], Verifier], Callable[[], str]]] = {
    "another secret": (shared, lambda: token("another-secret-of-32-bytes-000002")),
    "an empty secret": (shared, lambda: forged({"alg": "HS256"}, b"")),
    "no signature": (shared, lambda: forged({"alg": "none"}, b"").rpartition(".")[0] + "."),
    "no algorithm": (shared, lambda: forged({}, SECRET.encode())),
    "an algorithm that is not allowed": (shared, lambda: token(SECRET * 2, "HS512")),
    "a public key as the secret of an HMAC": (public, lambda: forged({"alg": "HS256"}, pem(RSA).encode())),
    "a key of the set as the secret of an HMAC": (
        fetched,
        lambda: forged({"alg": "HS256", "kid": "rsa"}, pem(RSA).encode()),
    ),
    "the set's symmetric key": (fetched, lambda: token(SECRET, "HS256", "oct")),
    "the set's key for encryption": (fetched, lambda: token(OTHER, "RS256", "enc")),
    "a key of a kind nobody knows": (fetched, lambda: token(RSA, "RS256", "new")),
    "a key that the set has not": (fetched, lambda: token(RSA, "RS256", "another")),
    "no name of a key": (fetched, lambda: token(RSA, "RS256")),
    "another key under a known name": (fetched, lambda: token(OTHER, "RS256", "rsa")),
    "a set that is none": (lambda: fetched(b"<html>"), lambda: token(RSA, "RS256", "rsa")),
    "an empty set": (lambda: fetched(b'{"keys": []}'), lambda: token(RSA, "RS256", "rsa")),
    "RS256 by a key for ES256": (lambda: public(EC), lambda: token(RSA, "RS256")),
    "expired": (shared, lambda: token(exp=NOW - 61)),
    "without expiry": (shared, lambda: token(exp=None)),
    "an expiry that is no number": (shared, lambda: jwt.encode({"exp": 1e300}, SECRET)),
    "not valid yet": (shared, lambda: token(nbf=NOW + 61)),
    "another issuer": (lambda: shared(jwt_issuer=ISSUER), lambda: token(iss="https://other.example")),
    "no issuer": (lambda: shared(jwt_issuer=ISSUER), lambda: token(iss=None)),
    "another audience": (lambda: shared(jwt_audience="hookline"), lambda: token(aud="other")),
    "no audience": (lambda: shared(jwt_audience="hookline"), lambda: token(aud=None)),
    "garbage": (shared, lambda: "garbage"),
    "three parts of garbage": (shared, lambda: "a.b.c"),
    "dots": (shared, lambda: "." * 1000),
    "not ASCII": (shared, lambda: "é.é.é"),
    "100 kB": (shared, lambda: "a" * 100_000),
    "a claim set that is a list": (
        shared,
        lambda: jwt.api_jws.PyJWS().encode(b"[]", SECRET, "HS256"),
    ),
    "claims that are far too deep": (
        shared,
        lambda: jwt.api_jws.PyJWS().encode(b"[" * 5000, SECRET, "HS256"),
    ),
}


@pytest.mark.parametrize(("verifier", "made"), REFUSED.values(), ids=REFUSED)
def test_another_token_is_refused(verifier: Callable[[], Verifier], made: Callable[[], str]) -> None:
    assert SECRET not in refused(verifier(), made())


@pytest.mark.parametrize("place", [3, 50, -2])
def test_a_flipped_character_is_refused(place: int) -> None:
    made = token()
    place %= len(made)
    refused(shared(), made[:place] + ("b" if made[place] != "b" else "c") + made[place + 1 :])


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Basic x"}, {"Authorization": "Bearer x"}, {"X-Token": "x"}]
)
def test_without_a_token_nothing_is_fetched(headers: dict[str, str]) -> None:
    assert fetched().document(message(headers=headers)) is None
    with pytest.raises(Rejected):
        fetched().verify(message(headers=headers))


def test_a_repeated_token_is_refused() -> None:
    with pytest.raises(Rejected):
        shared().verify(message(headers=[("Authorization", f"Bearer {token()}")] * 2))


def test_a_key_set_is_fetched_and_fetched_again_for_a_new_key() -> None:
    verifier = fetched()

    def bearing(text: str) -> Any:
        return message(headers={"Authorization": f"Bearer {text}"})

    assert verifier.document(bearing(token(RSA, "RS256", "rsa"))) == JWKS_URL
    assert verifier.outdated(bearing(token(RSA, "RS256", "rsa"))) is False
    assert verifier.outdated(bearing(token(RSA, "RS256", "another"))) is True
    assert shared().document(bearing(token())) is None


def test_without_its_key_set_nothing_is_accepted() -> None:
    fields = {"jwks_url": JWKS_URL, "jwt_issuer": ISSUER, "jwt_audience": "hookline"}
    refused(source(auth_type="jwt", **fields).verifier, token(RSA, "RS256", "rsa"))


def test_both_secrets_are_valid_during_rotation() -> None:
    rotated = source(
        password="a-new-secret-that-has-32-bytes-01", previous_secret=SECRET, auth_type="jwt"
    ).verifier
    accepts(rotated, token())
    rotated.verify(message(headers=rotated.sign(message())))


def test_we_sign_with_a_shared_secret_only() -> None:
    verifier = shared(jwt_issuer=ISSUER, jwt_audience="hookline")
    verifier.verify(message(headers=verifier.sign(message())))
    with pytest.raises(ConfigurationError, match="Only the sender"):
        public().sign(message())


WRONG: dict[str, tuple[str | None, dict[str, Any], str]] = {
    "no key at all": (None, {}, "needs a secret"),
    "a short secret": ("s3cret", {}, "at least 32 bytes"),
    "a secret too short for its digest": (SECRET, {"jwt_algorithms": "HS512"}, "at least 64 bytes"),
    "a public key that is none": (
        "-----BEGIN PUBLIC KEY-----\nx",
        {},
        "no public key",
    ),
    "a certificate": ("-----BEGIN CERTIFICATE-----\nx", {}, "no public key"),
    "a shared algorithm with a public key": (pem(RSA), {"jwt_algorithms": "HS256"}, "`jwt_algorithms`"),
    "a public algorithm with a secret": (SECRET, {"jwt_algorithms": "RS256"}, "`jwt_algorithms`"),
    "no algorithm": (SECRET, {"jwt_algorithms": "none"}, "`jwt_algorithms`"),
    "two kinds of key": (SECRET, {"previous_secret": pem(RSA)}, "same kind"),
    "a set without issuer": (None, {"jwks_url": JWKS_URL, "jwt_audience": "a"}, "`jwt_issuer`"),
    "a set without audience": (None, {"jwks_url": JWKS_URL, "jwt_issuer": "a"}, "`jwt_audience`"),
    "a set and a secret": (
        SECRET,
        {"jwks_url": JWKS_URL, "jwt_issuer": "a", "jwt_audience": "b"},
        "leave the password empty",
    ),
    "a set in the clear": (None, {"jwks_url": "http://issuer.example/keys"}, "https"),
    "a set in a file": (None, {"jwks_url": "file:///etc/passwd"}, "https"),
    "a set behind a password": (None, {"jwks_url": "https://a:b@issuer.example"}, "https"),
}


@pytest.mark.parametrize(("password", "extra", "says"), WRONG.values(), ids=WRONG)
def test_options_that_let_the_wrong_ones_in_are_refused(
    password: str | None, extra: dict[str, Any], says: str
) -> None:
    with pytest.raises(ConfigurationError, match=says):
        source(password=password, auth_type="jwt", **extra)
