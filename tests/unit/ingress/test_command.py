"""The command line of a source's page: run by bash as it is printed, its sender is taken at its word."""

from __future__ import annotations

import base64
import json
import subprocess
from collections.abc import Mapping
from typing import Any

import pytest

from hookline import catalog
from hookline.catalog import set_up
from hookline.exceptions import ConfigurationError
from hookline.protocol.command import Event, command
from hookline.protocol.signatures.registry import SCHEMES
from hookline.protocol.source import Source, parse
from tests.unit.conftest import Query
from tests.unit.ingress.server import Server

SECRET = 'it\'s $(a) "s3cret" `of` 100% & ünïcode \\ !'
TEXT = "an-ingress-s3cret-that-is-long-enough"
SIGNING = "whsec_" + base64.b64encode(bytes(range(32))).decode()
VERIFICATION = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaIN"
    "XvVpiglSI8eNEc6wEA3F+g=="
)
TIMED = {"timestamp_header": "X-Time", "event_id": "header:X-Id", "signature_encoding": "base64"}
OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    "basic": (SECRET, {}),
    "api_key": (TEXT, {"api_key_header": "X-`id`'s"}),
    "api-key-in-query": (SECRET, {"auth_type": "api_key", "key_query": "the key"}),
    "bearer": (TEXT, {}),
    "hmac-with-all": (
        SECRET,
        {
            **TIMED,
            "signed_content": "{id}$(x)'{timestamp}!{method} {url}\n{body}",
            "signature_prefix": "v=$X ",
        },
    ),
    "hmac-sha512": (
        TEXT,
        {"signature_algorithm": "sha512", "methods": ["PUT"], "event_type": "header:X-Type"},
    ),
    "hmac-of-a-get": (TEXT, {"signed_content": "{url}{body}", "methods": ["GET"]}),
    "jwt": (TEXT * 2, {"jwt_algorithms": "HS512", "jwt_issuer": "it's me", "jwt_audience": '"you"'}),
    "standard_webhooks": (SIGNING, {}),
    "svix": (SIGNING, {}),
    "gitlab": (SIGNING, {}),
    "gitlab-token": (TEXT, {}),
    "adyen": ("0123456789abcdef" * 4, {}),
    "twilio-behind-a-proxy": (TEXT, {"public_url": "https://hooks.example.com"}),
    "rows": (TEXT, {"auth_type": "hmac", "batch": "data.items", "event_type": "body:kind.name"}),
    "xml": (TEXT, {"auth_type": "hmac", "format": "xml"}),
}
"""What is more than a scheme with nothing but a secret: by auth type, up to a hyphen."""
PRIVATE = {
    "discord": ("ab" * 32, {}),
    "paypal": ("a-webhook-id", {}),
    "sendgrid": (VERIFICATION, {}),
    "standard_webhooks-public": ("whpk_" + base64.b64encode(b"\x01" * 32).decode(), {}),
}
"""Schemes whose sender has a private key."""
TRIED = {name: (TEXT, {}) for name in SCHEMES if name not in OTHERS and name not in PRIVATE} | OTHERS


def extra_of(name: str, extra: Mapping[str, Any]) -> dict[str, Any]:
    return {"auth_type": name.partition("-")[0], **extra}


@pytest.fixture(scope="module", autouse=True)
def sources(settings: pytest.MonkeyPatch) -> None:
    """Make a source of each kind; its name has no underscore, so that it can be in an environment."""
    for name, (secret, extra) in TRIED.items():
        fields = {"login": "it's me", "password": secret, "extra": extra_of(name, extra)}
        variable = f"AIRFLOW_CONN_{name.upper().replace('_', '-')}"
        settings.setenv(variable, json.dumps({"conn_type": "webhook", **fields}))


def source_of(name: str) -> Source:
    secret, extra = (TRIED | PRIVATE)[name]
    return parse(name.replace("_", "-"), "it's me", secret, extra_of(name, extra))


def run(lines: str, secret: str) -> dict[str, Any]:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", lines],
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", "SECRET": secret, "LANG": "C"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def url_of(server: Server, source: Source) -> str:
    return f"http://127.0.0.1:{server.port}/hooks/in/{source.name}"


@pytest.mark.parametrize("name", TRIED)
def test_the_command_as_it_is_printed_is_accepted(server: Server, query: Query, name: str) -> None:
    source = source_of(name)
    example = set_up.of(source.scheme.name).example

    made = command(source, url_of(server, source), example=example)
    answer = run(made.text, TRIED[name][0])
    [answer] = answer.get("events", [answer])

    assert (answer.get("status"), answer.get("duplicate")) == ("accepted", False), (answer, made.text)
    assert query("SELECT count(*) FROM hookline_event WHERE source = ?", source.name) == [(1,)]
    assert TRIED[name][0] not in made.text
    assert made.takes_secret is (name != "none")
    assert made.missing == ""


@pytest.mark.parametrize("name", ["adyen", "basic", "hmac-with-all", "jwt", "standard_webhooks", "stripe"])
def test_the_command_with_another_secret_is_refused(server: Server, name: str) -> None:
    source = source_of(name)
    made = command(source, url_of(server, source), example=set_up.of(source.scheme.name).example)
    wrong = {"adyen": "ff" * 32, "standard_webhooks": SIGNING.replace("A", "B")}.get(name, "wrong")

    assert run(made.text, wrong)["type"] == "urn:hookline:problem:unauthenticated"


@pytest.mark.parametrize("event", ["github.push", "slack._x2Fdeploy", "shopify.orders.paid"])
def test_the_command_sends_a_sample_of_the_catalog(server: Server, query: Query, event: str) -> None:
    known = catalog.find(event)
    assert known is not None
    source = source_of(known.source)
    body = known.body(known.sample).decode()
    sent = Event(body, known.event_path, known.headers, known.content_type)

    answer = run(command(source, url_of(server, source), sent).text, TEXT)

    assert answer["status"] == "accepted", answer
    assert query("SELECT candidates FROM hookline_event") == [(json.dumps([event, known.source]),)]


@pytest.mark.parametrize("name", PRIVATE)
def test_who_signs_by_a_private_key_has_no_command(name: str) -> None:
    with pytest.raises(ConfigurationError, match="Only the sender itself can sign"):
        command(source_of(name), "http://airflow.test/hooks/in/x")


def test_every_scheme_is_tried() -> None:
    assert {source_of(name).scheme.name for name in TRIED | PRIVATE} == set(SCHEMES)


@pytest.mark.parametrize(
    ("extra", "says"),
    [
        ({"event_type": "body:join('.', [a, b])"}, "body:join('.', [a, b])"),
        ({"batch": "items[?ok]"}, "items[?ok]"),
        ({"client_cert_subject": "CN=shop"}, "--cert"),
    ],
)
def test_what_a_person_has_to_add_is_said(extra: dict[str, Any], says: str) -> None:
    made = command(
        parse("shop", None, TEXT, {"auth_type": "hmac", **extra}), "http://airflow.test/hooks/in/shop"
    )

    assert says in made.missing
