"""Workers that are killed with SIGKILL lose no delivery: each arrives, by one id."""

from __future__ import annotations

import json
import random
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.orm import Session

from demo.stack import airflow
from hookline.outbox import reading, store
from hookline.outbox.message import Endpoint
from hookline.outbox.models import Attempt, Delivery
from tests.unit.delivery.receiver import Answer, Receiver, receiving
from tests.unit.outbox.messages import message

DELIVERIES = 1000
ENDPOINTS = 5
KILL_AT = (100, 250, 450, 700)
"""How many requests have been received when a worker is killed."""
DOWN = range(300, 340)
"""Requests that find the receiver down."""
SECONDS = 150


@pytest.fixture
def ledger() -> Iterator[Receiver]:
    """A receiver that is down for a while, and takes its time."""
    with receiving() as running:

        def answer(_sent: Any) -> Answer:
            down = len(running.sent) in DOWN
            time.sleep(0.02)
            return Answer(503 if down else 200)

        running.answer = answer
        yield running


@pytest.fixture
def workers_environment(postgres_environment: dict[str, str], ledger: Receiver) -> dict[str, str]:
    """Settings of the workers: the standard schedule, compressed."""
    target = {
        "conn_type": "http_connector",
        "host": ledger.url,
        "extra": {"auth_type": "none", "allowed_networks": "127.0.0.1"},
    }
    return {
        **postgres_environment,
        "AIRFLOW_CONN_LEDGER": json.dumps(target),
        "AIRFLOW__HOOKLINE__POLL_INTERVAL": "0.2",
        "AIRFLOW__HOOKLINE__DELIVERY_TIMEOUT": "2",
        "AIRFLOW__HOOKLINE__DELIVERY_SCHEDULE": ",".join(["0.5"] * 20),
        "AIRFLOW__HOOKLINE__DELIVERY_BREAKER_PAUSE": "0.3",
        "AIRFLOW__HOOKLINE__DELIVERY_CONCURRENCY": "16",
    }


@contextmanager
def workers(environment: dict[str, str], log: Path) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run two workers; end whichever there are then."""
    running = [start(environment, log), start(environment, log)]
    try:
        yield running
    finally:
        for worker in running:
            worker.terminate()
        for worker in running:
            worker.wait(30)


def start(environment: dict[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as output:
        return subprocess.Popen(
            airflow("hookline", "worker"), env=environment, stdout=output, stderr=subprocess.STDOUT
        )


def delivered(engine: Engine) -> int:
    with Session(engine) as session:
        query = select(func.count()).where(Delivery.state == "delivered")
        return int(session.execute(query).scalar_one())


def test_every_delivery_arrives_although_workers_are_killed(
    workers_environment: dict[str, str], ledger: Receiver, tmp_path: Path
) -> None:
    engine = create_engine(workers_environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
    messages = [
        message(
            number, endpoint=Endpoint(conn_id="ledger", path=f"/{number % ENDPOINTS}"), payload={"n": number}
        )
        for number in range(DELIVERIES)
    ]
    with Session(engine) as session, session.begin():
        assert store.add(session, messages) == DELIVERIES
    log = tmp_path / "workers.log"
    deadline = time.monotonic() + SECONDS
    kills = list(KILL_AT)
    with workers(workers_environment, log) as running:
        while delivered(engine) < DELIVERIES:
            assert time.monotonic() < deadline, log.read_text()[-3000:]
            if kills and len(ledger.sent) >= kills[0]:
                kills.pop(0)
                victim = running.pop(random.randrange(len(running)))
                victim.kill()
                victim.wait()
                running.append(start(workers_environment, log))
            time.sleep(0.02)

    assert not kills
    arrived = Counter(sent.id for sent in ledger.sent)
    assert set(arrived) == {one.delivery_id for one in messages}
    bodies = {(sent.id, json.loads(sent.body)["n"]) for sent in ledger.sent}
    assert bodies == {(one.delivery_id, one.payload["n"]) for one in messages}
    with Session(engine) as session:
        recorded = session.execute(select(func.count()).select_from(Attempt)).scalar_one()
        assert DELIVERIES < recorded <= len(ledger.sent)
        assert reading.counts(session) == {"pending": 0, "dead": 0, "held": 0, "cancelled": 0}
    engine.dispose()
    assert "Traceback" not in log.read_text()
