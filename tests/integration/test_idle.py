"""What the loops cost when nothing happens."""

from __future__ import annotations

import subprocess
import sys

from demo.stack import REPOSITORY

SECONDS = 10
PER_SECOND = 2


def test_idle_loops_ask_the_database_at_most_twice_a_second(environment: dict[str, str]) -> None:
    command = [sys.executable, "-m", "tests.integration.idle", str(SECONDS)]

    counted = subprocess.run(
        command, env=environment, cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.splitlines()[-1]

    assert 0 < int(counted) <= SECONDS * PER_SECOND
