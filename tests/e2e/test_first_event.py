"""A newcomer's five minutes, done as the page has them."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest

from tests.e2e import connections
from tests.e2e.driver import Driver, wait_for
from tests.e2e.test_docs import command, snippets

pytestmark = pytest.mark.e2e

PAGE = "docs/how-to/react-to-a-new-event.md"
DAG_ID = "submissions.it.laptop.submitted"
BOUND = 120
"""Seconds; the rest of the five minutes is for reading and typing."""


def test_a_newcomer_reacts_to_a_new_event(
    driver: Driver, dags_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    look_up, make_source, send = (block.strip().splitlines() for block in snippets(PAGE, "bash"))
    [dag] = snippets(PAGE, "python")
    file = dags_folder / "laptop.py"
    started = time.monotonic()
    try:
        for line in [*look_up, *make_source]:
            done = command(driver, line)
            assert done.returncode == 0, done.stderr

        file.write_text(dag.replace("[laptop] > Submitted", "[laptop] > Submited"))
        errors = "/importErrors?filename_pattern=laptop.py"
        error = wait_for(
            lambda: next(iter(driver.stack.api("GET", errors).json()["import_errors"]), None), 60, "the error"
        )
        assert "did you mean `Submissions > [it] > [laptop] > Submitted`?" in error["stack_trace"]

        file.write_text(dag)
        driver.wait_for_dags(DAG_ID)
        sent = command(driver, send[0], AIRFLOW__API__BASE_URL=driver.stack.url)
        assert sent.returncode == 0, sent.stderr
        event_id = re.search(r'"event_id":"([^"]+)"', sent.stdout)[1]
        run_id = f"webhook__intranet__{event_id}"
        assert driver.finished(DAG_ID, run_id) == "success"

        assert "ada.lovelace asks for: Onboarding of Grace Hopper" in driver.log(DAG_ID, run_id, "read")
        name = driver.stack.api("GET", f"/dags/{DAG_ID}").json()["dag_display_name"]
        assert name == "Submissions / it / laptop / Submitted"
    finally:
        file.unlink(missing_ok=True)
        if "intranet" in connections.ids(driver.stack):
            connections.delete(driver.stack, "intranet")
    took = time.monotonic() - started
    with capsys.disabled():
        print(f"\n{PAGE}: its commands took {took:.0f} s")
    assert took < BOUND
