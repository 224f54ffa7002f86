"""What vendors send is taken, and whatever differs from it in one respect is not."""

from __future__ import annotations

import contextlib
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hookline.exceptions import ConfigurationError
from hookline.protocol import naming
from hookline.protocol.intake import Accepted, Handshake, take
from hookline.protocol.message import Message
from hookline.protocol.problem import UNAUTHENTICATED, Rejected
from hookline.protocol.signatures.registry import SCHEMES
from hookline.protocol.source import Source
from tests.unit.protocol.webhooks import Webhook, load

WEBHOOKS = load()
SIGNED = [webhook for webhook in WEBHOOKS if not webhook.case.get("unsigned")]
OVER_BODY = [webhook for webhook in SIGNED if webhook.file.get("signs_body", True)]
FIRST = list({webhook.vendor: webhook for webhook in reversed(WEBHOOKS)}.values())
PROOFS = [(webhook, name) for webhook in WEBHOOKS for name in webhook.proof]
PROVEN = {
    "github", "gitlab", "stripe", "slack", "shopify", "twilio", "square", "paypal", "hubspot", "paddle",
    "line", "zoom", "sendgrid", "meta", "discord", "standard_webhooks",
}  # fmt: skip
GENERAL = {"none", "basic", "api_key", "bearer", "hmac", "jwt"}

LEAF = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
WORDS = st.sampled_from(
    [
        "type",
        "event",
        "events",
        "payload",
        "plainToken",
        "challenge",
        "data",
        "value",
        "resource",
        "action",
        "id",
        "amount",
        "webhookTimestamp",
        "notificationItems",
        "NotificationRequestItem",
        "additionalData",
    ]
)
SPECIAL = st.sampled_from(["url_verification", "endpoint.url_validation", "ping", 0, 1, "a.b", "\ud800"])
JSON = st.recursive(
    LEAF | SPECIAL,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
GARBAGE = {
    "empty": b"",
    "space": b" ",
    "not UTF-8": b"\xff\xfe\x80",
    "not ASCII": "☃".encode(),
    "NUL": b"\x00",
    "100 kB": b"A" * 100_000,
    "100 kB of commas": b"v1," * 33_000,
    "100 kB of pairs": b"t=1,v1=a " * 11_000,
    "digits": b"9" * 13,
    "endless digits": b"9" * 5_000,
    "no number": b"nan",
    "padding": b"====",
    "equals": b"=,=;=",
    "names only": b"t,v1",
    "a URL": b"https://api.paypal.com.example/v1/notifications/certs/CERT-1",
}


def every(webhooks: list[Webhook]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("webhook", webhooks, ids=str)


each_proof = pytest.mark.parametrize(
    ("webhook", "name"), PROOFS, ids=[f"{webhook}-{name}" for webhook, name in PROOFS]
)


def refused(source: Source, message: Message) -> Rejected:
    with pytest.raises(Rejected) as raised:
        take(source, message)
    assert raised.value.problem is UNAUTHENTICATED
    return raised.value


def flipped(text: str, place: int) -> str:
    # By the neighbour: base64 stays base64, hexadecimal stays hexadecimal.
    return text[:place] + ("b" if text[place] != "b" else "c") + text[place + 1 :]


def test_every_scheme_with_a_signature_has_its_requests() -> None:
    assert {webhook.extra["auth_type"] for webhook in WEBHOOKS} == set(SCHEMES) - GENERAL


@pytest.mark.parametrize("vendor", sorted(PROVEN))
def test_a_vendor_is_proven_by_its_own_example_or_library(vendor: str) -> None:
    [file] = [webhook.file for webhook in FIRST if webhook.vendor == vendor]
    assert file["verified"] is True
    assert all(case["source"] for case in file["cases"])


@every(SIGNED)
def test_a_genuine_request_is_accepted(webhook: Webhook) -> None:
    webhook.source().verifier.verify(webhook.message())


@every([webhook for webhook in WEBHOOKS if "event" in webhook.case])
def test_it_becomes_the_event_that_it_is(webhook: Webhook) -> None:
    event = take(webhook.source(), webhook.message())
    assert isinstance(event, Accepted)
    expected = webhook.case["event"]
    assert event.event_type == expected["type"]
    assert event.event_id == expected["id"] or (expected["id"] is None and len(event.event_id) == 36)
    assert expected["dag_id"] in (event.candidates[0], None)
    naming.split(event.candidates[0])


@every([webhook for webhook in WEBHOOKS if "reply" in webhook.case])
def test_a_handshake_is_answered_as_the_vendor_wants(webhook: Webhook) -> None:
    answer = take(webhook.source(), webhook.message())
    assert isinstance(answer, Handshake)
    expected = webhook.case["reply"]
    if expected["body"] is None:
        assert answer.reply is None
    else:
        assert answer.reply is not None
        made = answer.reply
        assert (made.status, made.media_type, made.body) == tuple(
            expected[name] for name in ("status", "media_type", "body")
        )
        assert made.headers == expected.get("headers", {})


@every(
    [webhook for webhook in SIGNED if webhook.file.get("signs_body", True) and "alter" not in webhook.case]
)
@pytest.mark.parametrize("place", [0, 0.5, -1], ids=["first", "middle", "last"])
def test_a_flipped_byte_of_the_body_is_refused(webhook: Webhook, place: float) -> None:
    body = bytearray(webhook.case["body"].encode())
    body[int(place * len(body)) if place > 0 else int(place)] ^= 1
    refused(webhook.source(), webhook.message(body=bytes(body)))


@every([webhook for webhook in WEBHOOKS if "alter" in webhook.case])
def test_each_signed_field_of_a_body_counts(webhook: Webhook) -> None:
    for old, new in webhook.case["alter"]:
        body = webhook.case["body"].replace(old, new)
        assert body != webhook.case["body"]
        refused(webhook.source(), webhook.message(body=body.encode()))


@every(OVER_BODY)
@pytest.mark.parametrize("body", [b"", b"\xff\x00", "☃".encode(), b"A" * 100_000, b"[" * 100_000])
def test_another_body_is_refused(webhook: Webhook, body: bytes) -> None:
    refused(webhook.source(), webhook.message(body=body))


@every([webhook for webhook in SIGNED if webhook.proof])
def test_a_flipped_character_of_the_signature_is_refused(webhook: Webhook) -> None:
    name = webhook.signature
    value = webhook.case["headers"][name]
    # Of several signatures one that is right suffices: break the right one.
    end = value.index(webhook.case["right"]) if "right" in webhook.case else 0
    end += len(webhook.case.get("right", value).rstrip("="))
    for place in (end - 2, end - 10):
        headers = webhook.with_header(name, flipped(value, place))
        refused(webhook.source(), webhook.message(headers=headers))


@each_proof
def test_each_header_has_to_be_there(webhook: Webhook, name: str) -> None:
    refused(webhook.source(), webhook.message(headers=webhook.without(name)))


@every([webhook for webhook in FIRST if webhook.proof and webhook.vendor != "adyen"])
def test_the_operator_reads_which_header_is_missing(webhook: Webhook) -> None:
    for name in webhook.proof:
        reason = refused(webhook.source(), webhook.message(headers=webhook.without(name))).reason
        assert reason == f"No single `{name}` header."


@every([webhook for webhook in FIRST if webhook.file.get("signs_body", True) and "root" not in webhook.file])
def test_the_operator_reads_what_should_have_been_signed(webhook: Webhook) -> None:
    reason = refused(webhook.source(webhook.file["other_password"]), webhook.message()).reason
    body = webhook.case["body"].encode()
    assert f"<{len(body)} bytes, SHA-256 {hashlib.sha256(body).hexdigest()[:12]}…>" in reason
    assert webhook.case["body"] not in reason


@each_proof
def test_a_repeated_header_is_refused_even_when_both_are_right(webhook: Webhook, name: str) -> None:
    headers = [*webhook.case["headers"].items(), (name, webhook.case["headers"][name])]
    assert f"No single `{name}`" in refused(webhook.source(), webhook.message(headers=headers)).reason


@each_proof
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE)
def test_garbage_is_refused_and_nothing_worse(webhook: Webhook, name: str, garbage: bytes) -> None:
    refused(webhook.source(), webhook.message(headers=webhook.with_header(name, garbage)))


@every([webhook for webhook in FIRST if webhook.proof])
@settings(max_examples=25)
@given(garbage=st.binary(max_size=100), body=st.binary(max_size=100))
def test_no_bytes_raise_anything_but_a_refusal(webhook: Webhook, garbage: bytes, body: bytes) -> None:
    for name in webhook.proof:
        refused(webhook.source(), webhook.message(headers=webhook.with_header(name, garbage), body=body))


@every([webhook for webhook in FIRST if webhook.proof and webhook.file.get("shared", True)])
@settings(max_examples=40)
@given(data=JSON)
def test_any_signed_json_is_taken_or_refused(webhook: Webhook, data: Any) -> None:
    body = json.dumps(data).encode()
    others = [(key, value) for key, value in webhook.case["headers"].items() if key not in webhook.proof]
    source = webhook.source()
    # Twilio signs no JSON but by its digest in the URL, and that is another one's.
    with contextlib.suppress(Rejected, ConfigurationError):
        made = source.verifier.sign(webhook.message(headers=others, body=body))
        take(source, webhook.message(headers=dict([*others, *made.items()]).items(), body=body))


@every([webhook for webhook in SIGNED if webhook.tolerance])
@pytest.mark.parametrize("sign", [1, -1], ids=["expired", "in the future"])
def test_the_time_of_signing_counts(webhook: Webhook, sign: int) -> None:
    assert webhook.tolerance
    webhook.source().verifier.verify(webhook.message(late=sign * webhook.tolerance))
    reason = refused(webhook.source(), webhook.message(late=sign * (webhook.tolerance + 1))).reason
    assert f"{webhook.tolerance + 1} s {'old' if sign > 0 else 'ahead'}" in reason


@every([webhook for webhook in SIGNED if webhook.tolerance])
def test_the_tolerance_is_the_connection_s(webhook: Webhook) -> None:
    refused(webhook.source(timestamp_tolerance=10), webhook.message(late=11))


@every(SIGNED)
def test_another_secret_is_refused(webhook: Webhook) -> None:
    rejected = refused(webhook.source(webhook.file["other_password"]), webhook.message())
    for secret in (webhook.file["password"], webhook.file["other_password"]):
        assert secret not in rejected.reason
        assert secret not in json.dumps(rejected.body())


@every(FIRST)
@pytest.mark.parametrize("secret", ["", " ", "\t\n"], ids=["nothing", "a space", "white space"])
def test_an_empty_secret_closes_the_source(webhook: Webhook, secret: str) -> None:
    with pytest.raises(ConfigurationError, match="secret"):
        webhook.source(secret)
    webhook.source(previous_secret=secret).verifier.verify(webhook.message())


@every(SIGNED)
def test_both_secrets_are_valid_during_rotation(webhook: Webhook) -> None:
    new, old = webhook.file["other_password"], webhook.file["password"]
    webhook.source(new, previous_secret=old).verifier.verify(webhook.message())
    webhook.source(old, previous_secret=new).verifier.verify(webhook.message())


@every([webhook for webhook in SIGNED if webhook.proof and webhook.file.get("shared", True)])
def test_what_we_sign_is_accepted(webhook: Webhook) -> None:
    others = [(key, value) for key, value in webhook.case["headers"].items() if key not in webhook.proof]
    source = webhook.source()
    made = source.verifier.sign(webhook.message(headers=others))
    source.verifier.verify(webhook.message(headers=dict([*others, *made.items()]).items()))


@every([webhook for webhook in FIRST if not webhook.file.get("shared", True)])
def test_what_only_the_sender_can_sign_we_cannot(webhook: Webhook) -> None:
    with pytest.raises(ConfigurationError, match="Only the sender"):
        webhook.source().verifier.sign(webhook.message())


@every(SIGNED)
def test_the_proof_does_not_travel_on(webhook: Webhook) -> None:
    hidden = webhook.source().verifier.reads
    assert webhook.signature.lower() in hidden


@every([webhook for webhook in SIGNED if webhook.proof])
def test_the_sender_is_told_the_same_whatever_is_wrong(webhook: Webhook) -> None:
    told: set[Any] = set()
    for headers in ([], webhook.with_header(webhook.signature, "wrong")):
        told.add(json.dumps(refused(webhook.source(), webhook.message(headers=headers)).body()))
    assert len(told) == 1


@every(OVER_BODY)
def test_a_replay_is_known_again_where_no_time_is_signed(webhook: Webhook) -> None:
    verifier = webhook.source().verifier
    key = verifier.replay_key(webhook.message())
    if webhook.tolerance and webhook.vendor != "paypal":
        assert key is None
    else:
        assert key is not None
        assert verifier.replay_key(webhook.message(headers=webhook.with_header("X-Delivery", "2"))) == key
