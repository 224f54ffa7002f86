"""What came before a step: the tasks upstream of it, or what began the run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow.serialization.definitions.dag import SerializedDAG

    from hookline.observe.facts import Facts, StepFacts

MOST = 100
"""Steps that a message shows."""
LONGEST_CHAIN = 20
TASK, TASKS, MIXED = "task", "tasks", "mixed"
APPROVAL, PARALLEL, SEQUENTIAL = "approval", "parallel_approvals", "sequential_approvals"
FORM, EVENT, RUN = "form", "event", "run"


def upstream(dag: SerializedDAG, task_id: str) -> list[str]:
    """Return the tasks before one, by id; empty operators only join and are looked through."""
    found: dict[str, None] = {}
    seen: set[str] = set()
    waiting = sorted(dag.get_task(task_id).upstream_task_ids, reverse=True)
    while waiting and len(found) < MOST:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        task = dag.get_task(one)
        if task.inherits_from_empty_operator and task.upstream_task_ids:
            waiting.extend(sorted(task.upstream_task_ids, reverse=True))
        else:
            found[one] = None
    return list(found)


def wanted(dag: SerializedDAG, task_id: str) -> list[str]:
    """Return the tasks that :func:`kind` may need: those before, and where one is alone, those before it."""
    before = upstream(dag, task_id)
    chain = list(before)
    while len(before) == 1 and len(chain) < LONGEST_CHAIN:
        before = upstream(dag, before[0])
        chain += before if len(before) == 1 else []
    return chain


def kind(
    dag: SerializedDAG, facts: Facts, run: int, task_id: str, map_index: int
) -> tuple[str, list[StepFacts]]:
    """Return what came before a step, and the steps that it was, oldest first.

    No steps for the first ones of a run, whose previous step is what began the run.
    """
    before = upstream(dag, task_id)
    if not before:
        return _beginning(facts.confs.get(run)), []
    found = [step for one in before for step in _instances(dag, facts, run, (one, task_id), map_index)]
    approvals = [step for step in found if step.request is not None]
    if not approvals:
        return (TASK if len(found) == 1 else TASKS), found[:MOST]
    if len(approvals) < len(found):
        return MIXED, found[:MOST]
    if len(found) > 1:
        return PARALLEL, found[:MOST]
    chain = [*_chain(dag, facts, run, before[0], found[0])]
    return (SEQUENTIAL if len(chain) > 1 else APPROVAL), chain[::-1]


def _beginning(conf: Any) -> str:
    if not isinstance(conf, dict) or "data" not in conf:
        return RUN
    extension = conf.get("hookline")
    return FORM if isinstance(extension, dict) and extension.get("form") else EVENT


def _chain(dag: SerializedDAG, facts: Facts, run: int, task_id: str, last: StepFacts) -> Iterator[StepFacts]:
    yield last
    for _ in range(LONGEST_CHAIN):
        before = upstream(dag, task_id)
        if len(before) != 1:
            return
        task_id = before[0]
        steps = facts.steps.get((run, task_id), ())
        if len(steps) != 1 or steps[0].request is None:
            return
        yield steps[0]


def _instances(
    dag: SerializedDAG, facts: Facts, run: int, edge: tuple[str, str], map_index: int
) -> list[StepFacts]:
    task_id, after = edge
    steps = facts.steps.get((run, task_id), [])
    # Within a mapped group a step follows the one of its own index.
    group = dag.get_task(after).get_closest_mapped_task_group()
    other = dag.get_task(task_id).get_closest_mapped_task_group()
    if group is not None and other is not None and group.group_id == other.group_id:
        return [step for step in steps if step.map_index == map_index]
    return steps
