"""Airflow Dags that call with every kind of authentication, in vain and not."""

from __future__ import annotations

from airflow.sdk import task

from hookline.authoring import event_dag
from hookline.exceptions import HooklineError
from hookline.hooks.http import HttpConnectorHook
from hookline.operators.http import HttpPostOperator

KINDS = ("basic", "bearer", "api_key", "client_secret", "hmac", "standard_webhooks")


@task
def call_all() -> dict[str, object]:
    """Call with each, rightly, wrongly, and nobody; return what is known of it."""
    said: dict[str, object] = {}
    for kind in KINDS:
        hook = HttpConnectorHook(f"canary_out_{kind}")
        said[kind] = hook.call("POST", "canary", body={"n": 1}).body
        for path in ("status/404", "status/401"):
            try:
                hook.call("POST", path, body={"n": 1})
            except HooklineError as error:
                said[f"{kind} {path}"] = str(error)
    return said


@event_dag("canary_basic.paid", schema={"type": "object"}, sample={})
def canaries() -> None:
    """Call on a worker and without one, and fail in both."""
    call_all()
    for kind in ("bearer", "hmac"):
        conn_id = f"canary_out_{kind}"
        HttpPostOperator(
            task_id=f"free_{kind}", http_conn_id=conn_id, path="canary", body={"n": 1}, deferrable=True
        )
        HttpPostOperator(
            task_id=f"refused_{kind}", http_conn_id=conn_id, path="status/404", body={"n": 1}, deferrable=True
        )


canaries()
