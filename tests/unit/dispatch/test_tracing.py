"""A run belongs to the trace of whoever sent its event; what is recorded stays Airflow's to say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hookline.dispatch import tracing

SENDER = "0af7651916cd43dd8448eb211c80319c"
RUN = "00-11111111111111111111111111111111-2222222222222222-00"
EVENT = {"data": {}, "hookline": {"traceparent": f"00-{SENDER}-b7ad6b7169203331-01"}}


def test_the_trace_is_the_sender_s_and_span_and_sampling_are_airflow_s() -> None:
    carrier = tracing.joined({"traceparent": RUN, "tracestate": "airflow=1"}, EVENT)

    assert carrier == {"traceparent": f"00-{SENDER}-2222222222222222-00", "tracestate": "airflow=1"}


@pytest.mark.parametrize(
    ("carrier", "event"),
    [({"traceparent": RUN}, {"data": {}}), ({}, EVENT), (None, EVENT), ({"traceparent": "odd"}, EVENT)],
    ids=["a sender without a trace", "no trace in Airflow", "no carrier", "an unknown form"],
)
def test_else_the_run_keeps_what_it_has(carrier: Any, event: dict[str, Any]) -> None:
    assert tracing.joined(carrier, event) is None


def test_the_log_names_the_trace() -> None:
    assert tracing.named_in(json.dumps(EVENT)) == SENDER
    assert tracing.named_in('{"data": "x"}') is None
    assert tracing.named_in('{"data": {"traceparent": "mine"}}') is None
