"""The console inside an application as Airflow has it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from tests.unit.api import conftest as api

application = api.application
call = api.call
VECTORS = Path(__file__).parents[2] / "vectors"
Open = Callable[..., httpx.Response]


@pytest.fixture
def look(application: FastAPI, call: api.As) -> Open:
    """Return what opens a page for somebody of a role, an admin by default."""

    def open_page(path: str, role: str | None = "ADMIN") -> httpx.Response:
        client = call(role)
        client.base_url = "http://airflow.test/hooks/console"
        return client.get(path, follow_redirects=False)

    return open_page
