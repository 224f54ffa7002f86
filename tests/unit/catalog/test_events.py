"""Every file of the catalog is what it says: checked, parsed, and sent through the real intake."""

from __future__ import annotations

import base64
import json
import lzma
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from hookline import catalog
from hookline.authoring import event_dag
from hookline.catalog import FORM, KnownEvent
from hookline.protocol import platform, tree
from hookline.protocol.intake import Accepted, take
from hookline.protocol.platform import SLUG, TREE
from tests.unit.protocol.requests import message, source

VECTORS = Path(__file__).parents[2] / "vectors"
FOLDER = Path(catalog.__file__).parent / "events"
NAMES = sorted(catalog.names())
META = json.loads((VECTORS / "catalog_entry.json").read_text(encoding="utf-8"))
SECRETS = {"standard_webhooks": "whsec_" + base64.b64encode(b"a secret for samples").decode()}
SECRET_LIKE = re.compile(
    r"(?:sk|rk|pk)_(?:live|test)_|xox[abposr]-|gh[pousr]_|AKIA|whsec_|-----BEGIN", re.IGNORECASE
)


def known(name: str) -> KnownEvent:
    found = catalog.find(name)
    assert found is not None
    return found


def sent(event: KnownEvent) -> Accepted:
    """Send the sample as its sender does; return what the door takes."""
    secret = SECRETS.get(event.extra["auth_type"], "s3cret")
    sender = source(event.source, "sender", secret, **event.extra)
    body = event.body(event.sample)
    headers = {"Content-Type": event.content_type, **event.headers}
    headers |= sender.verifier.sign(message(body, headers))
    taken = take(sender, message(body, headers, event_path=event.event_path))
    assert isinstance(taken, Accepted)
    return taken


@pytest.mark.parametrize("name", NAMES)
def test_a_file_is_written_as_all_are(name: str) -> None:
    text = (FOLDER / f"{name}.json").read_text(encoding="utf-8")
    entry = json.loads(text)
    jsonschema.Draft202012Validator(META).validate(entry)
    assert entry["name"] == platform.check(name) == name
    assert len(text) < 12_000
    assert not SECRET_LIKE.search(text)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_fits_its_schema(name: str) -> None:
    event = known(name)
    jsonschema.Draft202012Validator.check_schema(event.schema)
    jsonschema.validate(event.sample, event.schema)


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_sent_as_its_sender_sends_it_names_the_dag(name: str) -> None:
    event = known(name)
    taken = sent(event)
    exact = taken.candidates[0]
    place = tree.find(exact) if event.extra.get("dag_prefix") == "" else None
    assert name == (place.pattern if place else exact)
    assert name in taken.candidates
    assert json.loads(taken.body)["data"] == event.sample


@pytest.mark.parametrize("name", NAMES)
def test_a_dag_of_that_name_starts_its_form_with_the_sample(name: str) -> None:
    def on_event() -> None: ...

    dag = event_dag(name)(on_event)()
    assert dag.params["data"] == known(name).sample
    dag.params.validate()


def test_the_whole_tree_is_known() -> None:
    rows = {
        ".".join("any" if n == SLUG else n for n in (*branch, verb))
        for branch, verbs in TREE
        for verb in verbs
    }
    assert rows == {name for name in NAMES if known(name).source == "platform"}


@pytest.mark.parametrize("vendor", ["github", "stripe", "shopify", "slack", "generic", "partner"])
def test_other_systems_are_known(vendor: str) -> None:
    assert [name for name in NAMES if known(name).source == vendor]


def test_every_published_example_of_github_fits() -> None:
    published: dict[str, Any] = {}
    for events in json.loads(
        lzma.decompress((VECTORS / "octokit_webhooks_examples.json.xz").read_bytes())
    ).values():
        for name, payloads in events.items():
            published.setdefault(f"github.{name}", []).extend(payloads)
    names = [name for name in NAMES if known(name).source == "github"]
    assert set(names) <= set(published)
    for name in names:
        validator = jsonschema.Draft202012Validator(known(name).schema)
        misfits = (validator.iter_errors(payload) for payload in published[name])
        assert {name: [error.message for errors in misfits for error in errors]} == {name: []}


def test_an_event_is_found_whatever_its_slugs() -> None:
    cars = known("datastore_forms.v1_x2E2.created")
    assert cars == known("Datastore Forms > [v1.2] > Created")
    assert (cars.name, cars.event_path) == ("datastore_forms.v1_x2E2.created", "datastore_forms/v1.2/created")
    assert cars.sample == known("datastore_forms.any.created").sample
    assert known("Submissions > any > [a/b] > Created").event_path == "submissions/hr/a%2Fb/created"
    assert known("[hr] > any > Updated").event_path == "hr/onboarding/updated"
    assert known("[hr] > [form] > Updated").event_path == "hr/form/updated"


@pytest.mark.parametrize(
    "name",
    [
        "nobody.knows",
        "../exceptions",
        "users.craeted",
        "Users > Craeted",
        "hr.onboarding.created",
        "",
        "GitHub.push",
    ],
)
def test_what_is_not_in_the_catalog_is_not_found(name: str) -> None:
    assert catalog.find(name) is None


def test_a_form_s_data_is_written_as_a_form() -> None:
    command = known("slack._x2Fdeploy")
    assert command.content_type == FORM
    assert command.body({"text": "a b&c", "command": "/deploy"}) == b"text=a+b%26c&command=%2Fdeploy"
