"""Which calls do without a worker; every reason why one does not."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jinja2
import pytest
from airflow.sdk import DAG, Asset, ObjectStoragePath, TaskGroup, task, task_group
from airflow.serialization.serialized_objects import DagSerialization

from hookline.hooks.storage import Attachment
from hookline.http.pagination import Cursor, LinkHeader, Pagination
from hookline.operators.http import HttpGetOperator, HttpPostOperator
from hookline.operators.worker_free import obstacle


@dataclass(frozen=True)
class OfMine(Pagination):
    """A rule that the triggerer cannot know."""

    kind = "of_mine"


class Own(HttpPostOperator):
    """An operator with an execute of its own."""

    def execute(self, context: Any) -> Any:
        return super().execute(context)


def nothing(*_arguments: Any) -> None: ...


ARGUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "a filter": ({"response_filter": len}, "response_filter is a function"),
    "a check": ({"response_check": bool}, "response_check is a function"),
    "a rule of pages": ({"pagination": nothing}, "pagination is a function"),
    "a rule of one's own": ({"pagination": OfMine()}, "its pagination is a rule of your own"),
    "bytes": ({"body": {"a": b"x"}}, "it sends a file of the worker's, or bytes"),
    "a local file": (
        {"body": {"a": [Attachment("/tmp/x")]}, "body_type": "form_data"},
        "a file of the worker's",
    ),
    "a local path": ({"body": {"a": ObjectStoragePath("/tmp/x")}, "body_type": "form_data"}, "a file of the"),
    "FILE://": ({"body": Attachment("FILE:///tmp/x"), "body_type": "raw"}, "a file of the worker's"),
    "an object": ({"body": {"a": object()}}, "cannot travel as JSON: a object has no JSON form"),
    "not a number": ({"body": {"a": float("nan")}}, "cannot travel as JSON"),
    "a pool": ({"pool": "slow"}, "it takes slots of the pool slow"),
    "slots": ({"pool_slots": 2}, "it takes slots of the pool default_pool"),
    "a queue": ({"queue": "dmz"}, "it waits in the queue dmz"),
    "an executor": ({"executor": "KubernetesExecutor"}, "it has executor"),
    "options of the executor": ({"executor_config": {"pod_override": 1}}, "it has executor_config"),
    "saving to a folder": ({"save_to": "/data/{{ ds }}"}, "it saves to the worker's disk"),
    "saving to file://": ({"save_to": "FILE:///data/x"}, "it saves to the worker's disk"),
    "saving to a path": ({"save_to": ObjectStoragePath("file:///data/x")}, "it saves to the worker's disk"),
    "outlets": ({"outlets": [Asset("a")]}, "it has outlets"),
    "a callback": ({"on_execute_callback": nothing}, "it has on_execute_callback"),
    "a callback of success": ({"on_success_callback": nothing}, "it has on_success_callback"),
    "active tasks of the Dag": ({"max_active_tis_per_dag": 1}, "it has max_active_tis_per_dag"),
    "active tasks of the run": ({"max_active_tis_per_dagrun": 1}, "it has max_active_tis_per_dagrun"),
    "another user": ({"run_as_user": "ann"}, "it has run_as_user"),
    "before": ({"pre_execute": nothing}, "it has pre_execute or post_execute"),
    "after": ({"post_execute": nothing}, "it has pre_execute or post_execute"),
}


def made(cls: Any = HttpPostOperator, dag: dict[str, Any] | None = None, **arguments: Any) -> Any:
    with DAG("dag", schedule=None, **(dag or {})):
        return cls(task_id="call", http_conn_id="crm", deferrable=True, **arguments)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_what_needs_a_worker_says_why(name: str) -> None:
    arguments, why = ARGUMENTS[name]
    operator = made(**arguments)

    assert why in str(obstacle(operator))
    assert (operator.start_from_trigger, operator.start_trigger_args) == (False, None)


@pytest.mark.parametrize(
    ("dag", "why"),
    [
        ({"user_defined_macros": {"x": nothing}}, "its Dag has user_defined_macros"),
        ({"user_defined_filters": {"x": nothing}}, "its Dag has user_defined_filters"),
        ({"template_undefined": jinja2.Undefined}, "its Dag has template_undefined"),
        ({"jinja_environment_kwargs": {"trim_blocks": True}}, "its Dag has jinja_environment_kwargs"),
    ],
)
def test_a_dag_that_needs_a_worker(dag: dict[str, Any], why: str) -> None:
    assert obstacle(made(dag=dag)) == why


def test_an_execute_of_one_s_own_needs_a_worker() -> None:
    assert obstacle(made(Own)) == "Own has an execute of its own"


def test_a_custom_xcom_backend_needs_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__XCOM_BACKEND", "my.Backend")
    assert obstacle(made()) == "Airflow has a custom XCom backend"


def test_a_mapped_task_needs_a_worker() -> None:
    with DAG("dag", schedule=None) as dag:
        HttpPostOperator.partial(task_id="call", http_conn_id="crm", deferrable=True).expand(body=[{}, {}])
    assert not dag.get_task("call").start_from_trigger


def test_a_task_of_a_mapped_group_needs_a_worker() -> None:
    with DAG("dag", schedule=None) as dag:

        @task_group
        def group(_n: int) -> None:
            HttpPostOperator(task_id="call", http_conn_id="crm", deferrable=True)

        group.expand(_n=[1, 2])
    assert obstacle(dag.get_task("group.call")) == "it is a mapped task"


def test_a_task_that_another_expands_over_needs_a_worker() -> None:
    with DAG("dag", schedule=None) as dag:

        @task
        def each(_one: Any) -> None: ...

        each.expand(_one=HttpGetOperator(task_id="call", http_conn_id="crm", deferrable=True).output)
    assert obstacle(dag.get_task("call")) == "a mapped task expands over its output"


def test_the_output_of_a_mapped_task_needs_a_worker() -> None:
    with DAG("dag", schedule=None) as dag:
        many = HttpGetOperator.partial(task_id="many", http_conn_id="crm").expand(path=["a", "b"])
        HttpPostOperator(task_id="call", http_conn_id="crm", deferrable=True, body={"a": many.output})
    assert "the output of a mapped task" in str(obstacle(dag.get_task("call")))


FREE: dict[str, dict[str, Any]] = {
    "nothing": {},
    "templates": {"body": {"a": ["{{ run_id }}"]}, "path": "{{ ds }}"},
    "a rule": {"pagination": Cursor("next")},
    "another rule": {"pagination": LinkHeader(max_pages=3)},
    "statuses": {"expected_status": range(200, 204)},
    "a file elsewhere": {"body": {"a": Attachment("s3://bucket/x")}, "body_type": "form_data"},
    "callbacks of failure": {"on_retry_callback": nothing, "on_failure_callback": nothing},
    "retries": {"retries": 3},
    "saving elsewhere": {"save_to": "s3://bucket/{{ ds }}"},
    "saving to a place that is not known yet": {"save_to": "{{ var.value.place }}"},
}


@pytest.mark.parametrize("name", FREE)
def test_what_needs_none_starts_in_the_triggerer(name: str) -> None:
    operator = made(**FREE[name])

    assert obstacle(operator) is None
    assert operator.start_from_trigger
    json.loads(operator.start_trigger_args.trigger_kwargs["call"])


def test_not_deferrable_means_a_worker() -> None:
    with DAG("dag", schedule=None):
        assert not HttpGetOperator(task_id="call", http_conn_id="crm").start_from_trigger


def test_airflow_s_own_default_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__OPERATORS__DEFAULT_DEFERRABLE", "True")
    with DAG("dag", schedule=None):
        assert HttpGetOperator(task_id="call", http_conn_id="crm").start_from_trigger


@pytest.mark.parametrize("group", [False, True])
def test_the_decision_travels_with_the_dag(group: bool) -> None:
    with DAG("dag", schedule=None) as dag:
        if group:
            with TaskGroup("group"):
                HttpGetOperator(task_id="call", http_conn_id="crm", deferrable=True)
        else:
            HttpGetOperator(task_id="call", http_conn_id="crm", deferrable=True)
    read: Callable[[str], Any] = DagSerialization.from_dict(DagSerialization.to_dict(dag)).get_task
    assert read("group.call" if group else "call").start_from_trigger


def test_a_worker_says_once_why_it_works(capfd: pytest.CaptureFixture[str]) -> None:
    operator = made(pool="slow", url="http://127.0.0.1:9")
    operator.http_conn_id = None

    with pytest.raises(Exception, match="not a public address"):
        operator.execute({})

    said = capfd.readouterr().out
    assert said.count("Runs on a worker, although deferrable: it takes slots of the pool slow") == 1
