"""No commit, no 2xx: what senders are answered while the database is away, and afterwards."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hookline import database
from hookline.inbox import group_commit
from tests.unit.conftest import Query
from tests.unit.ingress.server import Server
from tests.unit.ingress.test_answers import problem


@pytest.fixture
def unreachable(settings: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    """A server whose database's URL names a folder."""
    database.dispose()
    settings.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{tmp_path}")
    with Server() as server:
        yield server
    settings.delenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN")
    database.dispose()


def test_an_event_that_cannot_be_stored_is_to_be_sent_again(unreachable: Server) -> None:
    response = unreachable.post("shop/paid", X_Id="17")
    problem(response, 503, "unavailable")
    assert int(response.headers["retry-after"]) > 0


def test_the_answer_says_nothing_about_the_database(unreachable: Server, tmp_path: Path) -> None:
    text = unreachable.post("shop/paid").text
    assert "sqlite" not in text.lower()
    assert str(tmp_path) not in text


def test_an_unverified_sender_learns_nothing_about_it(unreachable: Server) -> None:
    problem(unreachable.post("guarded/paid"), 401, "unauthenticated")


def test_health_is_alive_but_not_ready(unreachable: Server) -> None:
    ready = unreachable.client.get("/health")
    assert (ready.status_code, ready.json()) == (
        503,
        {"ready": False, "database": "unreachable", "stopped": []},
    )
    assert unreachable.client.get("/health/live").status_code == 200


def test_a_database_without_the_tables_is_not_ready(settings: pytest.MonkeyPatch, tmp_path: Path) -> None:
    database.dispose()
    with settings.context() as environment:
        environment.setenv("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", f"sqlite:///{tmp_path}/empty.db")
        with Server() as server:
            assert (
                server.client.get("/health").json()["database"]
                == "tables are missing: run `airflow db migrate`"
            )
            problem(server.post("shop/paid"), 503, "unavailable")


def test_an_event_stored_after_its_sender_was_sent_away_is_then_a_duplicate(
    fresh_server: Server, database_file: Path, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group_commit, "STORE_SECONDS", 0.5)
    with closing(sqlite3.connect(database_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        response = fresh_server.post("shop/paid", X_Id="17")
        problem(response, 503, "unavailable")
        assert "may have been stored" in response.json()["detail"]
        other.execute("ROLLBACK")
    monkeypatch.setattr(group_commit, "STORE_SECONDS", 15)
    response = fresh_server.post("shop/paid", X_Id="17")
    assert (response.status_code, response.json()["duplicate"]) == (200, True)
    assert query("SELECT count(*) FROM hookline_event") == [(1,)]
