"""Joins a run to the trace of whoever sent its event.

Airflow makes a trace of its own for each run and keeps it as ``dag_run.context_carrier``
(``airflow/models/dagrun.py``); the run's span, its tasks' and what they call hang on it. Of the sender's
``traceparent`` (https://www.w3.org/TR/trace-context/) only the trace id is taken over: whether a trace is
recorded is Airflow's own sampler's to say, not a stranger's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.models.dagrun import DagRun
    from airflow.models.taskinstance import TaskInstance


def trace_id(conf: Mapping[str, Any]) -> str | None:
    """Return the trace id of an event, 32 hexadecimal digits, or None where its sender gave none."""
    parent = (conf.get("hookline") or {}).get("traceparent")
    return str(parent).split("-")[1] if parent else None


def named_in(body: str) -> str | None:
    """Return the trace id of an event as the inbox keeps it; one without is not parsed."""
    return trace_id(json.loads(body)) if '"traceparent"' in body else None


def joined(carrier: Mapping[str, str] | None, conf: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the carrier of a new run with the trace id of its event; None to leave it as it is."""
    sender = trace_id(conf)
    own = (carrier or {}).get("traceparent", "").split("-")
    if sender is None or len(own) != 4:
        return None
    version, _, span, flags = own
    return {**(carrier or {}), "traceparent": f"{version}-{sender}-{span}-{flags}"}


def join(run: DagRun, tasks: Iterable[TaskInstance] = ()) -> None:
    """Join a run to its event's trace.

    :param tasks: its task instances, where they are there already: their carriers were made of the run's.
    """
    conf = run.conf or {}
    if trace_id(conf) is None:
        return
    traced: list[Any] = [run, *tasks]
    for one in traced:
        if carrier := joined(one.context_carrier, conf):
            one.context_carrier = carrier
