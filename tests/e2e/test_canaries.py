"""No secret is in anything the system wrote: logs, database, XCom, run conf, answers, command lines."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests
from sqlalchemy import create_engine, text

from demo.stack import Stack
from hookline.protocol.message import Headers, Message
from hookline.testing import Sender
from tests.e2e import connections
from tests.e2e.api import Api
from tests.e2e.canaries import IN_DATABASE, INBOUND, forms
from tests.e2e.driver import Driver

pytestmark = pytest.mark.e2e
TRACE = "0af7651916cd43dd8448eb211c80319c"
PRIVATE = ("environment.sh", "passwords.json")
"""Files of the demo itself, readable by their owner."""


def signed(stack: Stack, sender: Sender, body: bytes) -> dict[str, str]:
    url = f"{stack.url}/hooks/in/{sender.name}/paid"
    headers = {"content-type": "application/json", "x-github-event": "paid"}
    fields = Headers((name.encode(), value.encode()) for name, value in headers.items())
    message = Message("POST", url, "paid", "", fields, body, datetime.now(UTC))
    return {**headers, **sender.source().verifier.sign(message)}


@pytest.fixture(scope="module")
def answers(stack: Stack, api: Api) -> Iterator[list[requests.Response]]:
    """Everything that could let a secret slip, done once."""
    connections.create(
        stack,
        "canary_stored",
        {"auth_type": "api_key", "previous_secret": IN_DATABASE},
        conn_type="webhook",
        password=IN_DATABASE,
    )
    said: list[requests.Response] = []

    def post(name: str, body: bytes, headers: dict[str, str], query: str = "") -> int:
        url = f"{stack.url}/hooks/in/{name}/paid{query}"
        said.append(requests.post(url, data=body, headers=headers, timeout=30))
        return said[-1].status_code

    for sender, _ in INBOUND.values():
        secret = sender.password
        body = b'{"type": "paid"}'
        proof = signed(stack, sender, body)
        parent = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
        assert post(sender.name, body, {**proof, **parent}) == 202, said[-1].text
        assert post(sender.name, b'{"broken', signed(stack, sender, b'{"broken')) == 400
        # A careless sender has it everywhere but where it belongs.
        assert post(sender.name, b"{}", {"X-Other": secret, "Authorization": f"Token {secret}"}) == 401
        # Airflow's own access log hides values of queries, not names.
        assert post(sender.name, b"{}", {}, f"?key={secret}") == 401
        assert post(sender.name, f'{{"secret": "{secret}"}}'.encode(), {}) == 401
    assert post("canary_stored", b"{}", {"X-API-Key": IN_DATABASE}) == 202
    assert post("canary_stored", b"{}", {"X-API-Key": f"{IN_DATABASE}-almost"}) == 401
    run_id = f"webhook__canary_basic__{said[0].json()['event_id']}"
    assert Driver(stack).finished("canary_basic.paid", run_id, 120) == "failed"  # two of its tasks have to
    assert len(api.requests("/canary")) >= 8
    yield said
    connections.delete(stack, "canary_stored")


def found_in(content: str) -> list[str]:
    return [name for name, form in forms().items() if form in content]


def test_no_secret_is_in_a_log(stack: Stack, answers: list[requests.Response]) -> None:
    logs = [path for path in stack.home.path.rglob("*.log") if path.name not in PRIVATE]
    assert any("canary_basic" in str(path) for path in logs)

    found = {str(path): found_in(path.read_text(errors="replace")) for path in logs}
    assert {path: names for path, names in found.items() if names} == {}


def test_no_secret_is_in_a_row_of_the_database(stack: Stack, answers: list[requests.Response]) -> None:
    engine = create_engine(stack.database_url)
    rows: dict[str, str] = {}
    with engine.connect() as connection:
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"))
        for table in tables.all():
            dumped = connection.scalars(text(f'SELECT CAST(t AS text) FROM "{table}" AS t'))
            rows[table] = "\n".join(dumped.all())
    engine.dispose()

    assert {"hookline_event", "hookline_refusal", "dag_run", "xcom", "connection"} <= set(rows)
    assert "canary" in rows["hookline_event"]
    assert {table: found_in(content) for table, content in rows.items() if found_in(content)} == {}
    # On the way: the run belongs to its sender's trace.
    assert TRACE in rows["dag_run"]


def test_no_secret_is_in_an_answer_or_a_command_line(stack: Stack, answers: list[requests.Response]) -> None:
    written = [answer.text + str(answer.headers) for answer in answers]
    lines = subprocess.run(["ps", "axww", "-o", "args"], capture_output=True, text=True, check=True).stdout

    assert [text for text in [*written, lines] if found_in(text)] == []


def test_secrets_are_found_where_they_are(stack: Stack) -> None:
    shell = Path(stack.home.path / "environment.sh").read_text()

    assert {"canary_hmac", "out bearer", "oauth"} <= set(found_in(shell))
