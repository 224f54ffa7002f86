"""The table in ``docs/benchmarks.md``, between two marks; what stands around it is written by hand."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import psutil

from benchmarks.apparatus.peers.experiment import (
    CLIENTS,
    ROUND_SECONDS,
    ROUNDS,
    SAMPLES,
    WARM_SECONDS,
    Figures,
)
from benchmarks.apparatus.peers.peer import Peer

BEGIN = "<!-- written by benchmarks/peers.py -->\n"
END = "<!-- end of what benchmarks/peers.py writes -->\n"
HEADS = (
    "",
    "version",
    "accepted / s",
    "p50, ms",
    "p99, ms",
    "refused",
    "idle: answer, ms",
    "idle: first step, ms",
    "lost on SIGKILL",
    "HMAC",
)


@dataclass(frozen=True)
class Row:
    """One peer, and what came of measuring it: figures, or why there are none."""

    peer: Peer
    version: str
    figures: Figures | None = None
    reason: str = ""

    def cells(self) -> list[str]:
        name, seen = self.peer.name, self.figures
        if seen is None:
            return [name, self.version, f"not measured: {self.reason}", *[""] * (len(HEADS) - 3)]
        return [
            name,
            self.version,
            f"{seen.rate:,.0f} ({seen.rates[0]:,.0f} to {seen.rates[-1]:,.0f})",
            f"{seen.p50:.1f}",
            f"{seen.p99:.1f}",
            f"{seen.refused:,}",
            f"{seen.idle * 1000:,.1f}",
            f"{seen.first_step * 1000:,.0f}",
            f"{seen.lost:,} of {seen.answered:,}",
            "verified" if self.peer.signed else "none",
        ]


def conditions() -> str:
    """Return what it was measured on."""
    memory = psutil.virtual_memory().total / 2**30
    system = platform.freedesktop_os_release()["PRETTY_NAME"] if Path("/etc/os-release").exists() else "?"
    cores = f"{os.cpu_count()} cores ({processor()})"
    return f"{cores}, {memory:.0f} GiB, {system}, Python {platform.python_version()}"


def processor() -> str:
    """Return the processor's name, as Linux tells it."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown"
    )


def section(rows: list[Row], idle: float, today: date) -> str:
    """Return the text between the marks.

    :param idle: load average of the machine before the first of them started.
    :param today: the day of the measurement.
    """
    table = [HEADS, ("---",) * len(HEADS), *(row.cells() for row in rows)]
    lines = [
        f"Measured on {today:%Y-%m-%d} on {conditions()}; load average before: {idle:.1f}.",
        f"Accepted: {CLIENTS} clients, {ROUNDS} rounds of {ROUND_SECONDS:.0f} s after {WARM_SECONDS:.0f} s",
        "of warming up; the median round with its p50 and p99, in brackets the lowest and the highest.",
        f"Idle: medians of {SAMPLES} single requests.",
        "",
        *(f"| {' | '.join(cells)} |" for cells in table),
        "",
        "| | has kept, when it answers | commands |",
        "| --- | --- | --- |",
    ]
    for row in rows:
        commands = "<br>".join(f"`{one}`".replace("|", "\\|") for one in row.peer.commands)
        lines.append(f"| {row.peer.name} | {row.peer.keeps} | {commands} |")
    return "\n".join(lines) + "\n"


def write(page: Path, text: str) -> None:
    """Put the text between the marks of a page."""
    before, begin, rest = page.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{page} has lost its marks, {BEGIN.strip()} and {END.strip()}: put them back.")
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")
