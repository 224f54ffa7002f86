"""``airflow hookline send``: where an event goes, and how it is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from hookline import catalog
from tests.conformance.http.conftest import Server

Run = Callable[..., Any]
SOURCES = {
    "platform": {"login": "platform", "extra": {"auth_type": "basic", "dag_prefix": ""}},
    "shop": {"extra": {"auth_type": "api_key"}},
    "slack": {"extra": {"auth_type": "slack"}},
}


@pytest.fixture(autouse=True)
def sources(monkeypatch: pytest.MonkeyPatch) -> None:
    """Connections in the environment."""
    for name, fields in SOURCES.items():
        connection = {"conn_type": "webhook", "password": "s3cret", **fields}
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(connection))


@pytest.mark.parametrize(
    ("event", "target"),
    [
        ("users.created", "platform/users/created"),
        ("Users > Created", "platform/users/created"),
        ("datastore_forms.v1_x2E2.created", "platform/datastore_forms/v1.2/created"),
        ("[hr] > [a/b ü] > Updated", "platform/hr/a%2Fb%20%C3%BC/updated"),
        ("Submissions > any > [form] > Submitted", "platform/submissions/hr/form/submitted"),
    ],
)
def test_a_known_event_goes_to_its_path(hookline: Run, server: Server, event: str, target: str) -> None:
    hookline("send", event, "--sample", "--url", server.url)
    [got] = server.got
    assert got.target == f"/hooks/in/{target}"
    assert json.loads(got.body) == catalog.find(event).sample


@pytest.mark.parametrize(
    ("event", "path"), [("shop.order.paid", "order/paid"), ("shop._x50_x54_x4F.a_x2Fb", "PTO/a%2Fb")]
)
def test_an_unknown_event_goes_where_its_dag_id_says(
    hookline: Run, server: Server, tmp_path: Path, event: str, path: str
) -> None:
    (tmp_path / "data.json").write_text('{"n": 1}')
    hookline("send", event, "--data", str(tmp_path / "data.json"), "--url", server.url)
    [got] = server.got
    assert got.target == f"/hooks/in/shop/{path}"
    assert json.loads(got.body) == {"n": 1}


def test_a_form_is_sent_as_a_form(hookline: Run, server: Server) -> None:
    hookline("send", "slack._x2Fdeploy", "--sample", "--url", server.url)
    [got] = server.got
    assert got.headers["content-type"] == "application/x-www-form-urlencoded"
    assert parse_qs(got.body.decode())["command"] == ["/deploy"]


@pytest.mark.parametrize(
    ("event", "data", "says"),
    [
        ("slack._x2Fdeploy", "[1]", "is sent as a form, so its data is a JSON object"),
        ("shop.Order.paid", "{}", "Or say where to send with --path."),
        ("shop.order.paid", None, "`airflow hookline catalog list` shows what it has"),
    ],
)
def test_what_cannot_be_sent_is_told(
    hookline: Run, server: Server, tmp_path: Path, *, event: str, data: str | None, says: str
) -> None:
    (tmp_path / "data.json").write_text(data or "")
    given = ["--sample"] if data is None else ["--data", str(tmp_path / "data.json")]
    with pytest.raises(SystemExit, match=says):
        hookline("send", event, *given, "--url", server.url)
    assert server.got == []
