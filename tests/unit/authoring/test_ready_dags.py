"""The Dags in ``dags/`` and the catalog they take their samples from."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.file import might_contain_dag

from hookline import catalog
from hookline.authoring import MARKER
from hookline.protocol import platform
from hookline.protocol.intake import Accepted, take
from tests.unit.protocol.requests import message, source

DAGS = Path(__file__).parents[3] / "dags"
FILES = sorted(DAGS.glob("*.py"))
NAMES = sorted(catalog.names())


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(DAGS, bundle_path=DAGS, bundle_name="dags", load_op_links=False)


def test_they_import_without_errors(bag: DagBag) -> None:
    assert bag.import_errors == {}
    ready = {"users.created", "users.updated", "users.deleted", "github.push"}
    assert ready | {"stripe.checkout.session.completed"} <= set(bag.dags)


def test_they_are_event_dags(bag: DagBag) -> None:
    assert {dag_id for dag_id, dag in bag.dags.items() if MARKER in dag.default_args} == set(bag.dags)


def test_their_samples_fit_their_schemas(bag: DagBag) -> None:
    for dag in bag.dags.values():
        dag.params.validate()


def test_the_web_ui_shows_their_own_code(bag: DagBag) -> None:
    assert {Path(dag.fileloc).parent for dag in bag.dags.values()} == {DAGS}


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_airflow_s_safe_mode_finds_them(file: Path) -> None:
    assert might_contain_dag(str(file), safe_mode=True)


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_fits_its_schema(name: str) -> None:
    known = catalog.find(name)
    assert known is not None
    jsonschema.Draft202012Validator.check_schema(known.schema)
    jsonschema.validate(known.sample, known.schema)


@pytest.mark.parametrize("name", NAMES)
def test_an_entry_is_called_like_its_dag(name: str) -> None:
    known = catalog.find(name)
    assert known is not None
    assert known.name == platform.check(name) == name
    assert known.documentation.startswith("https://")


@pytest.mark.parametrize("name", NAMES)
def test_the_sample_sent_as_its_sender_sends_it_names_the_dag(name: str) -> None:
    known = catalog.find(name)
    assert known is not None
    if known.source == "github":
        sender = source("github", password="s3cret", auth_type="github")
    elif known.source == "stripe":
        sender = source("stripe", password="whsec_s3cret", auth_type="stripe")
    else:
        sender = source(known.source, dag_prefix="")
    body = json.dumps(known.sample).encode()
    headers = {**known.headers, **sender.verifier.sign(message(body))}
    event = take(sender, message(body, headers, event_path=known.event_path))
    assert isinstance(event, Accepted)
    assert event.candidates[0] == name


def test_what_is_not_in_the_catalog_is_not_found() -> None:
    assert catalog.find("nobody.knows") is None
    assert catalog.find("../exceptions") is None


def test_the_dags_of_the_end_to_end_tests_import_without_errors() -> None:
    folder = Path(__file__).parents[2] / "e2e/dags"
    made = DagBag(folder, bundle_path=folder, bundle_name="dags", load_op_links=False)
    assert made.import_errors == {}
    assert {"waits.code", "waits.free", "waits.silent"} <= set(made.dags)
