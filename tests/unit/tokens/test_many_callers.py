"""Fifty calls are refused with one token at the same moment; keepers of two replicas serve them."""

from __future__ import annotations

import asyncio
import json
import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.models.variable import Variable as StoredVariable
from airflow.sdk import BaseHook, Variable
from airflow.sdk.exceptions import AirflowNotFoundException
from sqlalchemy import update
from sqlalchemy.orm import Session

from hookline.database import engine
from hookline.hooks import token
from hookline.tokens import store
from hookline.tokens.grant import Grant
from hookline.tokens.keeper import LEAST_BETWEEN, Keeper
from hookline.tokens.models import KeptToken
from tests.unit.tokens.conftest import Provider, companion

pytestmark = pytest.mark.usefixtures("tokens", "crm")
CALLERS = 50


class Rotating:
    """Takes each refresh token once, as providers do that see theft in a second use."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.number = 0

    def __call__(self, handler: BaseHTTPRequestHandler) -> None:
        with self.lock:
            self.number += 1
            number = self.number
        content = json.dumps({"access_token": f"access-{number}", "refresh_token": f"refresh-{number}"})
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        handler.wfile.write(content.encode())


@pytest.fixture
def execution_api(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tasks ask for comes from the database, as Airflow's API for tasks gets it."""

    def read(name: str) -> Any:
        found = companion(name.removesuffix("__token"))
        if found is None:
            raise AirflowNotFoundException(name)
        return SimpleNamespace(password=found[0], extra=json.dumps(found[1]))

    async def aread(name: str) -> Any:
        return await asyncio.to_thread(read, name)

    def write(key: str, value: str) -> None:
        with Session(engine()) as session, session.begin():
            StoredVariable.set(key, value, session=session)

    monkeypatch.setattr(BaseHook, "get_connection", read)
    monkeypatch.setattr(BaseHook, "aget_connection", aread)
    monkeypatch.setattr(Variable, "set", write)
    monkeypatch.setattr(token, "PAUSE", 0.1)


@pytest.mark.usefixtures("execution_api")
def test_fifty_callers_whose_token_was_refused_cause_one_refresh(provider: Provider) -> None:
    provider.answers.append(Rotating())
    store.keep("crm", Grant("access-0", "refresh-0", 3600.0), consented=True)
    with Session(engine()) as session, session.begin():
        session.execute(update(KeptToken).values(refreshed_at=datetime.now(UTC) - LEAST_BETWEEN))

    async def run() -> list[token.Token]:
        keepers = [asyncio.create_task(Keeper(0.05).run()) for _ in range(2)]
        try:
            async with asyncio.timeout(30):
                on_workers = [asyncio.to_thread(token.fresh, "crm", "access-0") for _ in range(2)]
                in_triggerers = [token.afresh("crm", "access-0") for _ in range(CALLERS - 2)]
                return await asyncio.gather(*on_workers, *in_triggerers)
        finally:
            for keeper in keepers:
                keeper.cancel()
            await asyncio.gather(*keepers, return_exceptions=True)

    got = asyncio.run(run())

    assert [one.value for one in got] == ["access-1"] * CALLERS
    assert provider.forms == [{"grant_type": "refresh_token", "refresh_token": "refresh-0"}]
    kept = store.read("crm")
    assert kept is not None
    assert kept.refresh_token == "refresh-1"
