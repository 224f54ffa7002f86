"""The YAML of step webhooks."""

from __future__ import annotations

import pytest

from hookline.exceptions import ConfigurationError
from hookline.steps import document

GOOD = """
version: 1
step_webhooks:
  - dag: orders
    step: ship
    name: shipped
    on: completed
    conn_id: erp
  - dag: orders
    name: orders-failed
    on: [run_failed]
    url: https://ops.example.com/in
"""


def test_a_document_is_a_list_of_webhooks_with_their_places() -> None:
    first, second = document.read(GOOD)

    assert (first.dag_id, first.step, first.webhook.name, first.webhook.triggers) == (
        "orders",
        "ship",
        "shipped",
        ("completed",),
    )
    assert (second.step, second.webhook.url) == ("", "https://ops.example.com/in")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: [", "it is no YAML"),
        ("- a", "an object with a list `step_webhooks`"),
        ("step_webhooks: {}", "an object with a list `step_webhooks`"),
        ("step_webhooks: []\nextra: 1", "no field 'extra'"),
        ("step_webhooks: []\nversion: 2", "`version` must be 1"),
        ("step_webhooks: [5]", "number 1 of `step_webhooks` is no object"),
        ("step_webhooks: [{name: a, conn_id: b}]", "number 1 of `step_webhooks` needs `dag`"),
        ("step_webhooks: [{dag: d, step: 5, name: a, conn_id: b}]", "`step` is the id"),
        ("step_webhooks: [{dag: d, name: a}]", "number 1 of `step_webhooks`: step webhook `a`: give conn_id"),
        (
            "step_webhooks: [{dag: d, name: a, conn_id: b}, {dag: e, name: a, conn_id: b}]",
            "two step webhooks named `a`",
        ),
        ("a: &a [x]\nb: *a", "an alias"),
        ("x" * (document.MAX_CHARS + 1), "are allowed"),
        ("!!python/object:os.system {}", "it is no YAML"),
    ],
)
def test_what_is_wrong_is_said(text: str, reason: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        document.read(text)
    assert reason in str(refused.value)
