"""How a message proves where it is from, as the receiver and the vendors' libraries see it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import standardwebhooks
import svix.webhooks

from hookline.delivery.settings import Settings
from hookline.outbox.message import Endpoint
from hookline.outbox.models import DEAD, DELIVERED
from tests.unit.delivery.conftest import Connect
from tests.unit.delivery.receiver import Answer, Receiver
from tests.unit.delivery.running import add, all_in, attempts, row, run
from tests.unit.outbox.messages import message

OLD = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NEW = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OTHER = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
LIBRARIES = [
    pytest.param(standardwebhooks.Webhook, standardwebhooks.WebhookVerificationError, id="standardwebhooks"),
    pytest.param(svix.webhooks.Webhook, svix.webhooks.WebhookVerificationError, id="svix"),
]
ONCE = Settings(schedule=())
PAYLOAD = {"type": "task.completed", "data": {"text": "ü 💌"}}

pytestmark = pytest.mark.usefixtures("outbox")


@pytest.mark.parametrize(("library", "error"), LIBRARIES)
@pytest.mark.parametrize("named", [True, False], ids=["auth_type named", "by default"])
def test_the_libraries_verify_each_attempt(
    receiver: Receiver, connect: Connect, library: Any, error: type[Exception], named: bool
) -> None:
    connect(password=OLD, auth_type="standard_webhooks" if named else "")
    answers = iter([500, 200])
    receiver.answer = lambda _: Answer(next(answers))
    add(message(payload=PAYLOAD))

    run(all_in(DELIVERED))

    assert len(receiver.sent) == 2
    for sent in receiver.sent:
        library(OLD).verify(sent.body, sent.headers)
        assert json.loads(sent.body) == PAYLOAD
        with pytest.raises(error):
            library(OTHER).verify(sent.body, sent.headers)
        with pytest.raises(error):
            library(OLD).verify(sent.body + b" ", sent.headers)


@pytest.mark.parametrize(("library", "error"), LIBRARIES)
@pytest.mark.parametrize("secret", [OLD, NEW], ids=["a receiver with the old one", "with the new one"])
def test_while_the_secret_is_exchanged_both_fit(
    receiver: Receiver, connect: Connect, library: Any, error: type[Exception], secret: str
) -> None:
    connect(password=NEW, auth_type="standard_webhooks", previous_secret=OLD)
    add(message(payload=PAYLOAD))

    run(all_in(DELIVERED))

    (sent,) = receiver.sent
    library(secret).verify(sent.body, sent.headers)
    with pytest.raises(error):
        library(OTHER).verify(sent.body, sent.headers)


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        (
            {"auth_type": "basic", "login": "ann", "password": "pässword"},
            ("authorization", "Basic YW5uOnDDpHNzd29yZA=="),
        ),
        ({"auth_type": "bearer", "password": "t0ken-of-ann"}, ("authorization", "Bearer t0ken-of-ann")),
        ({"auth_type": "api_key", "password": "k3y-of-ann"}, ("x-api-key", "k3y-of-ann")),
    ],
    ids=lambda value: value["auth_type"] if isinstance(value, dict) else "",
)
def test_a_secret_goes_into_its_header_and_is_not_kept(
    receiver: Receiver, connect: Connect, fields: dict[str, str], expected: tuple[str, str]
) -> None:
    connect(**fields)
    receiver.answer = lambda sent: Answer(400, {}, json.dumps(sent.headers).encode())
    add(message())

    run(all_in(DEAD), ONCE)

    name, value = expected
    (sent,) = receiver.sent
    assert sent.headers[name] == value
    assert sent.id == "msg_00000000"
    kept = "".join(map(str, (*attempts()[0], *row())))
    assert fields["password"] not in kept
    assert value not in kept


def test_a_client_secret_is_part_of_the_message_and_is_not_kept(receiver: Receiver, connect: Connect) -> None:
    connect(auth_type="client_secret", password="s3cret-of-ann")
    receiver.answer = lambda sent: Answer(400, {}, sent.body)
    add(message(payload=PAYLOAD))

    run(all_in(DEAD), ONCE)

    (sent,) = receiver.sent
    assert json.loads(sent.body) == {**PAYLOAD, "client_secret": "s3cret-of-ann"}
    assert "s3cret" not in "".join(map(str, (*attempts()[0], *row())))


@pytest.mark.parametrize(
    ("fields", "fits"),
    [
        ({"auth_type": "client_secret", "login": "", "password": "a" * 250}, True),
        ({"auth_type": "client_secret", "login": "", "password": "a" * 251}, False),
        ({"auth_type": "basic", "login": "a" * 100, "password": "b" * 100}, True),
        ({"auth_type": "basic", "login": "a" * 101, "password": "b"}, False),
        ({"auth_type": "basic", "login": "a", "password": "b" * 101}, False),
    ],
)
def test_secrets_have_a_longest_length(
    receiver: Receiver, connect: Connect, fields: dict[str, str], fits: bool
) -> None:
    connect(**fields)
    add(message())

    run(all_in(DELIVERED if fits else DEAD), ONCE)

    assert len(receiver.sent) == int(fits)
    assert fits or "is longer than the" in row().reason


def test_hmac_signs_the_body(receiver: Receiver, connect: Connect) -> None:
    import hashlib
    import hmac

    connect(auth_type="hmac", password="s3cret", signature_prefix="sha256=")
    add(message())

    run(all_in(DELIVERED))

    (sent,) = receiver.sent
    digest = hmac.new(b"s3cret", sent.body, hashlib.sha256).hexdigest()
    assert sent.headers["x-signature"] == f"sha256={digest}"


def test_what_differs_in_headers_is_one_endpoint(receiver: Receiver, connect: Connect) -> None:
    connect()
    add(*(message(n, endpoint=Endpoint(conn_id="crm", headers={"X-N": str(n)})) for n in range(2)))
    run(all_in(DELIVERED))
    assert {sent.headers["x-n"] for sent in receiver.sent} == {"0", "1"}
    assert row(0).endpoint == row(1).endpoint
