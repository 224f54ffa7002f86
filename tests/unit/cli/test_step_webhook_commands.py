"""``airflow hookline step-webhooks``: what each command prints and does."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import DAG

from hookline.authoring import StepWebhook, step_webhooks
from tests.unit.observe import airflow_rows

Run = Callable[..., Any]
Captured = pytest.CaptureFixture[str]
FILE = """
step_webhooks:
  - {dag: shop, step: ship, name: shipped, conn_id: plain, on: [completed, failed]}
  - {dag: shop, name: over, url: "https://erp.example.com/in", on: run_failed}
"""


@pytest.fixture(autouse=True)
def dag(metadata: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Dag whose code declares `coded`, and a Connection whose credentials others can read."""
    airflow_rows.empty()
    with DAG("shop", schedule=None) as made:
        step_webhooks(EmptyOperator(task_id="ship"), StepWebhook(name="coded", conn_id="plain", auth="hmac"))
    airflow_rows.write(made)
    fields = {
        "conn_type": "http_connector",
        "schema": "http",
        "host": "erp.example.com",
        "password": "s3cret",
    }
    monkeypatch.setenv("AIRFLOW_CONN_PLAIN", json.dumps({**fields, "extra": {"auth_type": "bearer"}}))


def apply(hookline: Run, tmp_path: Path, text: str = FILE) -> None:
    file = tmp_path / "webhooks.yaml"
    file.write_text(text)
    hookline("step-webhooks", "apply", "-f", str(file))


def listed(hookline: Run, captured: Captured) -> dict[str, dict[str, Any]]:
    captured.readouterr()
    hookline("step-webhooks", "list", "--output", "json")
    return {one["name"]: one for one in json.loads(captured.readouterr().out.strip().splitlines()[-1])}


def test_all_are_in_one_list_with_their_origin(hookline: Run, capsys: Captured, tmp_path: Path) -> None:
    apply(hookline, tmp_path)
    assert "plain HTTP" in capsys.readouterr().err

    found = listed(hookline, capsys)
    assert {name: one["origin"] for name, one in found.items()} == {
        "coded": "code",
        "shipped": "yaml",
        "over": "yaml",
    }
    assert (found["shipped"]["steps"], found["shipped"]["on"]) == ("ship", "completed, failed")
    assert (found["over"]["to"], found["over"]["steps"]) == ("https://erp.example.com/in", "")
    assert "wants auth hmac" in found["coded"]["problem"]
    assert "plain HTTP" in found["shipped"]["problem"]
    assert found["over"]["problem"] == ""


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (FILE.replace("step: ship", "step: shop"), "has no task and no task group `shop`"),
        (FILE.replace("dag: shop, name", "dag: ship, name"), "there is no Dag `ship`"),
        (FILE.replace("on: run_failed", "on: run_faild"), "must be one of created"),
        (FILE + "  - *alias\n", "has an alias"),
    ],
)
def test_a_file_with_a_mistake_changes_nothing(
    hookline: Run, capsys: Captured, tmp_path: Path, text: str, reason: str
) -> None:
    with pytest.raises(SystemExit) as refused:
        apply(hookline, tmp_path, text)

    assert str(refused.value).startswith("Nothing is changed: ")
    assert reason in str(refused.value)
    assert listed(hookline, capsys).keys() == {"coded"}


def test_one_is_switched_off_and_on_and_deleted(hookline: Run, capsys: Captured, tmp_path: Path) -> None:
    apply(hookline, tmp_path)
    for command, enabled in (("disable", "false"), ("enable", "true")):
        hookline("step-webhooks", command, "shipped")
        assert listed(hookline, capsys)["shipped"]["enabled"] == enabled
    hookline("step-webhooks", "delete", "shipped")

    assert listed(hookline, capsys).keys() == {"coded", "over"}


@pytest.mark.parametrize(
    ("name", "reason"),
    [("coded", "declared in the code of `shop`; change it there"), ("nothing", "There is no step webhook")],
)
@pytest.mark.parametrize("command", ["enable", "disable", "delete"])
def test_what_is_not_declared_outside_of_code_is_not_changed(
    hookline: Run, command: str, name: str, reason: str
) -> None:
    with pytest.raises(SystemExit, match=reason):
        hookline("step-webhooks", command, name)


def test_an_empty_list_says_what_to_do(hookline: Run, capsys: Captured) -> None:
    airflow_rows.empty()
    hookline("step-webhooks", "list", "--output", "table")

    assert "Declare one in a Dag: step_webhooks(" in capsys.readouterr().out
