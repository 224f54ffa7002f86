"""Errors in logs: those of Airflow and Hookline as JSON, PostgreSQL's and what Python prints as text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

LEVELS = {"error", "critical", "exception", "fatal"}
TEXT = re.compile(r"\b(?:ERROR|CRITICAL|FATAL|PANIC)\b|^Traceback \(most recent call last\)")


def find(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield file and line of each error in the logs below a folder."""
    for file in sorted(folder.rglob("*.log")):
        with file.open(errors="replace") as lines:
            yield from ((str(file.relative_to(folder)), line.strip()) for line in lines if _is_error(line))


def _is_error(line: str) -> bool:
    try:
        said = json.loads(line)
    except ValueError:
        return TEXT.search(line) is not None
    return isinstance(said, dict) and str(said.get("level", "")).lower() in LEVELS
