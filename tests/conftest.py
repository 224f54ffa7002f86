"""Airflow as the tests import it: in a home of its own, made before anything imports Airflow."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.postgres import Postgres

HOME = Path(tempfile.mkdtemp(prefix="hookline-tests-"))
atexit.register(shutil.rmtree, HOME, ignore_errors=True)

# In a file, not in the environment: stacks that tests start have settings of their own.
(HOME / "airflow.cfg").write_text("[core]\nload_examples = False\nunit_test_mode = False\n")
os.environ["AIRFLOW_HOME"] = str(HOME)


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL, empty."""
    home = Path(tempfile.mkdtemp(prefix="hookline-postgres-"))
    server = Postgres(home, "tests-only")
    server.start()
    try:
        yield server.url
    finally:
        server.stop()
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def program() -> str:
    """The browser's path; asked for first, so that nothing is started in vain."""
    from tests.e2e.browser import NoBrowser, find

    try:
        return find()
    except NoBrowser as error:
        if os.environ.get("CI") or os.environ.get("HOOKLINE_REQUIRE_BROWSER") == "1":
            pytest.fail(f"The browser tests have to run here, but: {error}")
        pytest.skip(f"no browser: {error}")
