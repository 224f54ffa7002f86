"""The page of one source: how its sender is set up, and the command line that does what it would."""

from __future__ import annotations

import html
import json

import pytest

from hookline.catalog import set_up
from tests.unit.api.conftest import As
from tests.unit.console.conftest import Open

SECRET = "a-secret-that-nobody-sees"
SOURCES = {"stripe": "stripe", "shop": "hmac", "paypal": "paypal", "shut": "magic"}


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, auth_type in SOURCES.items():
        fields = {"conn_type": "webhook", "password": SECRET, "extra": {"auth_type": auth_type}}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))


def text_of(look: Open, path: str) -> str:
    page = look(path)
    assert page.status_code == 200
    assert SECRET not in page.text
    return html.unescape(page.text)


def test_a_signed_source_has_a_command_that_signs(look: Open) -> None:
    text = text_of(look, "/sources/shop")

    assert 'openssl dgst -sha256 -hmac "$SECRET"' in text
    assert "read -rs SECRET" in text
    assert "airflow hookline send" not in text


def test_a_vendor_s_page_has_its_steps_and_its_sample(look: Open) -> None:
    text = text_of(look, "/sources/stripe")

    assert all(step in text for step in set_up.of("stripe").steps)
    assert '"object": "event"' in text


def test_another_sample_is_a_choice(look: Open) -> None:
    assert '{"type": "test", "hello": "world"}' in text_of(look, "/sources/stripe?event=")
    assert '"invoice.paid"' in text_of(look, "/sources/stripe?event=stripe.invoice.paid")
    assert look("/sources/stripe?event=no.event").status_code == 404


def test_who_signs_by_a_private_key_has_a_sentence(look: Open) -> None:
    text = text_of(look, "/sources/paypal")

    assert "Only the sender itself can sign: its private key is not here." in text
    assert "curl -sS" not in text


def test_a_source_that_is_shut_has_neither(look: Open) -> None:
    assert "curl -sS" not in text_of(look, "/sources/shut")


def test_the_command_is_for_who_may_see_the_connection(call: As) -> None:
    assert call("viewer").get("/sources/shop/set-up").status_code == 403
    shown = call("op").get("/sources/shop/set-up").json()
    assert (shown["takes_secret"], shown["hint"]) == (True, "")
    assert call("op").get("/sources/shut/set-up").status_code == 409
    assert call("op").get("/sources/nowhere/set-up").status_code == 404
