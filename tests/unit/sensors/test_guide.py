"""The guide to waiting: its Dags are Dags, its Connection is a source, and it names every argument."""

from __future__ import annotations

import inspect
import json
import re
from pathlib import Path

import pytest
from airflow.sdk import DAG

from hookline.protocol.source import parse
from hookline.sensors.webhook import WebhookSensor

PAGE = (Path(__file__).parents[3] / "docs/how-to/wait-for-an-event.md").read_text()
DAGS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize(("number", "tasks"), list(enumerate([["paid", "ship"], ["render"], ["read"]])))
def test_its_dags_are_dags(monkeypatch: pytest.MonkeyPatch, number: int, tasks: list[str]) -> None:
    made: list[DAG] = []
    init = DAG.__attrs_post_init__
    monkeypatch.setattr(DAG, "__attrs_post_init__", lambda dag: (made.append(dag), init(dag))[1])
    exec(DAGS[number], {})
    assert [sorted(dag.task_ids) for dag in made] == [tasks]


def test_its_connection_is_a_source() -> None:
    [text] = re.findall(r"AIRFLOW_CONN_PAYMENTS='(.*?)'", PAGE, re.DOTALL)
    fields = json.loads(text)
    source = parse("payments", None, fields["password"], fields["extra"])
    assert str(source.correlation) == "body:order"


def test_it_names_every_argument() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    arguments = set(inspect.signature(WebhookSensor.__init__).parameters) - {"self", "kwargs"}
    assert named == arguments | {"timeout", "soft_fail"}
