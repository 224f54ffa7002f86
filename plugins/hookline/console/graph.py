"""A Dag's graph as numbers for an SVG: a box for each task, in columns by how many come before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

WIDTH, HEIGHT, ACROSS, DOWN = 190, 32, 40, 14
"""Of a box, and the room between two, in the SVG's own units."""
MOST = 200
"""Tasks that are drawn; a list has them all."""
SHOWN = 24
"""Characters of a task's id in its box."""


@dataclass(frozen=True, slots=True)
class Box:
    """One task."""

    task_id: str
    label: str
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Graph:
    """Boxes, and lines between the sides of two as ``x1, y1, x2, y2``."""

    width: int
    height: int
    boxes: tuple[Box, ...]
    lines: tuple[tuple[int, int, int, int], ...]


def drawn(tasks: Sequence[str], downstream: Mapping[str, Sequence[str]]) -> Graph | None:
    """Return the graph; None where there are too many tasks to see anything.

    :param downstream: for each task, those that come right after it.
    """
    before: dict[str, set[str]] = {task: set() for task in tasks}
    for task, later in downstream.items():
        for one in later:
            before.setdefault(one, set()).add(task)
    if not before or len(before) > MOST:
        return None
    try:
        order = list(TopologicalSorter(before).static_order())
    except CycleError:  # Airflow takes none; whoever reads one sees the list
        return None
    column: dict[str, int] = {}
    rows: dict[int, int] = {}
    boxes = {}
    for task in order:
        column[task] = max((column[one] + 1 for one in before[task]), default=0)
        row = rows[column[task]] = rows.get(column[task], -1) + 1
        label = task if len(task) <= SHOWN else f"…{task[1 - SHOWN :]}"
        boxes[task] = Box(task, label, column[task] * (WIDTH + ACROSS), row * (HEIGHT + DOWN))
    lines = tuple(
        (boxes[first].x + WIDTH, boxes[first].y + HEIGHT // 2, boxes[task].x, boxes[task].y + HEIGHT // 2)
        for task in order
        for first in sorted(before[task])
    )
    width = max(box.x for box in boxes.values()) + WIDTH
    height = max(box.y for box in boxes.values()) + HEIGHT
    return Graph(width, height, tuple(boxes.values()), lines)
