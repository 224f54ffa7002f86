"""The guide to replays, done as it is written: its commands in their order, and its program."""

from __future__ import annotations

import re
import subprocess
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from demo.stack import airflow
from tests.e2e.driver import Driver, wait_for
from tests.e2e.test_docs import snippets

pytestmark = pytest.mark.e2e

PAGE = "docs/how-to/replay-events.md"
DAG_ID = "chaos.order.booked"
DAG = '''"""The Airflow Dag of the guide."""

from airflow.sdk import task

from hookline.authoring import Event, event_dag


@event_dag("chaos.order.booked", schema={"type": "object", "required": ["order"]}, sample={"order": "A"})
def booked():
    @task
    def read(**context):
        return Event.from_context(context).data

    read()


booked()
'''


@pytest.fixture(scope="module")
def file(stack: Any, dags_folder: Path) -> Iterator[Path]:
    """The Dag of the page, for the source `chaos`."""
    written = dags_folder / "booked.py"
    written.write_text(DAG)
    Driver(stack).wait_for_dags(DAG_ID)
    yield written
    written.unlink()


@pytest.mark.usefixtures("file")
def test_the_guide_to_replays(driver: Driver, tmp_path: Path) -> None:
    event, misnamed = str(uuid.uuid4()), str(uuid.uuid4())
    replacements = {
        "72d3162e-cc78-11e3-81ab-4c9367dc0958": event,
        "order.paid": "order.booked",
        "shop": "chaos",
        "2026-09-21T08:00:00+02:00": (datetime.now(UTC) - timedelta(minutes=30)).isoformat(),
    }

    def adapted(text: str) -> str:
        for written, ours in replacements.items():
            text = text.replace(written, ours)
        return text

    def do(line: str) -> str:
        command = airflow(*line.split()[1:])
        options: dict[str, Any] = {"capture_output": True, "text": True, "cwd": tmp_path}
        done = subprocess.run(command, check=False, env=driver.stack.env, input="y\n", **options)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    one, edited, many, release = (adapted(text).strip().splitlines() for text in snippets(PAGE, "shell"))
    assert driver.post("order/booked", {"order": "A-1"}, event).status_code == 202
    assert driver.post("order/payed", {"order": "A-2"}, misnamed).status_code == 202
    assert driver.finished(DAG_ID, f"webhook__chaos__{event}") == "success"

    def replayed(said: str, **more: Any) -> dict[str, Any]:
        number = re.search(r"Replay (\d+) is done: 1 of 1", said)[1]
        run_id = f"webhook__chaos__{event}~r{number}"
        run = wait_for(lambda: driver.run(DAG_ID, run_id), 30, "the run of a replay")
        assert run["conf"]["hookline"]["replay"] == {"of": event, "replay": int(number), **more}
        return run

    said = do(one[0])
    assert f"1 to the Dag `{DAG_ID}`" in said
    assert replayed(said)["conf"]["data"] == {"order": "A-1"}

    (tmp_path / "corrected.json").write_text('{"order": "A-1 corrected"}')
    assert replayed(do(edited[0]), edited=True)["conf"]["data"] == {"order": "A-1 corrected"}

    planned, started = (do(line) for line in many)
    assert f"1 to the Dag `{DAG_ID}`" in planned
    assert "has started" not in planned
    replayed(started)

    do(release[0])
    assert driver.finished(DAG_ID, f"webhook__chaos__{misnamed}") == "success"

    (program,) = snippets(PAGE, "python")
    url, since = driver.stack.url, datetime.now(UTC) - timedelta(minutes=30)
    program = adapted(program.replace("http://localhost:8080", url)).replace(
        "2026-09-21T06:00:00Z", since.isoformat()
    )
    program = program.replace('"source": "chaos"', '"source": "chaos", "event_type": "order.payed"')
    names: dict[str, Any] = {"token": driver.stack.token()}
    exec(program, names)
    names["airflow"].close()
    plan = names["plan"]
    assert (plan["total"], plan["dags"]) == (1, {DAG_ID: 1})
    run_id = f"webhook__chaos__{misnamed}~r{plan['number']}"
    wait_for(lambda: driver.run(DAG_ID, run_id), 30, "the run of the program's replay")
