"""Event Dags as they are parsed, serialised, and guarded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import BaseOperator, task, task_group
from airflow.sdk.exceptions import AirflowFailException, ParamValidationError
from airflow.serialization.definitions.dag import SerializedDAG
from airflow.serialization.serialized_objects import DagSerialization

from hookline.authoring import MARKER, event_dag
from hookline.exceptions import ConfigurationError, NamingError
from hookline.protocol import reference
from tests.unit.authoring.contexts import context

SCHEMA = {"type": "object", "required": ["total"], "properties": {"total": {"type": "integer"}}}


class Note(BaseOperator):
    """Does nothing."""

    def __init__(self, text: str = "", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.text = text


def made(
    author: Callable[[], Any] = lambda: Note(task_id="note"), name: str | None = "shop.paid", **options: Any
) -> Any:
    def shop_paid() -> None:
        author()

    return event_dag(name, **options)(shop_paid)()


def serialised(dag: Any) -> dict[str, Any]:
    return json.loads(json.dumps(DagSerialization.to_dict(dag)))


def read_back(dag: Any) -> SerializedDAG:
    return DagSerialization.from_dict(serialised(dag))


def test_the_marker_survives_serialisation() -> None:
    assert read_back(made()).default_args[MARKER] == {"version": 1, "event": "shop.paid"}


def test_the_marker_reaches_no_operator() -> None:
    assert MARKER not in json.dumps(serialised(made())["dag"]["tasks"])


def test_a_subscription_without_a_name_is_called_as_its_function() -> None:
    dag = made(name=None, source="stripe", types=["invoice.*"], when="data.amount_due > `10000`")
    wanted = {"source": "stripe", "types": ["invoice.*"], "when": "data.amount_due > `10000`"}
    assert dag.dag_id == "shop_paid"
    assert read_back(dag).default_args[MARKER]["subscription"] == wanted


def test_an_event_without_a_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="or source="):
        made(name=None)


def test_the_author_s_default_args_stay() -> None:
    dag = made(default_args={"retries": 3, "owner": "team"})
    assert dag.get_task("note").retries == 3
    assert set(read_back(dag).default_args) == {"retries", "owner", MARKER}


def test_no_function_is_in_the_serialised_default_args() -> None:
    dag = made(default_args={"pre_execute": lambda _context: None})
    assert set(serialised(dag)["dag"]["default_args"]["__var"]) == {MARKER}


def test_the_dag_is_what_its_name_says() -> None:
    dag = made(tags=["money"])
    assert dag.dag_id == "shop.paid"
    assert set(dag.tags) == {"event", "money"}
    assert read_back(dag).timetable.can_be_scheduled is False


def test_options_of_airflow_are_passed_on() -> None:
    dag = made(dag_display_name="Shop / Paid", max_active_runs=3)
    assert (dag.dag_display_name, dag.max_active_runs) == ("Shop / Paid", 3)


def test_the_trigger_form_has_the_schema_and_starts_with_the_sample() -> None:
    param = read_back(made(schema=SCHEMA, sample={"total": 5})).params.get_param("data")
    assert param.value == {"total": 5}
    assert param.schema == reference.accepting(SCHEMA)


def test_a_schema_may_have_keywords_that_airflow_s_param_has_too() -> None:
    schema = SCHEMA | {"default": {"total": 1}, "description": "What was paid"}
    param = read_back(made(schema=schema, sample={"total": 5})).params.get_param("data")
    assert (param.value, param.schema, param.description) == (
        {"total": 5},
        reference.accepting(SCHEMA),
        "What was paid",
    )


def test_a_reference_to_stored_data_fits_beside_the_schema() -> None:
    params = read_back(made(schema=SCHEMA, sample={"total": 5})).params
    kept = {"dataref": "s3://b/x", "size": 1, "sha256": "a" * 64, "datacontenttype": "application/json"}
    params.deep_merge({"data": kept}).validate()
    for value in ({"total": "5"}, kept | {"more": 1}):
        with pytest.raises(ParamValidationError):
            params.deep_merge({"data": value}).validate()


def test_further_params_stay() -> None:
    assert set(made(params={"dry_run": False}).params) == {"data", "dry_run"}


def test_an_event_of_the_catalog_brings_its_schema_and_sample() -> None:
    param = made(name="users.created").params.get_param("data")
    assert param.schema["title"] == "User created"
    assert param.value["user"]["username"] == "ada.lovelace"


@pytest.mark.parametrize("value", [{}, [], "text", 5, 1.5, True, None], ids=repr)
def test_an_event_without_a_schema_takes_any_json(value: Any) -> None:
    made().params.validate() if value == {} else made(sample=value).params.validate()


def test_a_decorator_can_be_used_twice() -> None:
    def shop_paid() -> None:
        Note(task_id="note")

    decorate = event_dag("shop.paid", params={"dry_run": False}, schedule=None)
    assert set(decorate(shop_paid)().params) == set(decorate(shop_paid)().params) == {"data", "dry_run"}


@pytest.mark.parametrize("name", ["github.Push", "", "github.any", "users.onboarding.created"])
def test_a_name_no_event_has_is_refused_when_the_dag_is_parsed(name: str) -> None:
    with pytest.raises(NamingError):
        made(name=name)


def say(*_: Any) -> None: ...


def every_kind_of_task() -> None:
    @task
    def python(x: int = 0) -> None: ...

    @task(pre_execute=say)
    def own_hook() -> None: ...

    @task.run_if(lambda _context: True)
    @task
    def run_if() -> None: ...

    @task.skip_if(lambda _context: False)
    @task
    def skip_if() -> None: ...

    @task_group
    def group(x: int) -> None:
        python.override(task_id="mapped_group")(x)

    python()
    own_hook()
    run_if()
    skip_if()
    python.override(task_id="mapped").expand(x=[1, 2])
    python.override(task_id="mapped_with_hook", pre_execute=say).expand(x=[1, 2])
    Note(task_id="operator")
    Note(task_id="operator_with_hook", pre_execute=say)
    Note.partial(task_id="mapped_operator").expand(text=["a", "b"])
    Note.partial(task_id="mapped_operator_with_hook", pre_execute=say).expand(text=["a", "b"])
    group.expand(x=[1, 2])


def hook(task: Any) -> Callable[[Any], None]:
    return task.partial_kwargs["pre_execute"] if task.is_mapped else task._pre_execute_hook


EVERY = made(every_kind_of_task)


@pytest.mark.parametrize("task_id", EVERY.task_ids)
def test_no_task_runs_without_an_event(task_id: str) -> None:
    with pytest.raises(AirflowFailException, match="carries no event"):
        hook(EVERY.get_task(task_id))(context({}))


@pytest.mark.parametrize("task_id", EVERY.task_ids)
def test_every_task_runs_with_an_event(task_id: str) -> None:
    hook(EVERY.get_task(task_id))(context({"data": {}}))


@pytest.mark.parametrize("where", ["the task", "default_args", "a mapped task"])
def test_the_author_s_own_hook_runs_after_the_guard(where: str) -> None:
    seen: list[Any] = []
    options: dict[str, Any] = (
        {"default_args": {"pre_execute": seen.append}} if where == "default_args" else {}
    )
    authors: dict[str, Callable[[], Any]] = {
        "the task": lambda: Note(task_id="note", pre_execute=seen.append),
        "default_args": lambda: Note(task_id="note"),
        "a mapped task": lambda: Note.partial(task_id="note", pre_execute=seen.append).expand(text=["a"]),
    }
    guarded = hook(made(authors[where], **options).get_task("note"))
    with pytest.raises(AirflowFailException):
        guarded(context({}))
    assert seen == []
    event = context({"data": {}})
    guarded(event)
    assert seen == [event]


PARSE = """
import json, sys
sys.path.insert(0, {tests!r})
from airflow.models.serialized_dag import SerializedDagModel
from airflow.serialization.serialized_objects import DagSerialization
from tests.unit.authoring.test_event_dag import EVERY
print(SerializedDagModel.hash(DagSerialization.to_dict(EVERY)))
"""


def test_every_parse_gives_the_same_hash() -> None:
    # A hash that changes would make a new Dag version at each parse.
    script = PARSE.format(tests=str(Path(__file__).parents[3]))
    hashes = {
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.splitlines()[-1]
        for seed in ("1", "2")
    }
    assert len(hashes) == 1
