"""The Dags in ``dags/``."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.dag_processing.dagbag import DagBag
from airflow.utils.file import might_contain_dag

from hookline import catalog
from hookline.authoring import MARKER
from hookline.catalog import KnownEvent
from tests.unit.authoring.contexts import context


def known(name: str) -> KnownEvent:
    found = catalog.find(name)
    assert found is not None
    return found


DAGS = Path(__file__).parents[3] / "dags"
FILES = sorted(DAGS.glob("*.py"))
TREE = sorted(name for name in catalog.names() if known(name).source == "platform")
CALLS = json.loads((DAGS.parent / "tests/vectors/ready_dags.json").read_text(encoding="utf-8"))
HOSTILE = 'a/../b?c#d%2F"}\n{{ 7 * 7 }}'


@pytest.fixture(scope="module")
def bag() -> DagBag:
    return DagBag(DAGS, bundle_path=DAGS, bundle_name="dags", load_op_links=False)


def calls(dag: Any, data: Any) -> list[dict[str, Any]]:
    """Return what the Dag's calls are made of, in their order, with the templates rendered."""
    made = []
    for written in dag.topological_sort():
        task = written.prepare_for_execution()
        run = context({"data": data}, dag_id=dag.dag_id)
        run["ti"] = SimpleNamespace(xcom_pull=lambda _task: {"body": {"id": 7}})
        task.render_template_fields(run)
        body = json.loads(task.body) if isinstance(task.body, str) else task.body
        made.append({"connection": task.http_conn_id, "call": f"{task.method} {task.path}", "body": body})
    return made


def least(schema: dict[str, Any]) -> Any:
    """Return the least data that fits a schema of the catalog, its texts hostile."""
    if schema["type"] == "object":
        return {name: least(schema["properties"][name]) for name in schema.get("required", ())}
    return HOSTILE


def test_they_import_without_errors(bag: DagBag) -> None:
    assert bag.import_errors == {}
    assert {*TREE, "github.push", "stripe.checkout.session.completed"} == set(bag.dags)


@pytest.mark.parametrize("name", TREE)
def test_the_calls_for_a_sample_are_these(bag: DagBag, name: str) -> None:
    assert calls(bag.dags[name], known(name).sample) == CALLS[name]


@pytest.mark.parametrize("name", TREE)
def test_the_least_and_hostile_event_calls_the_same_places(bag: DagBag, name: str) -> None:
    made = calls(bag.dags[name], least(known(name).schema))
    assert [call["connection"] for call in made] == [call["connection"] for call in CALLS[name]]
    for call, usual in zip(made, CALLS[name], strict=True):
        path, usual_path = call["call"].split(" ")[1], usual["call"].split(" ")[1]
        assert path.count("/") == usual_path.count("/")
        assert not set(path) & set('?#"{} \n')
        assert set(call["body"]) == set(usual["body"])
        assert "49" not in json.dumps(call["body"])


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
