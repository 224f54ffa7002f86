"""The guide to step webhooks: its Dags declare what it says, its Connection is a target, its YAML is read."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from airflow.models.connection import Connection
from airflow.sdk import DAG
from airflow.serialization.serialized_objects import DagSerialization

from hookline.http.connection import target_of
from hookline.notifications.webhook import WebhookNotifier
from hookline.observe import composing
from hookline.steps import declared, document

PAGE = (Path(__file__).parents[3] / "docs/how-to/tell-another-system.md").read_text()
DAG_CODE, FILTERED, CALLBACK = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
[FILE] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def carried_out(code: str, monkeypatch: pytest.MonkeyPatch) -> tuple[list[DAG], dict[str, Any]]:
    made: list[DAG] = []
    init = DAG.__attrs_post_init__
    monkeypatch.setattr(DAG, "__attrs_post_init__", lambda dag: (made.append(dag), init(dag))[1])
    names: dict[str, Any] = {}
    exec(code, names)
    return made, names


def payload(total: int) -> dict[str, Any]:
    return {"data": {"step": {"result": {"order": "A-7", "total": total}}}}


def test_its_connection_is_a_target() -> None:
    [text] = re.findall(r"AIRFLOW_CONN_ERP='(.*?)'", PAGE, re.DOTALL)
    target = target_of("erp", Connection.from_json(text), "", default_auth="none")

    assert (target.auth_type, target.origin.host) == ("standard_webhooks", "erp.example.com")


def test_its_dag_reaches_the_server_with_its_webhooks(monkeypatch: pytest.MonkeyPatch) -> None:
    [dag], _ = carried_out(DAG_CODE, monkeypatch)
    read = DagSerialization.from_dict(json.loads(json.dumps(DagSerialization.to_dict(dag))))
    found = declared.read(read.default_args)

    assert {task: [one.name for one in some] for task, some in found.steps.items()} == {"ship": ["shipped"]}
    assert found.all["shipped"].triggers == ("completed", "failed")
    assert [(one.name, one.triggers) for one in found.run] == [("fulfil-failed", ("run_failed",))]
    assert read.get_task("ship").task_display_name == "ship ↗"
    assert "step-webhooks" in read.tags


@pytest.mark.parametrize("total", [100, 101])
def test_its_filter_headers_and_body_do_what_it_says(monkeypatch: pytest.MonkeyPatch, total: int) -> None:
    _, names = carried_out(f"{FILTERED}\n".replace("\nStepWebhook(", "\nmade = StepWebhook("), monkeypatch)
    found = composing.compose(names["made"], payload(total))

    if total == 100:
        assert found is None
    else:
        assert found is not None
        assert found.endpoint.headers == {"X-Order": "A-7"}
        assert found.body == {"order": "A-7", "text": "Order A-7 is on its way"}


def test_its_yaml_declares_a_webhook() -> None:
    [entry] = document.read(FILE)
    found = composing.compose(entry.webhook, payload(1))

    assert (entry.dag_id, entry.step, entry.webhook.triggers) == ("fulfil", "ship", ("completed",))
    assert found is not None
    assert found.body == {"text": "Shipped A-7"}


def test_its_callback_notifies(monkeypatch: pytest.MonkeyPatch) -> None:
    [dag], _ = carried_out(CALLBACK, monkeypatch)
    notifier = dag.on_failure_callback

    assert isinstance(notifier, WebhookNotifier)
    assert (notifier.http_conn_id, notifier.path) == ("chat", "/alarms")
