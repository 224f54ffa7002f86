"""The Dag of the page about moving is one, and its call needs no worker."""

from __future__ import annotations

import re
from pathlib import Path

from airflow.sdk import DAG

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "move-to-hookline.md"


def test_the_dag_of_the_guide_is_as_it_says() -> None:
    [code] = [
        found
        for found in re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
        if "event_dag" in found
    ]
    names: dict[str, list[DAG]] = {}
    exec(compile(code.replace("\nmake_contact()\n", "\nDAGS = [make_contact()]\n"), str(PAGE), "exec"), names)
    made = names["DAGS"]

    assert [dag.dag_id for dag in made] == ["shop.customer.created"]
    [task] = made[0].tasks
    assert task.start_from_trigger
