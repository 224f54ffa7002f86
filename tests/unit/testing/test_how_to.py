"""``docs/how-to/test-your-dags.md``, done as it says: its files, in a folder of their own, under pytest."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "how-to" / "test-your-dags.md").read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    dag, *tests = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "orders.py").write_text(dag)
    (tmp_path / "test_orders.py").write_text("\n\n".join(tests))
    (tmp_path / "tests" / "events").mkdir(parents=True)
    event = {"data": {"lines": [{"price": 12}]}, "id": "1", "source": "shop", "type": "orders.paid"}
    shown = {
        "event_id": "1",
        "dag_id": "shop.orders.paid",
        "event": {**event, "time": "2026-01-01T00:00:00Z"},
    }
    (tmp_path / "tests" / "events" / "paid.json").write_text(json.dumps(shown))
    return tmp_path


def test_it_works_as_written(checkout: Path, database_file: Path) -> None:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            ".",
        ],
        cwd=checkout,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "plugins"), str(checkout / "dags")]),
            "AIRFLOW_HOME": str(database_file.parent),
            "AIRFLOW__CORE__DAGS_FOLDER": str(checkout / "dags"),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert "6 passed" in done.stdout, done.stdout + done.stderr


def test_the_plugin_loads_nothing_before_a_test_asks() -> None:
    code = (
        "import sys, hookline.testing.plugin; print(*(n for n in sys.modules if n[:4] in ('hook', 'airf')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "hookline hookline.testing hookline.testing.plugin"
