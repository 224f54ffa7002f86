"""The README's first command, after its installation: it ends well, and nothing is left running."""

from __future__ import annotations

import subprocess
import sys

import pytest

from demo.ports import free_port
from demo.stack import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.own_stack]

SECONDS = 240


@pytest.mark.parametrize("database", ["postgres", "sqlite"])
def test_the_demo_ends_with_both_runs_and_their_calls(database: str) -> None:
    command = [sys.executable, "-m", "demo", "--once", "--db", database, "--port", str(free_port())]

    done = subprocess.run(
        command, cwd=REPOSITORY, capture_output=True, text=True, timeout=SECONDS, check=False
    )

    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    for dag_id in ("github.push", "users.created"):
        assert f"{dag_id} success" in done.stdout
