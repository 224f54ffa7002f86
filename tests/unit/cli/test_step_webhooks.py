"""What is said of the Connection of a step webhook before anything is sent."""

from __future__ import annotations

import json

import pytest

from hookline.cli.step_webhooks import dangers
from hookline.steps.definition import StepWebhook

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.mark.parametrize(
    ("scheme", "auth", "danger"),
    [("https", None, ""), ("https", "bearer", ""), ("http", "bearer", "plain HTTP")],
    ids=["signed by default", "as the webhook says", "credentials that others can read"],
)
def test_a_connection_without_auth_type_is_taken_as_deliveries_take_it(
    monkeypatch: pytest.MonkeyPatch, scheme: str, auth: str | None, danger: str
) -> None:
    conn_id = f"erp_{scheme}_{auth or 'any'}".lower()
    fields = {
        "conn_type": "http_connector",
        "schema": scheme,
        "host": "erp.example.com",
        "password": SECRET,
        "extra": {},
    }
    monkeypatch.setenv(f"AIRFLOW_CONN_{conn_id.upper()}", json.dumps(fields))

    said = dangers(StepWebhook(name="shipped", conn_id=conn_id, auth=auth))

    assert danger in said if danger else said == ""
