"""The Dags in ``dags/``."""

from __future__ import annotations

from pathlib import Path

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.file import might_contain_dag

from hookline.authoring import MARKER

DAGS = Path(__file__).parents[3] / "dags"
FILES = sorted(DAGS.glob("*.py"))


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


def test_the_dags_of_the_end_to_end_tests_import_without_errors() -> None:
    folder = Path(__file__).parents[2] / "e2e/dags"
    made = DagBag(folder, bundle_path=folder, bundle_name="dags", load_op_links=False)
    assert made.import_errors == {}
    assert {"waits.code", "waits.free", "waits.silent"} <= set(made.dags)
