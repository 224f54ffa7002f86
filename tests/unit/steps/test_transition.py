"""Delivery ids are the same everywhere and no two the same."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from hookline.steps.transition import ALL, Transition, delivery_id, event_type

PARTS = st.tuples(st.text(max_size=5), st.text(max_size=5), st.text(max_size=5), st.text(max_size=5))


def of(parts: tuple[str, str, str, str]) -> str:
    dag_id, run_id, task_id, webhook = parts
    return delivery_id(dag_id, run_id, Transition(1, task_id, -1, 1, "completed"), webhook)


def test_an_id_does_not_change() -> None:
    # Receivers remember it: another id would be another message.
    assert of(("orders", "r1", "ship", "erp")) == ("msg_77c2gk34cgrvzzpg5drb5jc5qkzbtzdsvxkzj3sifq66ppbzyopq")


@given(PARTS, PARTS)
def test_different_things_have_different_ids(one: tuple[str, ...], other: tuple[str, ...]) -> None:
    assert (of(one) == of(other)) == (one == other)  # type: ignore[arg-type]


def test_every_transition_has_its_type() -> None:
    assert {name: event_type(name) for name in ALL} == {
        "created": "step.created",
        "completed": "step.completed",
        "failed": "step.failed",
        "up_for_retry": "step.up_for_retry",
        "skipped": "step.skipped",
        "deferred": "step.deferred",
        "run_started": "run.started",
        "run_succeeded": "run.succeeded",
        "run_failed": "run.failed",
    }
