"""What observing costs: statements a second while 1,000 steps with a webhook finish, one run for each ten.

PostgreSQL with Airflow's tables; the steps' rows are written as the execution API writes them, the observer
looks as often as it does in an api-server. The reference is what the finishing steps cost themselves: the
update of each row and its line in the log.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from demo.postgres import Postgres

STEPS = int(os.environ.get("STEPS", "1000"))
OF_RUN = 10
SECONDS = 20.0
INTERVAL = 2.0


def prepare(folder: Path, url: str) -> None:
    """Make Airflow's and Hookline's tables."""
    os.environ |= {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url,
    }
    import airflow.models
    import structlog
    from airflow.models.base import Base as AirflowBase
    from airflow.models.tasklog import LogTemplate
    from sqlalchemy.orm import Session

    from hookline import database
    from hookline.db_manager import HooklineDBManager

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    airflow.models.import_all_models()
    for metadata in (AirflowBase.metadata, HooklineDBManager.metadata):
        metadata.create_all(database.engine())
    with Session(database.engine()) as session, session.begin():
        session.add(LogTemplate(filename="x", elasticsearch_id="x"))


def measure() -> dict[str, Any]:
    """Let the steps finish while an observer looks."""
    from airflow.sdk import DAG
    from airflow.sdk.bases.operator import BaseOperator
    from sqlalchemy import event, func, select

    from hookline import database
    from hookline.authoring import StepWebhook, step_webhooks
    from hookline.observe.plans import Plans
    from hookline.observe.sweep import Observer
    from hookline.outbox.models import Delivery
    from tests.unit.observe import airflow_rows

    with DAG("many", schedule=None) as dag:
        step_webhooks(dag, StepWebhook(name="w", conn_id="w", on=["created", "completed"]))
        for number in range(OF_RUN):
            BaseOperator(task_id=f"t{number}")
    airflow_rows.write(dag)
    observer = Observer(Plans(), "http://localhost")
    observer.look()
    runs = [airflow_rows.start("many", f"r{number}") for number in range(STEPS // OF_RUN)]

    counted = {"observer": 0, "steps": 0}
    main = threading.get_ident()

    def count(*_: object) -> None:
        counted["steps" if threading.get_ident() == main else "observer"] += 1

    def told() -> int:
        with database.engine().connect() as connection:
            return int(connection.execute(select(func.count()).select_from(Delivery)).scalar_one())

    over = threading.Event()

    def observing() -> None:
        while not over.is_set():
            if not observer.look():
                over.wait(INTERVAL)

    thread = threading.Thread(target=observing)
    event.listen(database.engine(), "before_cursor_execute", count)
    thread.start()
    began = time.monotonic()
    for number in range(STEPS):
        run, task_id = runs[number // OF_RUN], f"t{number % OF_RUN}"
        airflow_rows.step(run, task_id, "success", try_number=1, end_date=datetime.now(UTC))
        airflow_rows.logged(run, task_id, "success")
        time.sleep(max(0.0, began + (number + 1) * SECONDS / STEPS - time.monotonic()))
    seconds = time.monotonic() - began
    figures = dict(counted)
    event.remove(database.engine(), "before_cursor_execute", count)
    while told() < 2 * STEPS:
        time.sleep(0.1)
        if time.monotonic() - began > seconds + 60:
            raise SystemExit(f"{told()} of {2 * STEPS} messages are in the outbox; the figure means nothing.")
    late = time.monotonic() - began - seconds
    over.set()
    thread.join()
    return {
        "observer": figures["observer"] / seconds,
        "steps": figures["steps"] / seconds,
        "seconds": seconds,
        "late": late,
    }


def main() -> None:
    """Measure and print the figures."""
    with tempfile.TemporaryDirectory() as name:
        server = Postgres(Path(name), "benchmark")
        server.start()
        try:
            prepare(Path(name), server.url)
            found = measure()
            from hookline import database

            database.dispose()
        finally:
            server.stop()
    print(
        f"{STEPS} steps finished in {found['seconds']:.1f} s; the last message was in the outbox "
        f"{found['late']:.1f} s later"
    )
    setup = f"{STEPS} steps in {found['seconds']:.1f} s, a look every {INTERVAL:g} s, PostgreSQL"
    print(
        json.dumps(
            {
                "name": "observe",
                "value": round(found["observer"], 2),
                "unit": "statements/s",
                "reference": round(found["steps"], 2),
                "ratio": round(found["observer"] / found["steps"], 4),
                "conditions": setup,
            }
        )
    )


if __name__ == "__main__":
    main()
