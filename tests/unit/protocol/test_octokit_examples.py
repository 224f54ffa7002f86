"""Every payload of npm ``@octokit/webhooks-examples`` is an event of the right type for the right Dag."""

from __future__ import annotations

import json
import lzma
import uuid
from pathlib import Path

import pytest

from hookline.protocol import naming
from hookline.protocol.deduplication import run_id
from hookline.protocol.intake import Accepted, Handshake, take
from tests.unit.protocol.requests import message, source

FILE = Path(__file__).parents[2] / "vectors" / "octokit_webhooks_examples.json.xz"
EXAMPLES = json.loads(lzma.decompress(FILE.read_bytes()))
CASES = [(folder, event) for folder, events in EXAMPLES.items() for event in events]


def test_nothing_is_left_out() -> None:
    assert sum(len(payloads) for events in EXAMPLES.values() for payloads in events.values()) == 726


@pytest.mark.parametrize(("folder", "event"), CASES, ids=lambda part: part)
def test_every_payload_becomes_its_event(folder: str, event: str) -> None:
    github = source("github", password="It's a Secret to Everybody", auth_type="github")
    assert EXAMPLES[folder][event]
    for payload in EXAMPLES[folder][event]:
        delivery = str(uuid.uuid4())
        body = json.dumps(payload).encode()
        headers = {
            "Content-Type": "application/json",
            "X-GitHub-Event": event,
            "X-GitHub-Delivery": delivery,
            **github.verifier.sign(message(body)),
        }
        taken = take(github, message(body, headers))
        if event == "ping":
            assert taken == Handshake("ping")
            continue
        assert isinstance(taken, Accepted)
        assert (taken.event_id, taken.event_type) == (delivery, event)
        assert taken.candidates == (f"github.{event}", "github")
        assert naming.split(taken.candidates[0]) == ["github", event]
        assert run_id("github", delivery) == f"webhook__github__{delivery}"
        assert json.loads(taken.body)["data"] == payload
