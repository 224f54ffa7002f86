"""What a vendor's scheme has that others have not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest
import standardwebhooks
from hypothesis import given
from hypothesis import strategies as st

from hookline.exceptions import ConfigurationError
from hookline.protocol.intake import Accepted, Handshake, take
from hookline.protocol.problem import METHOD_NOT_ALLOWED, UNAUTHENTICATED, Problem, Rejected
from hookline.protocol.source import Source
from tests.unit.protocol.requests import message, source
from tests.unit.protocol.webhooks import Webhook, load, trusting

WEBHOOKS = {str(webhook): webhook for webhook in load()}
PAYPAL = WEBHOOKS["paypal: a completed sale"]
GITLAB = WEBHOOKS["gitlab: a push, by signing token"]
TWILIO = WEBHOOKS["twilio: JSON, by its digest"]
FORM = WEBHOOKS["twilio: a form whose URL was signed with its port"]
TWITTER = WEBHOOKS["twitter: an activity"]
ASANA = WEBHOOKS["asana: the confirmation of a new webhook"]


def refused(source: Source, request: Any, problem: Problem = UNAUTHENTICATED) -> str:
    with pytest.raises(Rejected) as raised:
        take(source, request)
    assert raised.value.problem is problem
    return raised.value.reason


def accepts(source: Source, request: Any) -> None:
    source.verifier.verify(request)


# PayPal


@pytest.mark.parametrize("name", PAYPAL.file["certificates"])
def test_a_certificate_that_is_not_to_be_believed(name: str) -> None:
    verifier = trusting(PAYPAL.source().verifier, PAYPAL.file["root"], PAYPAL.file["certificates"][name])
    with pytest.raises(Rejected, match="is not believed"):
        verifier.verify(PAYPAL.message())


def test_the_authorities_of_the_public_do_not_vouch_for_the_test_s() -> None:
    verifier = PAYPAL.source().verifier.informed(PAYPAL.case["document"].encode())
    verifier.verify(PAYPAL.message())
    public = source("paypal", password=PAYPAL.file["password"], auth_type="paypal").verifier
    with pytest.raises(Rejected, match="is not believed"):
        public.informed(PAYPAL.case["document"].encode()).verify(PAYPAL.message())


def test_intermediate_certificates_may_be_the_connection_s() -> None:
    given = PAYPAL.source(intermediate_certificates=PAYPAL.file["intermediate"])
    alone = PAYPAL.file["certificates"]["no_chain"]
    trusting(given.verifier, PAYPAL.file["root"], alone).verify(PAYPAL.message())


def test_without_its_certificate_nothing_of_paypal_is_accepted() -> None:
    refused(source("paypal", password=PAYPAL.file["password"], auth_type="paypal"), PAYPAL.message())


@pytest.mark.parametrize(
    "url",
    [
        "https://api.paypal.com/v1/notifications/certs/CERT-360caa42-fca2a594-1d93a270",
        "https://api-m.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.sandbox.paypal.com/v1/notifications/certs/CERT-1",
        "https://api-m.sandbox.paypal.com/v1/notifications/certs/CERT-1",
    ],
)
def test_certificates_are_fetched_from_paypal(url: str) -> None:
    request = PAYPAL.message(headers=PAYPAL.with_header("PayPal-Cert-Url", url))
    assert PAYPAL.source().verifier.document(request) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://api.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com.example/v1/notifications/certs/CERT-1",
        "https://api.paypal.com@example.com/v1/notifications/certs/CERT-1",
        "https://apixpaypal.com/v1/notifications/certs/CERT-1",
        "https://www.paypal.com/v1/notifications/certs/CERT-1",
        "https://api.paypal.com:8443/v1/notifications/certs/CERT-1",
        "https://api.paypal.com/v1/notifications/certs/../../files/1",
        "https://api.paypal.com/v1/notifications/certs/CERT-1?redirect=https://example.com",
        "https://api.paypal.com/v1/notifications/certs/CERT-1#",
        "https://api.paypal.com/v1/notifications/certs/CERT-1\n",
        "https://api.paypal.com/v1/notifications/certs/",
        "file:///etc/passwd",
    ],
)
def test_and_from_nowhere_else(url: str) -> None:
    request = PAYPAL.message(headers=PAYPAL.with_header("PayPal-Cert-Url", url))
    assert PAYPAL.source().verifier.document(request) is None
    if "\n" not in url:
        assert "no address of PayPal's" in refused(PAYPAL.source(), request)


def test_an_older_algorithm_of_paypal_is_refused() -> None:
    request = PAYPAL.message(headers=PAYPAL.with_header("PayPal-Auth-Algo", "SHA1withRSA"))
    assert "SHA256withRSA" in refused(PAYPAL.source(), request)


# GitLab


def test_items_of_adyen_are_looked_for_in_no_large_body() -> None:
    payment = next(
        one for one in load() if one.vendor == "adyen" and "HmacSignature" not in one.case["headers"]
    )
    padding = b" " * 1024 * 1024
    accepts(payment.source(), payment.message())
    assert "1048576 bytes" in refused(
        payment.source(), payment.message(body=payment.message().body + padding)
    )


def test_gitlab_s_token_counts_for_nothing_where_it_signs() -> None:
    headers = [*GITLAB.without("webhook-signature"), ("X-Gitlab-Token", GITLAB.file["password"])]
    refused(GITLAB.source(), GITLAB.message(headers=headers))


def test_gitlab_may_change_over_from_a_token_to_signatures() -> None:
    both = GITLAB.source(previous_secret="t0ken")
    accepts(both, GITLAB.message())
    accepts(both, GITLAB.message(headers=[("X-Gitlab-Token", "t0ken")]))
    refused(both, GITLAB.message(headers=[("X-Gitlab-Token", "another")]))
    headers = [*GITLAB.with_header("webhook-signature", "v1,AAAA"), ("X-Gitlab-Token", "t0ken")]
    refused(both, GITLAB.message(headers=headers))


def test_gitlab_s_delivery_id_is_the_signed_one() -> None:
    request = GITLAB.message(headers=GITLAB.with_header("Idempotency-Key", "another"))
    assert "Idempotency-Key" in refused(GITLAB.source(), request)


# Twilio


def test_a_body_that_nothing_signs_is_refused() -> None:
    json_body = FORM.message(headers=FORM.with_header("Content-Type", "application/json"))
    assert "nothing signs this body" in refused(FORM.source(), json_body)
    assert "nothing signs this body" in refused(
        FORM.source(), FORM.message(headers=FORM.without("Content-Type"))
    )


def test_a_form_may_come_in_another_order() -> None:
    pairs = FORM.case["body"].split("&")
    accepts(FORM.source(), FORM.message(body="&".join(reversed(pairs)).encode()))


@pytest.mark.parametrize("body", [b"a=%FF", b"&".join([b"a=1"] * 1001), "ä=1".encode()])
def test_a_form_that_cannot_be_read_is_refused(body: bytes) -> None:
    assert "too many fields or is not UTF-8" in refused(FORM.source(), FORM.message(body=body))


def test_the_query_of_twilio_s_url_is_signed() -> None:
    changed = Webhook(FORM.vendor, FORM.file, {**FORM.case, "url": FORM.case["url"] + "&admin=1"})
    refused(FORM.source(), changed.message())
    twice = Webhook(TWILIO.vendor, TWILIO.file, {**TWILIO.case, "url": TWILIO.case["url"] + "&bodySHA256=0"})
    refused(TWILIO.source(), twice.message())


# X (Twitter): its check gives anybody the signature of a token


@pytest.mark.parametrize("body", ["MGQ4M2Y5", "17", "true", "null", "[]", ' {"a": 1}'])
def test_what_may_have_been_signed_by_the_check_is_no_event(body: str) -> None:
    digest = hmac.new(TWITTER.file["password"].encode(), body.encode(), hashlib.sha256).digest()
    headers = {"x-twitter-webhooks-signature": "sha256=" + base64.b64encode(digest).decode()}
    refused(TWITTER.source(), message(body.encode(), headers, event_path="activity"))


@pytest.mark.parametrize("token", ['{"a":1}', "a=1", "%7B%7D", "a b", "a" * 257, "☃", ""])
def test_the_check_signs_nothing_that_could_be_an_event(token: str) -> None:
    refused(TWITTER.source(), message(b"", query=f"crc_token={quote(token)}", method="GET"))


# Handshakes


@pytest.mark.parametrize(
    "name",
    ["slack: url_verification", "zoom: endpoint.url_validation", "discord: a ping of interactions"],
)
def test_a_signed_handshake_is_verified_before_it_is_answered(name: str) -> None:
    webhook = WEBHOOKS[name]
    refused(webhook.source(), webhook.message(headers=webhook.without(webhook.signature)))
    refused(webhook.source(webhook.file["other_password"]), webhook.message())


@pytest.mark.parametrize("name", ["slack: url_verification", "zoom: endpoint.url_validation"])
def test_a_handshake_is_known_wherever_the_type_is_expected(name: str) -> None:
    webhook = WEBHOOKS[name]
    assert isinstance(take(webhook.source(event_type="path"), webhook.message()), Handshake)


def test_a_ping_is_known_wherever_the_type_is_expected() -> None:
    ping = WEBHOOKS["github: a ping"]
    assert isinstance(take(ping.source(event_type="path"), ping.message()), Handshake)


def subscription(**changed: str) -> Any:
    fields = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "t0ken", **changed}
    query = "&".join(f"{name}={value}" for name, value in fields.items())
    return message(b"", query=query, method="GET")


META = source("meta", password="s3cret", auth_type="meta", verify_token="t0ken")


def test_meta_s_subscription_is_confirmed() -> None:
    answer = take(META, subscription())
    assert isinstance(answer, Handshake)
    assert answer.reply is not None
    assert answer.reply.body == "1158201444"


@pytest.mark.parametrize(
    "changed",
    [
        {"hub.verify_token": "another"},
        {"hub.verify_token": ""},
        {"hub.verify_token": "t0ken&hub.verify_token=t0ken"},
        {"hub.challenge": ""},
        {"hub.challenge": "1&hub.challenge=2"},
        {"hub.challenge": "a" * 2049},
        {"hub.challenge": "%00"},
        {"hub.challenge": "a%0d%0aSet-Cookie:%20a=b"},
    ],
)
def test_a_subscription_that_is_not_meta_s_is_refused(changed: dict[str, str]) -> None:
    reason = refused(META, subscription(**changed))
    assert "t0ken" not in reason.replace("verify_token", "")


def test_a_subscription_without_its_mode_is_a_method_that_is_not_taken() -> None:
    refused(META, subscription(**{"hub.mode": "unsubscribe"}), METHOD_NOT_ALLOWED)


def test_without_a_verify_token_nothing_is_confirmed() -> None:
    silent = source("meta", password="s3cret", auth_type="meta")
    assert silent.takes == set(silent.methods)
    refused(silent, subscription(), METHOD_NOT_ALLOWED)


GRAPH = source("graph", password="s3cret", auth_type="api_key", key_query="key", handshake="microsoft_graph")


def test_microsoft_graph_s_validation_is_answered_decoded() -> None:
    answer = take(GRAPH, message(b"", query="key=s3cret&validationToken=Validation%3A+Testing%20it"))
    assert isinstance(answer, Handshake)
    assert answer.reply is not None
    assert (answer.reply.body, answer.reply.media_type) == (
        "Validation: Testing it",
        "text/plain; charset=utf-8",
    )


@pytest.mark.parametrize(
    ("body", "query"),
    [
        (b"{}", "validationToken=x"),
        (b"", "validationToken=" + "x" * 2049),
        (b"", "validationToken=x&validationToken=y"),
        (b"", "validationToken=%00"),
        (b"", "validationToken="),
    ],
    ids=["with a body", "too long", "twice", "not printable", "empty"],
)
def test_what_is_no_validation_has_to_prove_itself(body: bytes, query: str) -> None:
    refused(GRAPH, message(body, query=query))


CLOUD = source("cloud", password="s3cret", auth_type="bearer", handshake="cloudevents")


def test_the_origin_of_cloudevents_is_allowed_to_send() -> None:
    request = message(b"", {"WebHook-Request-Origin": "eventemitter.example.com"}, method="OPTIONS")
    answer = take(CLOUD, request)
    assert isinstance(answer, Handshake)
    assert answer.reply is not None
    assert answer.reply.headers == {
        "WebHook-Allowed-Origin": "eventemitter.example.com",
        "WebHook-Allowed-Rate": "*",
    }


@pytest.mark.parametrize("origin", ["", "a b", "a\tb", "*", "é", "a" * 254, "-a", "a/b", "a,b"])
def test_what_is_no_origin_is_not_repeated(origin: str) -> None:
    refused(CLOUD, message(b"", {"WebHook-Request-Origin": origin}, method="OPTIONS"), METHOD_NOT_ALLOWED)


def test_a_stranger_s_secret_of_asana_is_repeated_and_never_believed() -> None:
    stranger = "a-stranger-s-own-secret"
    answer = take(ASANA.source(), ASANA.message(headers=[("X-Hook-Secret", stranger)]))
    assert isinstance(answer, Handshake)
    assert answer.reply is not None
    assert answer.reply.headers == {"X-Hook-Secret": stranger}
    digest = hmac.new(stranger.encode(), b'{"events":[]}', hashlib.sha256).hexdigest()
    refused(ASANA.source(), message(b'{"events":[]}', {"X-Hook-Signature": digest}))


@pytest.mark.parametrize(
    "offered", ["", "short", "a" * 257, "a secret with spaces", "<script>alert(1)</script>", "é" * 20]
)
def test_what_is_no_secret_of_asana_is_not_repeated(offered: str) -> None:
    refused(ASANA.source(), ASANA.message(headers=[("X-Hook-Secret", offered)]))


def test_a_signed_request_is_never_a_confirmation() -> None:
    signed = WEBHOOKS["asana: a changed task"]
    headers = [*signed.case["headers"].items(), ("X-Hook-Secret", ASANA.file["password"])]
    assert isinstance(take(signed.source(), signed.message(headers=headers)), Accepted)


# api_key in the query, hmac over the id


@pytest.mark.parametrize(
    "query", ["", "key=", "key=wrong", "key=s3cret&key=s3cret", "KEY=s3cret", "key=s3cre%74%00"]
)
def test_a_key_in_the_query_has_to_be_right_and_single(query: str) -> None:
    refused(source(password="s3cret", auth_type="api_key", key_query="key"), message(query=query))


def test_a_key_in_the_query_does_not_travel_on() -> None:
    shop = source(password="s3cret", auth_type="api_key", key_query="k", methods="GET")
    event = take(shop, message(b"", query="k=s3cret&order=17", event_path="paid", method="GET"))
    assert isinstance(event, Accepted)
    assert json.loads(event.body)["data"] == {"order": "17"}
    assert json.loads(event.body)["hookline"]["query"] == {"order": "17"}
    assert "s3cret" not in event.body


def test_a_key_in_the_query_is_no_header() -> None:
    shop = source(password="s3cret", auth_type="api_key", key_query="k")
    refused(shop, message(headers={"X-API-Key": "s3cret"}))
    with pytest.raises(ConfigurationError, match="query"):
        shop.verifier.sign(message())


def test_the_delivery_id_may_be_signed() -> None:
    shop = source(password="s3cret", auth_type="hmac", signed_content="{id}.{body}", event_id="header:X-Id")
    made = shop.verifier.sign(message(headers={"X-Id": "17"}))
    expected = hmac.new(b"s3cret", b"17.{}", hashlib.sha256).hexdigest()
    assert made == {"X-Id": "17", "X-Signature": expected}
    accepts(shop, message(headers=made))
    refused(shop, message(headers={**made, "X-Id": "18"}))
    assert shop.verifier.replay_key(message(headers=made)) is None


def test_the_public_url_is_the_one_that_is_signed() -> None:
    fields = {"password": "s3cret", "auth_type": "hmac", "signed_content": "{url}{body}"}
    inside = message(url="http://10.0.0.1:8080/airflow/hooks/in/shop?x=1", query="x=1")
    outside = message(url="https://hooks.example.com/hooks/in/shop?x=1", query="x=1")
    made = source(**fields).verifier.sign(outside)
    for public_url in (
        "https://hooks.example.com",
        "https://hooks.example.com/",
        "https://hooks.example.com/hooks",
    ):
        behind = source(**fields, public_url=public_url)
        behind.verifier.verify(message(headers=made, url=inside.url, query="x=1"))
    refused(source(**fields), message(headers=made, url=inside.url, query="x=1"))


@given(body=st.text(st.characters(codec="utf-8")), key=st.binary(min_size=24, max_size=64))
def test_the_library_of_standard_webhooks_accepts_what_we_sign(body: str, key: bytes) -> None:
    secret = "whsec_" + base64.b64encode(key).decode()
    sender = source(password=secret, auth_type="standard_webhooks").verifier
    made = sender.sign(message(body.encode(), {"webhook-id": "msg_1"}, received_at=datetime.now(UTC)))
    standardwebhooks.Webhook(secret).verify(body, dict(made), json_parse=False)


REFUSED_OPTIONS = {
    "an id that no header carries": ({"auth_type": "hmac", "signed_content": "{id}{body}"}, "`event_id`"),
    "a public URL that is none": ({"auth_type": "hmac", "public_url": "hooks.example.com"}, "base URL"),
    "a public URL with a query": ({"auth_type": "square", "public_url": "https://a.example?x"}, "base URL"),
    "a public URL that is not signed": ({"auth_type": "github", "public_url": "https://a"}, "`public_url`"),
    "a key in two places": ({"auth_type": "api_key", "key_query": "k", "api_key_header": "X"}, "drop"),
    "a handshake that is none": ({"auth_type": "bearer", "handshake": "zoom"}, "`handshake` must be one of"),
    "meta's handshake without its token": ({"auth_type": "bearer", "handshake": "meta"}, "`verify_token`"),
    "a token without its handshake": ({"auth_type": "github", "verify_token": "x"}, "handshake is meta"),
    "no hexadecimal": ({"auth_type": "adyen"}, "hexadecimal"),
    "no key of Discord's": ({"auth_type": "discord"}, "Ed25519"),
    "no key of SendGrid's": ({"auth_type": "sendgrid"}, "ECDSA"),
    "no base64": ({"auth_type": "standard_webhooks"}, "base64"),
    "no login": ({"auth_type": "kinetic"}, "login"),
}


@pytest.mark.parametrize(("extra", "says"), REFUSED_OPTIONS.values(), ids=REFUSED_OPTIONS)
def test_wrong_options_are_refused(extra: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigurationError, match=says):
        source(password="s3cret", **extra)
