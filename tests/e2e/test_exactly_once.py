"""A 2xx means one run: under duplicates, and while the api-server is killed."""

from __future__ import annotations

import signal
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

from demo.stack import Stack
from tests.e2e.conftest import READY_SECONDS
from tests.e2e.driver import Driver, wait_for

pytestmark = pytest.mark.e2e

EVENTS = 500
KILLS = 3


@pytest.fixture(scope="module")
def sqlite_stack(
    tmp_path_factory: pytest.TempPathFactory, settings: dict[str, str], dags_folder: Path
) -> Iterator[Stack]:
    made = Stack(
        tmp_path_factory.mktemp("sqlite"),
        database="sqlite",
        port=0,
        dags_folder=dags_folder,
        environment=settings,
    )
    with made:
        made.wait_ready(READY_SECONDS)
        Driver(made).wait_for_dags("chaos.tick")
        yield made


def test_fifty_equal_deliveries_at_once_are_one_event(driver: Driver) -> None:
    delivery = str(uuid.uuid4())
    start = threading.Barrier(50)

    def send(_: int) -> requests.Response:
        start.wait()
        return driver.post("tick", {"n": 1}, delivery)

    with ThreadPoolExecutor(50) as threads:
        answers = list(threads.map(send, range(50)))

    assert Counter((a.status_code, a.json()["duplicate"]) for a in answers) == {
        (202, False): 1,
        (200, True): 49,
    }
    assert {a.json()["event_id"] for a in answers} == {delivery}
    wait_for(lambda: driver.run("chaos.tick", f"webhook__chaos__{delivery}"), 30, "the run")
    runs = [run for run in driver.runs("chaos.tick") if run["dag_run_id"].endswith(delivery)]
    assert len(runs) == 1


def test_no_accepted_event_is_lost_on_postgresql(stack: Stack) -> None:
    deliver_while_killing(stack, concurrency=16)


@pytest.mark.own_stack
def test_no_accepted_event_is_lost_on_sqlite(sqlite_stack: Stack) -> None:
    deliver_while_killing(sqlite_stack, concurrency=4)


def deliver_while_killing(stack: Stack, concurrency: int) -> None:
    driver = Driver(stack)
    accepted: set[str] = set()
    remaining = [str(uuid.uuid4()) for _ in range(EVENTS)]
    lock = threading.Lock()

    def sender() -> None:
        while True:
            with lock:
                if not remaining:
                    return
                delivery = remaining.pop()
            # Each delivery is repeated until it is accepted, as senders do; the answer may have been lost.
            while not is_accepted(driver, delivery):
                time.sleep(0.1)
            with lock:
                accepted.add(delivery)

    senders = [threading.Thread(target=sender) for _ in range(concurrency)]
    for thread in senders:
        thread.start()
    for kill in range(1, KILLS + 1):
        wait_for(lambda k=kill: len(accepted) >= k * EVENTS // (KILLS + 1), 120, "a part of the events")
        stack.components["api-server"].kill(signal.SIGKILL)
        stack.components["api-server"].restart()
    for thread in senders:
        thread.join(timeout=180)

    assert len(accepted) == EVENTS
    stack.wait_ready(READY_SECONDS)
    wanted = {f"webhook__chaos__{delivery}" for delivery in accepted}
    wait_for(lambda: wanted <= run_ids(driver), 120, "a run for each accepted event")
    counted = Counter(run["dag_run_id"] for run in driver.runs("chaos.tick"))
    assert {run: count for run, count in counted.items() if count != 1} == {}


def is_accepted(driver: Driver, delivery: str) -> bool:
    try:
        return driver.post("tick", {"n": 1}, delivery).status_code in (200, 202)
    except requests.RequestException:
        return False


def run_ids(driver: Driver) -> set[str]:
    return {run["dag_run_id"] for run in driver.runs("chaos.tick")}
