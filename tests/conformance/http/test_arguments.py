"""Arguments that cannot be meant: said when the Dag is parsed, and in any case before anything is sent."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk import DAG

from hookline.exceptions import ConfigurationError
from hookline.hooks.http import HttpConnectorHook
from hookline.http.pagination import LinkHeader, NextUrl, PageNumber
from hookline.operators.http import HttpCallOperator
from tests.conformance.http.conftest import Server
from tests.conformance.http.lanes import through_a_worker

Connect = Callable[..., str]
WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "a status that is text": ({"expected_status": "200"}, "expected_status is '200'; give a number"),
    "a class of statuses": ({"expected_status": "2xx"}, "expected_status is '2xx'"),
    "statuses that are text": ({"expected_status": ["200"]}, "expected_status is a list; give a number"),
    "a status that is true": ({"expected_status": True}, "expected_status is True"),
    "no status": ({"expected_status": 7}, "expected_status is 7"),
    "a filter that is a number": ({"response_filter": 5}, "response_filter is 5; give a JMESPath expression"),
    "a filter that is none": ({"response_filter": "items["}, "response_filter: 'items[' is no JMESPath"),
    "a check that is none": ({"response_check": "length("}, "response_check: 'length(' is no JMESPath"),
    "a rule's class": ({"pagination": LinkHeader}, "pagination is the class LinkHeader; give an instance"),
    "a rule's name": ({"pagination": "link"}, "pagination is a str; give LinkHeader()"),
    "pages to one file": ({"pagination": PageNumber(), "save_to": "s3://a/b"}, "exclude each other"),
    "no path": ({"path": None}, "path is None; give text such as users/7"),
    "a url that is a number": ({"url": 5}, "url is 5; give a whole address as text"),
    "no method": ({"method": None}, "method is None; that is not an HTTP method"),
    "an empty method": ({"method": ""}, "method is ''; that is not an HTTP method"),
    "a body type": ({"body_type": "urlencodd"}, "body_type is 'urlencodd'; it is one of json"),
    "a body type that is rendered nowhere": ({"body_type": "{{ x }}"}, "body_type is '{{ x }}'"),
    "nulls that are text": ({"send_null": "False"}, "send_null is 'False'; give True or False"),
    "headers that are a list": ({"headers": [("a", "b")]}, "headers is a list; give a dictionary"),
    "a query that is text": ({"query": "a=b"}, "query is 'a=b'; give a dictionary"),
    "a key that is a list": ({"idempotency_key": [1]}, "idempotency_key is a list; give True or a text"),
    "a place that is true": ({"save_to": True}, "save_to is True; give a path"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_the_hook_sends_nothing(server: Server, connect: Connect, name: str) -> None:
    given, says = WRONG[name]

    with HttpConnectorHook(connect(server.url)) as hook, pytest.raises(ConfigurationError) as raised:
        hook.call(**{"method": "POST", **given})

    assert says in str(raised.value)
    assert server.got == []


@pytest.mark.parametrize("name", WRONG)
def test_the_dag_does_not_parse(name: str) -> None:
    given, says = WRONG[name]
    with pytest.raises(ConfigurationError) as raised:
        HttpCallOperator(**{"task_id": "call", "http_conn_id": "crm", "method": "POST", **given})
    assert str(raised.value).startswith("HttpCallOperator `call`: ")
    assert says in str(raised.value)


@pytest.mark.parametrize("name", WRONG)
def test_the_dag_does_not_parse_where_the_task_is_mapped(name: str) -> None:
    given, says = WRONG[name]
    with DAG("dag", schedule=None), pytest.raises(ConfigurationError) as raised:
        HttpCallOperator.partial(**{"task_id": "call", "http_conn_id": "crm", "method": "POST", **given})
    assert says in str(raised.value)


def test_a_mapped_task_is_made() -> None:
    with DAG("dag", schedule=None) as dag:
        HttpCallOperator.partial(task_id="call", http_conn_id="crm", method="POST").expand(body=[1, 2])
    assert dag.get_task("call").is_mapped


def test_an_empty_connection_id_is_none() -> None:
    with pytest.raises(ConfigurationError, match="http_conn_id is ''; give the id of a Connection"):
        HttpCallOperator(task_id="call", http_conn_id="", method="GET")


@pytest.mark.parametrize("pages", ["5", 1.5, None, 0])
def test_a_number_of_pages_that_is_none(pages: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"max_pages is .*; it must be a number from 1 to 10000"):
        NextUrl("next", max_pages=pages)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"path": "{{ none }}"}, "path is None"),
        ({"query": "{{ [1] }}"}, "query is a list"),
        ({"method": "{{ 1 }}"}, "method is 1"),
        ({"http_conn_id": "{{ '' }}"}, "http_conn_id is"),
    ],
)
def test_what_was_rendered_is_checked(
    server: Server, connect: Connect, lane: Any, given: dict[str, Any], says: str
) -> None:
    arguments = {"http_conn_id": connect(server.url), "method": "POST", **given}
    with pytest.raises(Exception, match=says):
        lane(HttpCallOperator, native=True, **arguments)
    assert server.got == []


@pytest.mark.parametrize("native", [True, False])
def test_numbers_are_taken_as_text(server: Server, connect: Connect, lane: Any, native: bool) -> None:
    lane(
        HttpCallOperator,
        native=native,
        http_conn_id=connect(server.url),
        method="POST",
        path="{{ 7 }}",
        idempotency_key="{{ 12345 }}",
    )
    assert server.got[0].target == "/7"
    assert server.got[0].headers["idempotency-key"] == "12345"


def test_a_literal_number_is_taken_as_text(server: Server, connect: Connect) -> None:
    through_a_worker(
        HttpCallOperator, http_conn_id=connect(server.url), method="PUT", path=7, idempotency_key=12345
    )
    assert (server.got[0].target, server.got[0].headers["idempotency-key"]) == ("/7", "12345")


def test_the_hook_takes_a_function_for_pages(server: Server, connect: Connect) -> None:
    with HttpConnectorHook(connect(server.url)) as hook:
        assert hook.call("GET", pagination=lambda _answer: None).body == [{"ok": True}]


def test_the_hook_makes_no_key_of_a_task(server: Server, connect: Connect) -> None:
    with (
        HttpConnectorHook(connect(server.url)) as hook,
        pytest.raises(ConfigurationError, match="idempotency_key=True needs a task; give the key itself"),
    ):
        hook.call("POST", idempotency_key=True)  # type: ignore[arg-type]
    assert server.got == []


def test_a_task_s_own_key_is_a_uuid(server: Server, connect: Connect) -> None:
    task = HttpCallOperator(
        task_id="call", http_conn_id=connect(server.url), method="POST", idempotency_key=True
    )
    instance = SimpleNamespace(dag_id="d", run_id="r", task_id="call", map_index=-1)
    task.execute({"ti": instance})  # type: ignore[typeddict-item]
    assert len(server.got[0].headers["idempotency-key"]) == 36
