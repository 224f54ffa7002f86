"""Who is let in: every scheme accepts what its sender makes, and nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import gidgethub
import pytest
from gidgethub.sansio import Event, validate_event
from hypothesis import given
from hypothesis import strategies as st

from hookline.protocol.message import Headers, Message
from hookline.protocol.problem import UNAUTHENTICATED, Rejected
from hookline.protocol.signatures.scheme import Verifier
from hookline.protocol.source import parse
from tests.unit.protocol.requests import message, source

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/signatures.json").read_text(encoding="utf-8"))
ARRIVAL = datetime.fromtimestamp(VECTORS["received_at"], UTC)
ACCEPTED = VECTORS["accepted"]
SIGNED = [case for case in ACCEPTED if case["extra"]["auth_type"] in ("hmac", "github")]
TIMED = [case for case in ACCEPTED if "timestamp_header" in case["extra"]]

every = pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case["name"])
signed = pytest.mark.parametrize("case", SIGNED, ids=lambda case: case["name"])
timed = pytest.mark.parametrize("case", TIMED, ids=lambda case: case["name"])


def verifier(case: dict[str, Any], **changed: Any) -> Verifier:
    extra = case["extra"] | changed.pop("extra", {})
    fields = {"login": case["login"], "password": case["password"], **changed}
    return parse("shop", fields["login"], fields["password"], extra).verifier


def request(case: dict[str, Any], **changed: Any) -> Message:
    fields = {"body": case["body"].encode(), "headers": case["headers"], "received_at": ARRIVAL}
    return message(**{**fields, "url": VECTORS["url"], **changed})


def refused(verifier: Verifier, message: Message) -> Rejected:
    with pytest.raises(Rejected) as raised:
        verifier.verify(message)
    assert raised.value.problem is UNAUTHENTICATED
    return raised.value


def flipped(text: str) -> str:
    """Change the last character that carries proof to its neighbour, so that base64 stays base64."""
    place = len(text.rstrip("=")) - 2
    return text[:place] + ("b" if text[place] != "b" else "c") + text[place + 1 :]


@every
def test_a_genuine_request_is_accepted(case: dict[str, Any]) -> None:
    verifier(case).verify(request(case))


@every
def test_our_signature_is_the_sender_s(case: dict[str, Any]) -> None:
    made = verifier(case).sign(request(case, headers={}))
    # HTTP carries bytes: what sign() gives is compared as it would arrive.
    assert {name: value.encode() for name, value in made.items()} == {
        name: value.encode() for name, value in case["headers"].items()
    }


@every
def test_the_previous_secret_is_accepted_as_well(case: dict[str, Any]) -> None:
    rotated = verifier(case, password="new-secret", extra={"previous_secret": case["password"]})
    rotated.verify(request(case))
    rotated.verify(request(case, headers=rotated.sign(request(case))))


@every
def test_another_secret_is_refused(case: dict[str, Any]) -> None:
    refused(verifier(case, password="another"), request(case))


@signed
def test_a_flipped_byte_of_the_body_is_refused(case: dict[str, Any]) -> None:
    body = bytearray(case["body"].encode())
    body[-2] ^= 1
    refused(verifier(case), request(case, body=bytes(body)))


@signed
def test_an_empty_body_in_place_of_the_signed_one_is_refused(case: dict[str, Any]) -> None:
    refused(verifier(case), request(case, body=b""))


@every
def test_one_changed_character_of_the_proof_is_refused(case: dict[str, Any]) -> None:
    name = next(iter(case["headers"]))
    headers = case["headers"] | {name: flipped(case["headers"][name])}
    refused(verifier(case), request(case, headers=headers))


@every
def test_each_header_of_the_proof_has_to_be_there(case: dict[str, Any]) -> None:
    for missing in case["headers"]:
        headers = {name: value for name, value in case["headers"].items() if name != missing}
        refused(verifier(case), request(case, headers=headers))


@every
def test_a_repeated_header_is_refused_even_when_both_are_right(case: dict[str, Any]) -> None:
    for repeated in case["headers"]:
        headers = [*case["headers"].items(), (repeated, case["headers"][repeated])]
        refused(verifier(case), request(case, headers=headers))


@every
def test_names_of_headers_are_case_insensitive(case: dict[str, Any]) -> None:
    verifier(case).verify(
        request(case, headers={name.upper(): value for name, value in case["headers"].items()})
    )


@every
@pytest.mark.parametrize(
    "garbage",
    [
        b"",
        b" ",
        b"\xff\xfe\x80",
        "☃".encode(),
        b"A" * 100_000,
        b"\x00",
        b"sha256=",
        b"Basic",
        b"Basic ====",
        b"Basic \xe9",
        b"Bearer",
        b"Bearer ",
        b"Basic " + b"A" * 100_000,
        b"v0=\xc0\xc1\xde",
    ],
    ids=[
        "empty",
        "space",
        "not UTF-8",
        "not ASCII",
        "100 kB",
        "NUL",
        "prefix only",
        "scheme only",
        "padding only",
        "scheme and Latin-1",
        "other scheme",
        "scheme and space",
        "100 kB of base64",
        "upper",
    ],
)
def test_garbage_is_refused_and_nothing_worse(case: dict[str, Any], garbage: bytes) -> None:
    for spoilt in case["headers"]:
        fields = {name: value.encode() for name, value in case["headers"].items()} | {spoilt: garbage}
        headers = Headers((name.encode(), value) for name, value in fields.items())
        refused(verifier(case), replace(request(case), headers=headers))


@pytest.mark.parametrize("case", ACCEPTED[3:], ids=lambda case: case["name"])
@given(garbage=st.binary(max_size=200))
def test_no_bytes_in_the_proof_raise_anything_but_a_refusal(case: dict[str, Any], garbage: bytes) -> None:
    name = next(iter(case["headers"]))
    fields = {key: value.encode() for key, value in case["headers"].items()} | {name: garbage}
    if garbage.strip(b" \t") != case["headers"][name].encode():
        headers = Headers((key.encode(), value) for key, value in fields.items())
        refused(verifier(case), replace(request(case), headers=headers))


@every
def test_a_refusal_tells_the_sender_nothing_about_the_reason(case: dict[str, Any]) -> None:
    details = set()
    for headers in ({}, dict.fromkeys(case["headers"], "wrong")):
        rejected = refused(verifier(case), request(case, headers=headers))
        details.add(json.dumps(rejected.body()))
        assert case["password"] not in rejected.reason
        assert case["password"] not in json.dumps(rejected.body())
    assert len(details) == 1


@every
def test_the_headers_of_the_proof_are_declared_so_that_they_do_not_travel_on(case: dict[str, Any]) -> None:
    carriers = {name.lower() for name in case["headers"]} - {
        case["extra"].get("timestamp_header", "").lower()
    }
    assert carriers <= verifier(case).reads


@every
def test_the_representation_shows_no_secret(case: dict[str, Any]) -> None:
    assert case["password"] not in repr(verifier(case, extra={"previous_secret": "0ld-s3cret"}))
    assert "0ld-s3cret" not in repr(verifier(case, extra={"previous_secret": "0ld-s3cret"}))


@timed
@pytest.mark.parametrize(
    ("offset", "accepted"),
    [(0, True), (1, True), (-1, True), (1.01, False), (-1.01, False)],
    ids=["now", "just old enough", "just early enough", "expired", "in the future"],
)
def test_the_time_of_signing_counts(case: dict[str, Any], offset: float, accepted: bool) -> None:
    tolerance = case["extra"].get("timestamp_tolerance", 300)
    late = request(case, received_at=ARRIVAL + timedelta(seconds=offset * tolerance))
    if accepted:
        verifier(case).verify(late)
    else:
        refused(verifier(case), late)


@timed
@pytest.mark.parametrize("stamp", ["", "now", "-1", "1e9", "1790000000.0", "9" * 13, "٣", " 1", "0x6ab"])
def test_a_time_that_is_no_unix_time_is_refused(case: dict[str, Any], stamp: str) -> None:
    headers = case["headers"] | {case["extra"]["timestamp_header"]: stamp}
    refused(verifier(case), request(case, headers=headers))


@timed
def test_a_signature_does_not_cover_another_time(case: dict[str, Any]) -> None:
    headers = case["headers"] | {case["extra"]["timestamp_header"]: str(VECTORS["received_at"] + 1)}
    refused(verifier(case), request(case, headers=headers))


def test_a_signed_url_does_not_cover_another_url() -> None:
    case = next(case for case in ACCEPTED if case["name"] == "hmac: url and base64")
    refused(verifier(case), request(case, url=VECTORS["url"] + "&admin=1"))


def test_hexadecimal_may_be_upper_case() -> None:
    case = next(case for case in ACCEPTED if case["name"] == "hmac: defaults")
    verifier(case).verify(request(case, headers={"X-Signature": case["headers"]["X-Signature"].upper()}))


@pytest.mark.parametrize("secret", ["voilà", "Å", "naïve ☃", "nbsp\u00a0"])
@pytest.mark.parametrize("auth_type", ["api_key", "bearer", "basic", "hmac", "github"])
def test_a_secret_in_utf_8_arrives_whole(auth_type: str, secret: str) -> None:
    proof = source(login="user", password=secret, auth_type=auth_type).verifier
    proof.verify(message(headers=proof.sign(message())))


def test_none_accepts_everybody_and_adds_nothing() -> None:
    proof = source(auth_type="none").verifier
    proof.verify(message(headers={"Authorization": "Basic ?"}))
    assert proof.sign(message()) == {}
    assert proof.reads == frozenset()


def test_basic_authentication_challenges_the_sender() -> None:
    basic = source(login="user", password="secret", auth_type="basic").verifier
    assert refused(basic, message()).headers["WWW-Authenticate"].startswith("Basic realm=")


def test_bearer_authentication_challenges_the_sender() -> None:
    bearer = source(password="secret", auth_type="bearer").verifier
    assert refused(bearer, message()).headers["WWW-Authenticate"].startswith("Bearer realm=")


@given(body=st.binary(), secret=st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip))
def test_what_we_sign_for_github_is_accepted_by_gidgethub(body: bytes, secret: str) -> None:
    headers = source(password=secret, auth_type="github").verifier.sign(message(body))
    validate_event(body, signature=headers["X-Hub-Signature-256"], secret=secret)


def test_gidgethub_reads_our_delivery_whole_and_refuses_it_altered() -> None:
    body = b'{"zen": "Practicality beats purity."}'
    headers = {
        "content-type": "application/json",
        "x-github-event": "ping",
        "x-github-delivery": "72d3162e-cc78-11e3-81ab-4c9367dc0958",
    }
    made = source(password="s3cret", auth_type="github").verifier.sign(message(body))
    headers |= {name.lower(): value for name, value in made.items()}
    assert Event.from_http(headers, body, secret="s3cret").event == "ping"
    with pytest.raises(gidgethub.ValidationFailure):
        Event.from_http(headers, body + b" ", secret="s3cret")
