"""The operator in a Dag: what it checks when parsed, renders before and returns after the call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.sdk import DAG

from hookline.exceptions import ConfigurationError
from hookline.operators.http import HttpPostOperator
from tests.conformance.http.conftest import Server

Connect = Callable[..., str]


def run(operator: HttpPostOperator, **context: Any) -> dict[str, Any]:
    operator.render_template_fields(context)
    return operator.execute(context)


def test_it_returns_status_headers_and_body(server: Server, connect: Connect) -> None:
    xcom = run(HttpPostOperator(task_id="post", http_conn_id=connect(server.url), body={"a": 1}))
    headers = xcom.pop("headers")
    assert xcom == {"status": 200, "body": {"ok": True}}
    assert headers["content-type"] == "application/json"
    assert headers["set-cookie"] == "***"


def test_dictionaries_are_rendered_in_depth(server: Server, connect: Connect) -> None:
    operator = HttpPostOperator(
        task_id="post",
        http_conn_id="{{ conn_id }}",
        path="users/{{ user.id }}",
        body={"who": {"names": ["{{ user.name }}", 1]}, "on": True},
        headers={"X-User": "{{ user.id }}"},
        query={"q": "{{ user.name }}"},
    )
    run(operator, conn_id=connect(server.url), user={"id": 7, "name": 'a "b" ü'})
    got = server.got[0]
    assert got.target == "/users/7?q=a+%22b%22+%C3%BC"
    assert got.headers["x-user"] == "7"
    assert got.body.decode() == '{"who":{"names":["a \\"b\\" ü",1]},"on":true}'


def test_a_whole_body_can_be_a_json_template(server: Server, connect: Connect) -> None:
    operator = HttpPostOperator(task_id="post", http_conn_id=connect(server.url), body="{{ user | tojson }}")
    run(operator, user={"id": 7, "tags": ["<x>"]})
    assert server.got[0].body == b'{"id":7,"tags":["<x>"]}'


def test_native_rendering_keeps_numbers_and_dictionaries(server: Server, connect: Connect) -> None:
    with DAG("native", schedule=None, render_template_as_native_obj=True):
        operator = HttpPostOperator(
            task_id="post",
            http_conn_id=connect(server.url),
            body={"id": "{{ user.id }}", "all": "{{ user }}"},
        )
    run(operator, user={"id": 7})
    assert server.got[0].body == b'{"id":7,"all":{"id":7}}'


def test_a_dictionary_rendered_to_text_is_explained(server: Server, connect: Connect) -> None:
    operator = HttpPostOperator(task_id="post", http_conn_id=connect(server.url), body="{{ user }}")
    with pytest.raises(ConfigurationError, match="render_template_as_native_obj=True"):
        run(operator, user={"id": 7})
    assert server.got == []


def test_a_url_needs_no_connection(server: Server, connect: Connect) -> None:
    run(HttpPostOperator(task_id="post", url="{{ where }}/in"), where=server.url)
    assert server.got[0].target == "/in"


def test_without_connection_and_url_the_dag_does_not_parse() -> None:
    with pytest.raises(ConfigurationError, match="HttpPostOperator `post` has neither http_conn_id nor url"):
        HttpPostOperator(task_id="post", path="users")


def test_the_connection_can_come_from_default_args() -> None:
    with DAG("defaults", schedule=None, default_args={"http_conn_id": "crm"}):
        assert HttpPostOperator(task_id="post").http_conn_id == "crm"


@pytest.mark.parametrize("log_response", [False, True])
def test_the_body_is_logged_only_when_asked_for(
    server: Server,
    connect: Connect,
    capfd: pytest.CaptureFixture[str],
    log_response: bool,
) -> None:
    run(HttpPostOperator(task_id="post", http_conn_id=connect(server.url), log_response=log_response))
    assert ("Body of the answer: {'ok': True}" in capfd.readouterr().out) is log_response
