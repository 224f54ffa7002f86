"""A process that carries replays out as fast as it can, until killed; with `runs` it makes their runs too."""

from __future__ import annotations

import sys
import time

from hookline.dispatch import pending
from hookline.dispatch.dags import EventDags
from hookline.dispatch.runs import Runs
from hookline.replay import carry

if __name__ == "__main__":
    dags, runs = EventDags(), Runs()
    while True:
        worked = carry.go()
        if "runs" in sys.argv:
            worked += pending.go(dags, runs)
        if not worked:
            time.sleep(0.001)
