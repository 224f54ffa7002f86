"""CPU time of a process and of all that came from it, from ``/proc`` (proc(5))."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")


def seconds(roots: Iterable[int]) -> float:
    """Return the CPU seconds of the processes, their descendants, and descendants that ended already."""
    stat = _stat()
    wanted = set(roots)
    grown = True
    while grown:
        more = {pid for pid, (parent, _) in stat.items() if parent in wanted} - wanted
        wanted |= more
        grown = bool(more)
    return sum(ticks for pid, (_, ticks) in stat.items() if pid in wanted) / _TICK


def children(parent: int) -> list[int]:
    """Return the processes that a process has started and that run."""
    return [pid for pid, (started_by, _) in _stat().items() if started_by == parent]


def _stat() -> dict[int, tuple[int, int]]:
    stat = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile
            stat[int(entry.name)] = (int(fields[1]), sum(map(int, fields[11:15])))
    return stat
