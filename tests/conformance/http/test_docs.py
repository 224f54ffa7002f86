"""The pages about calling an API are true: their Dags run, their tables are complete."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from hookline.hooks import http as hooks
from hookline.hooks import storage
from hookline.hooks.arguments import NAMES
from hookline.http import pagination, response
from hookline.http.auth import SCHEMES
from hookline.http.extras import FIELDS
from hookline.http.target import Target
from hookline.operators import http as operators
from hookline.operators.http import HttpConnectorOperator
from hookline.triggers import http as triggers
from tests.conformance.http.conftest import Server, answer
from tests.conformance.http.lanes import Triggerer, context, instance

DOCS = Path(__file__).parents[3] / "docs"
PAGES = ("call-an-api", "read-page-by-page", "send-and-save-files", "call-without-a-worker")
CONF = {"data": {"name": 'Ada "L"', "amount": 12.5}}
REPORT, FRONT, BACK = b"%PDF-report", b"front-jpeg", b"back-jpeg"


def page(name: str) -> str:
    return (DOCS / f"{name}.md").read_text()


def snippets(name: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", page(f"how-to/{name}"), re.DOTALL)


class Crm:
    """The API of the pages."""

    pages = ([1, 2], [3])

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        path, query = urlsplit(handler.path).path, parse_qs(urlsplit(handler.path).query)
        answered = getattr(self, path.removeprefix("/v2/").partition("/")[0], None)
        status, headers, body = answered(query, handler) if answered else (201, {}, {"id": 7})
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer(status, {"Content-Type": "application/json", **headers}, content)(handler)

    def contacts(self, query: Any, handler: BaseHTTPRequestHandler) -> Any:
        if handler.command == "GET" and "limit" not in query:
            return 404, {}, {}
        return 201 if handler.command == "POST" else 200, {}, {"id": 7, "items": [{"id": 7}]}

    def link(self, query: Any, _handler: Any) -> Any:
        last = "page" in query
        return 200, {} if last else {"Link": '</v2/link?page=2>; rel="next"'}, self.pages[last]

    def next(self, query: Any, _handler: Any) -> Any:
        last = "page" in query
        return 200, {}, {"items": self.pages[last], "links": {} if last else {"next": "next?page=2"}}

    def cursor(self, query: Any, _handler: Any) -> Any:
        last = "after" in query
        return 200, {}, {"items": self.pages[last], "meta": {"cursor": None if last else "c2"}}

    def number(self, query: Any, _handler: Any) -> Any:
        number = int(query.get("page", ["1"])[0])
        return 200, {}, self.pages[number - 1] if number < 3 else []

    def history(self, query: Any, _handler: Any) -> Any:
        last = "before" in query
        return 200, {}, {"items": self.pages[last], "more": not last}

    def statements(self, _query: Any, _handler: Any) -> Any:
        disposition = 'attachment; filename="2026-10.pdf"'
        return 200, {"Content-Type": "application/pdf", "Content-Disposition": disposition}, REPORT


@pytest.fixture
def run(
    server: Server, connect: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], dict[str, Any]]:
    """Execute a snippet as a Dag file, then its tasks in order; return their XComs by task."""
    server.respond = Crm()
    connect(f"{server.url}/v2")
    for name, content in {"report.pdf": REPORT, "front.jpg": FRONT, "2.bin": BACK}.items():
        (tmp_path / name).write_bytes(content)
    triggerer = Triggerer(monkeypatch)

    def execute(snippet: str, conf: dict[str, Any] = CONF) -> dict[str, Any]:
        names: dict[str, Any] = {}
        text = re.sub(r"(?m)^with (DAG\(.*\)):$", r"with \1 as dag:", snippet)
        exec(text.replace("s3://claims", f"file://{tmp_path}"), names)
        xcoms: dict[str, Any] = {}
        for task in names["dag"].topological_sort():
            ti = instance(task)
            ti.xcom_pull = lambda task_ids, **_options: xcoms[task_ids]
            if getattr(task, "deferrable", False):
                xcoms[task.task_id] = triggerer.run(names["dag"], task.task_id, conf)
            elif isinstance(task, HttpConnectorOperator):
                task.render_template_fields(context(ti, conf))
                xcoms[task.task_id] = task.execute(context(ti, conf))
            else:
                xcoms[task.task_id] = task.python_callable(*task.op_args, **task.op_kwargs)
        return xcoms

    return execute


def wire(server: Server) -> list[tuple[str, str, bytes]]:
    return [(got.method, got.target, got.body) for got in server.got]


def test_the_first_call_of_the_guide(server: Server, run: Callable[[str], Any]) -> None:
    run(snippets("call-an-api")[0])

    body = b'{"name":"Ada \\"L\\"","source":"airflow","email":null}'
    assert wire(server) == [("POST", "/v2/contacts?notify=true", body)]
    assert "idempotency-key" in server.got[0].headers


def test_the_other_actions_of_the_guide(server: Server, run: Callable[[str], Any]) -> None:
    xcoms = run(snippets("call-an-api")[1])

    assert xcoms["find"]["body"] == {"id": 7}
    assert wire(server) == [
        ("GET", "/v2/contacts?name=Ada+%22L%22&limit=1", b""),
        ("PUT", "/v2/contacts/7", b'{"name":"Ada \\"L\\""}'),
        ("PATCH", "/v2/contacts/7/labels", b"label=new&label=vip"),
    ]


def test_native_templates_of_the_guide(server: Server, run: Callable[[str], Any]) -> None:
    run(snippets("call-an-api")[2])

    body = b'{"amount":12.5,"order":{"name":"Ada \\"L\\"","amount":12.5}}'
    assert wire(server) == [("POST", "/v2/bookings", body)]


@pytest.mark.parametrize(
    ("name", "segment"),
    [
        ("None", "None"), ("['a','b']", "%5B%27a%27%2C%27b%27%5D"), ("1_000", "1_000"), ("1e400", "1e400"),
        ("a/b", "a%2Fb"), ("a?b=c&d#e", "a%3Fb%3Dc%26d%23e"), ("a%2Fb", "a%252Fb"),
        ('A "L" é', "A%20%22L%22%20%C3%A9"),
    ],
)  # fmt: skip
def test_text_of_strangers_stays_text(
    server: Server, run: Callable[..., Any], name: str, segment: str
) -> None:
    run(snippets("call-an-api")[3], {"data": {"name": name, "amount": 12.5}})

    (got,) = server.got
    path, _, query = got.target.partition("?")
    assert path == f"/v2/notes/{segment}"
    assert parse_qs(query) == {"author": [name]}
    assert json.loads(got.body) == {"author": name, "amount": 12.5}


def test_functions_of_the_answer(run: Callable[[str], Any]) -> None:
    assert run(snippets("call-an-api")[4])["ids"]["body"] == [7]


def test_the_hook_of_the_guide(server: Server, run: Callable[[str], Any]) -> None:
    assert run(snippets("call-an-api")[5]) == {"find_or_create": 7}

    assert wire(server) == [
        ("GET", "/v2/contacts?name=Ada", b""),
        ("POST", "/v2/contacts", b'{"name":"Ada"}'),
    ]


@pytest.mark.parametrize("number", range(2))
def test_every_rule_reads_all_pages(run: Callable[[str], Any], number: int) -> None:
    for task, xcom in run(snippets("read-page-by-page")[number]).items():
        assert xcom["body"] == [1, 2, 3], task


def test_files_are_sent_as_the_guide_says(server: Server, run: Callable[[str], Any]) -> None:
    run(snippets("send-and-save-files")[0])

    form, raw = server.got
    for part in (
        b'name="claim"\r\n\r\nAda "L"',
        b'name="report"; filename="report.pdf"\r\nContent-Type: application/pdf\r\n\r\n' + REPORT,
        b'name="photos[]"; filename="front.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' + FRONT,
        b'name="photos[]"; filename="back.jpg"\r\nContent-Type: image/jpeg\r\n\r\n' + BACK,
    ):
        assert part in form.body
    assert (raw.method, raw.headers["content-type"], raw.body) == ("PUT", "application/pdf", REPORT)


def test_a_saved_file_is_passed_on(server: Server, run: Callable[[str], Any], tmp_path: Path) -> None:
    xcoms = run(snippets("send-and-save-files")[1])

    assert (tmp_path / "statements/2026-10.pdf").read_bytes() == REPORT
    saved = xcoms["download"]["body"]
    assert (saved["name"], saved["content_type"], saved["size"]) == ("2026-10.pdf", "application/pdf", 11)
    assert b'filename="2026-10.pdf"\r\nContent-Type: application/pdf\r\n\r\n' + REPORT in server.got[1].body


def test_the_task_without_a_worker(server: Server, run: Callable[[str], Any]) -> None:
    run(snippets("call-without-a-worker")[0])

    assert wire(server) == [("POST", "/v2/announcements", b'{"text":"Ada \\"L\\" is here"}')]


def test_the_trigger_of_the_guide(server: Server, run: Callable[[str], Any]) -> None:
    run(snippets("call-without-a-worker")[1])

    assert wire(server) == [("PUT", "/v2/status", b'{"text":"open"}')]


def test_no_snippet_is_left_out() -> None:
    assert [len(snippets(name)) for name in PAGES] == [6, 2, 2, 2]


def public_classes() -> set[str]:
    modules = (operators, hooks, storage, pagination, response, triggers)
    found = {
        name
        for module in modules
        for name, value in vars(module).items()
        if inspect.isclass(value) and value.__module__ == module.__name__ and not name.startswith("_")
    }
    # What others derive from, what a function as `pagination` becomes, and what nobody is given.
    return found - {"HttpConnectorOperator", "HttpBodyOperator", "Pagination", "Function", "Received"}


def test_every_public_class_is_in_an_example() -> None:
    examples = "\n".join(code for name in PAGES for code in snippets(name))

    assert {name for name in public_classes() if name not in examples} == set()


def test_every_public_class_is_compared_with_the_provider() -> None:
    rows = re.findall(r"(?m)^\| (.*?) \|", page("explanation/compared-with-the-http-provider"))

    assert public_classes() - {"Answer"} <= set(re.findall(r"`(\w+)`", " ".join(rows)))


def test_the_reference_lists_every_argument() -> None:
    table = page("reference/http-calls").partition("## Bodies")[0]
    arguments = {*NAMES, "http_conn_id", "deferrable", "log_response"}

    assert set(re.findall(r"(?m)^\| `([a-z_]+)` \|", table)) == arguments


def test_the_reference_lists_every_extra_and_authentication() -> None:
    reference = page("reference/http-connection")
    tables = reference[reference.index("## Extras") : reference.index("## Addresses")]
    cells = re.findall(r"(?m)^\| ((?:`[a-z_0-9]+`(?:, )?)+) \|", tables)
    assert set(re.findall(r"`(\w+)`", " ".join(cells))) == {*FIELDS, *SCHEMES}


def test_the_reference_says_the_defaults_of_extras() -> None:
    rows = dict(re.findall(r"(?m)^\| `(\w+)` \| [^|]+ \| ([^|]*?) ?\|", page("reference/http-connection")))
    fields = [one for one in dataclasses.fields(Target) if one.name in FIELDS.keys() - {"auth_type"}]
    written = {one.name: str(one.default) for one in fields if isinstance(one.default, str | int | float)}
    defaults = {name: value for name, value in written.items() if value}

    assert {name: rows[name].strip("`") for name in defaults} == {
        name: value.removesuffix(".0").replace("True", "true") for name, value in defaults.items()
    }
