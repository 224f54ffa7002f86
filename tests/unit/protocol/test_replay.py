"""Which events are remembered by what was signed."""

from __future__ import annotations

import zlib
from dataclasses import replace
from typing import Any

import pytest

from hookline.protocol.bounds import Bounds
from hookline.protocol.intake import Accepted, events, take
from hookline.protocol.replay import Replay
from tests.unit.protocol.requests import message, source
from tests.unit.protocol.webhooks import load

SECRET = "s3cret"
BODY = b'{"id": "1", "rows": [{"n": 1}, {"n": 2}]}'


def taken(delivery: str = "d1", **extra: Any) -> Any:
    shop = source("shop", password=SECRET, **{"auth_type": "hmac", "event_id": "header:X-Id", **extra})
    headers = {"X-Id": delivery}
    return take(shop, message(BODY, {**headers, **shop.verifier.sign(message(BODY, headers))}))


def replay(delivery: str = "d1", **extra: Any) -> Replay | None:
    event = taken(delivery, **extra)
    assert isinstance(event, Accepted)
    return event.replay


def test_the_key_does_not_depend_on_what_is_not_signed() -> None:
    assert replay("d1") == replay("d2")
    assert replay() is not None


def test_the_window_is_the_connection_s() -> None:
    assert getattr(replay(), "seconds", None) == 300
    assert getattr(replay(replay_window=60), "seconds", None) == 60


@pytest.mark.parametrize(
    "extra",
    [
        {"replay_window": 0},
        {"signed_content": "{timestamp}.{body}", "timestamp_header": "X-Time"},
        {"signed_content": "{id}.{body}"},
        {"auth_type": "api_key"},
    ],
    ids=["switched off", "time is signed", "id is signed", "nothing is signed"],
)
def test_where_it_would_gain_nothing_it_is_not_remembered(extra: dict[str, Any]) -> None:
    assert replay(**extra) is None


def test_the_events_of_a_batch_are_told_apart() -> None:
    first, second = taken(batch="rows")
    again, _ = taken("d2", batch="rows")
    assert first.replay != second.replay
    assert first.replay == again.replay


def sent(body: bytes, headers: dict[str, str], *, path: str = "", **extra: Any) -> Any:
    shop = source("shop", password=SECRET, **{"auth_type": "hmac", **extra})
    return take(shop, message(body, {**headers, **shop.verifier.sign(message(body))}, event_path=path))


IN_BODY = {"event_type": "header:X-Type", "event_id": "body:id"}


@pytest.mark.parametrize(
    "given",
    ["text/plain", "application/x-www-form-urlencoded", "text/x-java-properties", "application/pdf"],
)
def test_an_id_that_another_content_type_hides_makes_no_other_event(given: str) -> None:
    bounds = Bounds(storage="file:///s")
    shop = source("shop", password=SECRET, auth_type="hmac", **IN_BODY)
    headers = {"X-Type": "t", **shop.verifier.sign(message(BODY))}
    first = take(shop, message(BODY, {"Content-Type": "application/json", **headers}), bounds)
    again = take(shop, message(BODY, {"Content-Type": given, **headers}), bounds)
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (first.event_id, again.event_id == "1") == ("1", False)
    assert first.replay == again.replay
    assert first.replay is not None


def test_lines_are_the_json_that_they_were() -> None:
    [again] = sent(BODY, {"X-Type": "t", "Content-Type": "application/x-ndjson"}, **IN_BODY)
    assert again.replay == sent(BODY, {"X-Type": "t"}, **IN_BODY).replay is not None


@pytest.mark.parametrize("given", ["application/json", "application/cloudevents+json"])
def test_a_cloudevent_is_known_whether_it_is_read_as_one_or_not(given: str) -> None:
    body = b'{"specversion": "1.0", "id": "7", "source": "/shop", "type": "order.paid"}'
    first = sent(body, {"Content-Type": "application/cloudevents+json"}, path="order/paid")
    assert sent(body, {"Content-Type": given}, path="order/paid").replay == first.replay


@pytest.mark.parametrize(
    ("extra", "one", "other"),
    [
        ({"auth_type": "shopify"}, {"X-Shopify-Topic": "orders/create"}, {"X-Shopify-Topic": "orders/paid"}),
        ({"event_type": "header:X-Type"}, {"X-Type": "a"}, {"X-Type": "b"}),
    ],
    ids=["shopify", "hmac"],
)
def test_equal_bodies_of_two_types_are_two_events(
    extra: dict[str, Any], one: dict[str, str], other: dict[str, str]
) -> None:
    assert sent(BODY, one, **extra).replay == sent(BODY, one, **extra).replay
    assert sent(BODY, one, **extra).replay != sent(BODY, other, **extra).replay


@pytest.mark.parametrize(("one", "other"), [("orders/create", "orders/paid"), ("a/b", "a%2Fb")])
def test_equal_bodies_at_two_paths_are_two_events(one: str, other: str) -> None:
    assert sent(BODY, {}, path=one).replay != sent(BODY, {}, path=other).replay
    assert sent(BODY, {}, path=one).replay == sent(BODY, {}, path=one).replay


def test_a_path_that_says_nothing_makes_no_other_event() -> None:
    typed = {"event_type": "body:id"}
    assert sent(BODY, {}, path="a", **typed).replay == sent(BODY, {}, path="b", **typed).replay


def forged(body: bytes, like: bytes) -> bytes:
    """Return the body with a member more, so that its CRC-32 is the other's.

    The CRC is affine in each bit, so which of the bits to turn follows by elimination.
    """
    blank = bytearray(b"@" * 48)

    def crc(filler: bytes) -> int:
        return zlib.crc32(body[:-1] + b', "pad": "' + filler + b'"}')

    basis: dict[int, tuple[int, int]] = {}

    def reduced(value: int, bits: int) -> tuple[int, int]:
        while value and value.bit_length() in basis:
            one, other = basis[value.bit_length()]
            value, bits = value ^ one, bits ^ other
        return value, bits

    for index in range(len(blank)):
        turned = bytearray(blank)
        turned[index] ^= 1
        value, bits = reduced(crc(turned) ^ crc(blank), 1 << index)
        if value:
            basis[value.bit_length()] = value, bits
    rest, bits = reduced(zlib.crc32(like) ^ crc(blank), 0)
    assert rest == 0
    filler = bytes(byte ^ (bits >> index & 1) for index, byte in enumerate(blank))
    return body[:-1] + b', "pad": "' + filler + b'"}'


PAYPAL = next(webhook for webhook in load() if webhook.vendor == "paypal" and "event" in webhook.case)
FORGERY = b'{"id": "WH-2", "event_type": "PAYMENT.SALE.REFUNDED", "resource": {"amount": "999999"}}'


@pytest.mark.parametrize("given", ["application/json", "application/x-ndjson"])
@pytest.mark.parametrize("extra", [{}, {"event_type": "path"}], ids=["type in the body", "type in the path"])
def test_a_body_of_the_same_crc_is_the_event_whose_signature_it_has(
    given: str, extra: dict[str, Any]
) -> None:
    shop = PAYPAL.source(**extra)
    genuine = PAYPAL.message()
    fields = [*PAYPAL.without("Content-Type"), ("Content-Type", given)]
    lines = b'{"id": "WH-1", "event_type": "A"}\n' if given.endswith("ndjson") else b""
    forgery = replace(
        PAYPAL.message(body=forged(lines + FORGERY, genuine.body), headers=fields), event_path="refunded"
    )
    [first] = events(take(shop, genuine))
    assert first.replay is not None
    for event in events(take(shop, forgery)):
        assert event.event_id != first.event_id
        assert event.replay == first.replay


def test_items_of_adyen_are_known_by_what_is_signed_of_them() -> None:
    webhook = next(webhook for webhook in load() if webhook.vendor == "adyen" and webhook.case.get("in_body"))
    [first] = events(take(webhook.source(), webhook.message()))
    again = webhook.message(body=webhook.message().body + b" ")
    assert first.replay is not None
    assert [event.replay for event in events(take(webhook.source(), again))] == [first.replay]
