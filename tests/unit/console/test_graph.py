"""A Dag's graph as boxes and lines."""

from __future__ import annotations

from hookline.console.graph import HEIGHT, MOST, WIDTH, drawn


def test_a_task_stands_right_of_all_that_come_before_it() -> None:
    graph = drawn(["a", "b", "c", "d"], {"a": ["b", "d"], "b": ["c"], "c": ["d"]})

    assert graph is not None
    places = {box.task_id: box.x for box in graph.boxes}
    assert places["a"] < places["b"] < places["c"] < places["d"]
    assert len(graph.lines) == 4


def test_no_box_covers_another_or_leaves_the_picture() -> None:
    tasks = [f"t{number}" for number in range(12)]
    graph = drawn(tasks, {"t0": tasks[1:]})

    assert graph is not None
    assert len({(box.x, box.y) for box in graph.boxes}) == len(tasks)
    assert all(box.x + WIDTH <= graph.width and box.y + HEIGHT <= graph.height for box in graph.boxes)


def test_a_long_id_keeps_its_end() -> None:
    graph = drawn(["group.of.groups.with.a.long.name.tell"], {})

    assert graph is not None
    assert graph.boxes[0].label.startswith("…")
    assert graph.boxes[0].label.endswith("name.tell")


def test_what_nobody_can_see_is_not_drawn() -> None:
    assert drawn([str(number) for number in range(MOST + 1)], {}) is None
    assert drawn([], {}) is None
    assert drawn(["a", "b"], {"a": ["b"], "b": ["a"]}) is None
