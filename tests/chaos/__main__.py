"""The long form: ``python -m tests.chaos --events 20000 --deliveries 10000 --waits 2000 --every 5``."""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from pathlib import Path

from demo.topology import Topology
from tests.chaos.experiment import DAG_IDS, DAGS, VARIABLES, Size, carry_out, environment
from tests.chaos.receiver import Receiver

QUEUED = 90


def main() -> int:
    """Return 0 if everything was as it must be."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--events", type=int, default=20000)
    parser.add_argument("--deliveries", type=int, default=10000)
    parser.add_argument("--worked", type=int, default=200, help="deliveries about tasks of Celery workers")
    parser.add_argument("--waits", type=int, default=2000)
    parser.add_argument("--width", type=int, default=50, help="waits of one mapped task")
    parser.add_argument("--seconds", type=float, default=600, help="over which the events are spread")
    parser.add_argument("--every", type=float, default=5, help="seconds between kills")
    parser.add_argument("--patience", type=float, default=1800, help="seconds to become quiet")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--folder", type=Path, default=None, help="for logs, which are kept then")
    given = parser.parse_args()
    size = Size(given.events, given.deliveries, given.worked, given.waits, given.seconds, given.width)
    print(f"seed {given.seed}", flush=True)
    with tempfile.TemporaryDirectory() as folder, Receiver(given.seed) as receiver:
        home = (given.folder or Path(folder)) / "topology"
        with Topology(
            home, dags_folder=DAGS, environment=environment(receiver, size.width, QUEUED), variables=VARIABLES
        ) as topology:
            topology.wait_ready(300)
            for dag in DAG_IDS:
                topology.wait_for(lambda dag=dag: topology.api("GET", f"/dags/{dag}").status == 200, 120)
            wrong, figures = carry_out(
                topology,
                receiver,
                size,
                names=topology.components,
                seed=given.seed,
                every=given.every,
                patience=given.patience,
            )
    for one in wrong:
        print(f"WRONG  {one}")
    print(json.dumps({"name": "chaos", "wrong": len(wrong), **figures}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
