"""The pages about calling an API are true: their Dags run, their tables are complete."""

from __future__ import annotations

import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hookline.http.auth import SCHEMES
from hookline.http.extras import FIELDS
from hookline.operators.http import HttpConnectorOperator
from tests.conformance.http.conftest import Server, answer

DOCS = Path(__file__).parents[3] / "docs"
GUIDE = (DOCS / "how-to/call-an-api.md").read_text()
REFERENCE = (DOCS / "reference/http-connection.md").read_text()
SNIPPETS = re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)
CONTEXT = {
    "run_id": "r1",
    "dag_run": SimpleNamespace(conf={"data": {"name": 'Ada "L"', "amount": 12.5}}),
}


def run(snippet: str) -> None:
    """Execute a snippet as a Dag file, then its tasks."""
    names: dict[str, Any] = {}
    exec(re.sub(r"(?m)^with (DAG\(.*\)):$", r"with \1 as dag:", snippet), names)
    for operator in names["dag"].tasks:
        operator.render_template_fields(CONTEXT)
        if isinstance(operator, HttpConnectorOperator):
            operator.execute(CONTEXT)
        else:
            operator.python_callable(*operator.op_args, **operator.op_kwargs)


@pytest.mark.parametrize(
    ("number", "sent"),
    [
        (
            0,
            [("POST", "/v2/contacts?notify=true", b'{"name":"Ada \\"L\\"","source":"airflow","email":null}')],
        ),
        (1, [("POST", "/v2/bookings", b'{"amount":12.5,"order":{"name":"Ada \\"L\\"","amount":12.5}}')]),
        (2, [("GET", "/v2/contacts?name=Ada", b""), ("POST", "/v2/contacts", b'{"name":"Ada"}')]),
    ],
)
def test_the_dags_of_the_guide_run(
    server: Server, connect: Callable[..., str], number: int, sent: list[tuple[str, str, bytes]]
) -> None:
    def respond(handler: BaseHTTPRequestHandler) -> None:
        status = 404 if handler.command == "GET" else 201
        answer(status, {"Content-Type": "application/json"}, b'{"id": 7}')(handler)

    server.respond = respond
    connect(f"{server.url}/v2")
    run(SNIPPETS[number])
    assert [(got.method, got.target, got.body) for got in server.got] == sent


def test_no_snippet_is_left_out() -> None:
    assert len(SNIPPETS) == 3


def test_the_reference_lists_every_extra_and_authentication() -> None:
    tables = REFERENCE[REFERENCE.index("## Extras") : REFERENCE.index("## Addresses")]
    cells = re.findall(r"(?m)^\| ((?:`[a-z_0-9]+`(?:, )?)+) \|", tables)
    assert set(re.findall(r"`(\w+)`", " ".join(cells))) == {*FIELDS, *SCHEMES}
