"""Memory of processes with all they started, from ``/proc`` (proc(5))."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import psutil

KIB_IN_MIB = 1024


def mebibytes(root: int) -> tuple[float, float]:
    """Return resident memory of a tree of processes: RSS and PSS, in MiB.

    PSS counts a page that processes share once, RSS in each of them.
    """
    rss = pss = 0
    for process in (psutil.Process(root), *psutil.Process(root).children(recursive=True)):
        with suppress(OSError):  # it ended meanwhile
            lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
            found = {name: value for name, _, value in (line.partition(":") for line in lines[1:])}
            rss += int(found["Rss"].split()[0])
            pss += int(found["Pss"].split()[0])
    return rss / KIB_IN_MIB, pss / KIB_IN_MIB
