"""What Hookline and Airflow's REST API start, for benchmarks/peers.py: the first step writes the ledger."""

from __future__ import annotations

import os

from airflow.sdk import task

from hookline.authoring import Event, event_dag


def make(name: str):
    @event_dag(name)
    def made():
        @task
        def first_step(**context):
            with open(os.environ["PEERS_LEDGER"], "a") as ledger:  # noqa: PTH123  one write, appended
                ledger.write(f"{Event.from_context(context).data['id']}\n")

        first_step()

    return made()


for name in ("peers.first", "peers.rate"):
    globals()[name] = make(name)
