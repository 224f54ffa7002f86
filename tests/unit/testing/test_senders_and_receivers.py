"""Senders that every scheme believes, receivers that believe no other caller."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import dag

from hookline.authoring import event_dag
from hookline.hooks.http import HttpConnectorHook
from hookline.testing import NotStarted, Receiver, Refused, Sender, captured

WHSEC = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SENDERS: dict[str, tuple[Sender, str, dict[str, str]]] = {
    "none": (Sender("shop"), "orders/paid", {}),
    "basic": (Sender("shop", "basic", login="shop"), "orders/paid", {"authorization": "Basic eDp5"}),
    "api_key": (Sender("shop", "api_key"), "orders/paid", {"x-api-key": "wrong"}),
    "bearer": (Sender("shop", "bearer"), "orders/paid", {"authorization": "Bearer wrong"}),
    "hmac": (Sender("shop", "hmac"), "orders/paid", {"x-signature": "0" * 64}),
    "standard_webhooks": (
        Sender("shop", "standard_webhooks", WHSEC),
        "orders/paid",
        {"webhook-signature": "v1,AAAA"},
    ),
    "github": (Sender("github", "github"), "push", {"x-hub-signature-256": "sha256=" + "0" * 64}),
}
SIGNED = [name for name, (_, _, forged) in SENDERS.items() if forged]


@pytest.mark.parametrize("scheme", SENDERS)
def test_what_is_sent_is_believed(scheme: str) -> None:
    sender, event, _ = SENDERS[scheme]
    sent = sender.send(event, {"type": event.replace("/", "."), "a": 1})

    assert sent.event.data["a"] == 1
    assert sent.event.source == sender.name
    assert sent.candidates[0] == f"{sender.name}.{event.replace('/', '.')}"


@pytest.mark.parametrize("scheme", SIGNED)
def test_what_is_forged_or_unsigned_is_not(scheme: str) -> None:
    sender, event, forged = SENDERS[scheme]
    for options in ({"headers": forged}, {"signed": False}):
        with pytest.raises(Refused) as refused:
            sender.send(event, {}, **options)
        assert (refused.value.problem, refused.value.status) == ("unauthenticated", 401)


@pytest.mark.parametrize(
    ("sender", "event", "has"),
    [
        (Sender("github", "github"), "push", "repository"),
        (Sender("forge", "github", extra={"dag_prefix": "github"}), "push", "repository"),
        (Sender("platform", extra={"dag_prefix": ""}), "users/created", "user"),
        (Sender("platform", extra={"dag_prefix": ""}), "datastore_forms/cars/created", "form"),
    ],
    ids=["a vendor", "by its prefix", "the platform", "whatever the slug"],
)
def test_a_known_event_brings_its_sample(sender: Sender, event: str, has: str) -> None:
    assert has in sender.send(event).event.data


def test_a_ping_starts_nothing() -> None:
    with pytest.raises(Refused, match="without starting a Dag"):
        Sender("github", "github").send("ping", {"zen": "Keep it."})


def nothing() -> None:
    EmptyOperator(task_id="nothing")


PLAIN = dag(dag_id="shop.paid", schedule=None)(nothing)()
PAID = event_dag("shop.paid", schema={"type": "object", "required": ["n"]}, sample={"n": 1})(nothing)()


@pytest.mark.parametrize(
    ("event", "data", "target", "says"),
    [
        ("paid", {"n": 1}, PLAIN, "no event Dag"),
        ("sold", {"n": 1}, PAID, "`shop.sold`, `shop`, not `shop.paid`"),
        ("paid", {}, PAID, "does not fit the schema"),
    ],
    ids=["unmarked", "another name", "another shape"],
)
def test_it_says_why_a_dag_would_not_start(event: str, data: Any, target: Any, says: str) -> None:
    with pytest.raises(NotStarted, match=says):
        Sender("shop").send(event, data).check(target)


def test_a_file_without_an_event_says_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(json.dumps({"data": 1}))

    with pytest.raises(NotStarted, match="airflow hookline events show"):
        captured(tmp_path / "x.json")


RECEIVERS: dict[str, dict[str, Any]] = {
    "none": {},
    "basic": {"login": "us"},
    "bearer": {},
    "api_key": {},
    "hmac": {},
    "standard_webhooks": {"password": WHSEC},
}


@pytest.mark.parametrize("auth_type", RECEIVERS)
def test_a_receiver_believes_its_connection_and_nobody_else(
    auth_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Receiver(auth_type, **RECEIVERS[auth_type], status=[201], answer={"id": 7}) as receiver:
        monkeypatch.setenv("AIRFLOW_CONN_THEM", receiver.connection())
        answer = HttpConnectorHook("them").call("POST", "/orders", body={"n": 1})
        stranger = requests.post(f"{receiver.url}/orders", json={"n": 1}, timeout=10)

    assert (answer.status, answer.body) == (201, {"id": 7})
    assert stranger.status_code == (200 if auth_type == "none" else 401)
    assert [one.json() for one in receiver.received][:1] == [{"n": 1}]
    assert len(receiver.refused) == (0 if auth_type == "none" else 1)


def test_waiting_in_vain_says_what_came() -> None:
    with Receiver("bearer") as receiver:
        requests.get(receiver.url, timeout=10)
        with pytest.raises(AssertionError, match="0 came, 1 were not genuine"):
            receiver.wait(1, seconds=0.1)
