"""What the loops cost when nothing happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from demo.stack import REPOSITORY, airflow

SECONDS = 10
PER_SECOND = 2


def test_idle_loops_ask_the_database_at_most_twice_a_second(
    environment: dict[str, str], tmp_path: Path
) -> None:
    # A database in which nothing was left to do.
    quiet = {**environment, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{tmp_path / 'airflow.db'}"}
    subprocess.run(airflow("db", "migrate"), env=quiet, check=True, capture_output=True)
    command = [sys.executable, "-m", "tests.integration.idle", str(SECONDS)]

    counted = subprocess.run(
        command, env=quiet, cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.splitlines()[-1]

    assert 0 < int(counted) <= SECONDS * PER_SECOND
