"""Tokens on both databases, with the tables of Airflow beside them, and a provider on loopback."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from airflow import configuration
from airflow.models.connection import Connection
from airflow.models.crypto import get_fernet
from airflow.models.team import Team
from airflow.models.variable import Variable
from airflow.secrets.environment_variables import EnvironmentVariablesBackend
from cryptography.fernet import Fernet
from sqlalchemy import delete
from sqlalchemy.orm import Session

from hookline import database
from hookline.orm import Base
from hookline.tokens.models import Consent, KeptToken

Answer = tuple[int, dict[str, str], bytes]


@pytest.fixture(params=["sqlite", "postgresql"])
def tokens(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    """Hookline's engine on empty tables; gives the name of the dialect."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/tokens.db"
    else:
        url = request.getfixturevalue("postgres_url")
    monkeypatch.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", url)
    # Airflow's own engine is none of these databases.
    monkeypatch.setattr(configuration, "secrets_backend_list", [EnvironmentVariablesBackend()])
    database.dispose()
    Base.metadata.create_all(database.engine())
    Connection.metadata.create_all(
        database.engine(), tables=[model.__table__ for model in (Team, Connection, Variable)]
    )
    monkeypatch.setenv("AIRFLOW__CORE__FERNET_KEY", Fernet.generate_key().decode())
    get_fernet.cache_clear()
    try:
        yield request.param
    finally:
        with Session(database.engine()) as session, session.begin():
            for model in (KeptToken, Consent, Connection, Variable):
                session.execute(delete(model))
        database.dispose()
        get_fernet.cache_clear()


class Provider:
    """A token endpoint; ``answers`` are given one after the other, the last one from then on."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.forms: list[dict[str, str]] = []
        self.authorizations: list[str | None] = []
        self.answers: list[Callable[[BaseHTTPRequestHandler], None] | Answer] = []

    def gives(self, **fields: Any) -> None:
        """Answer with tokens."""
        answer = {"access_token": "access-1", "token_type": "Bearer", "expires_in": 3600, **fields}
        self.answers.append((200, {"Content-Type": "application/json"}, json.dumps(answer).encode()))

    def refuses(self, error: str = "invalid_grant") -> None:
        """Answer with an error of RFC 6749 section 5.2."""
        content = json.dumps({"error": error, "error_description": "no"}).encode()
        self.answers.append((400, {"Content-Type": "application/json"}, content))

    def respond(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.forms.append({name: values[0] for name, values in parse_qs(body.decode()).items()})
        self.authorizations.append(handler.headers["Authorization"])
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer(handler)
            return
        status, headers, content = answer
        handler.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(content)


@pytest.fixture
def provider(monkeypatch: pytest.MonkeyPatch) -> Iterator[Provider]:
    """A provider on loopback, where no https is wanted."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                made.respond(self)
            except OSError:
                self.close_connection = True  # the client went away, as some tests make it

        def log_message(self, *_arguments: Any) -> None:
            pass

    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    httpd.daemon_threads = True
    httpd.block_on_close = False
    made = Provider(httpd.server_address[1])
    thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield made
    finally:
        httpd.shutdown()
        thread.join()
        httpd.server_close()


@pytest.fixture
def crm(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Make an OAuth 2.0 Connection in the environment; return its id."""

    def make(**extra: Any) -> str:
        monkeypatch.setenv("AIRFLOW_CONN_CRM", json.dumps(connection(provider.url, **extra)))
        return "crm"

    make()
    return make


def connection(url: str, **extra: Any) -> dict[str, Any]:
    """Return the fields of an OAuth 2.0 Connection."""
    return {
        "conn_type": "http_connector",
        "host": "https://api.example.com",
        "login": "client",
        "password": "client-s3cret",
        "extra": {
            "auth_type": "oauth2",
            "oauth_authorize_url": f"{url}/auth",
            "oauth_exchange_url": f"{url}/token",
            "allowed_networks": "127.0.0.1",
            **extra,
        },
    }


def companion(conn_id: str = "crm") -> tuple[str | None, dict[str, Any]] | None:
    """Return password and extra of the companion Connection."""
    from sqlalchemy import select

    with Session(database.engine()) as session:
        found = session.scalar(select(Connection).where(Connection.conn_id == f"{conn_id}__token"))
        return None if found is None else (found.password, found.extra_dejson)


def demand(value: str, conn_id: str = "crm") -> None:
    """Ask for another token, as a worker does."""
    with Session(database.engine()) as session, session.begin():
        session.add(Variable(key=f"hookline_refresh__{conn_id}", val=value))
