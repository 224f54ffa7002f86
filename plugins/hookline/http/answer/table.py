"""``text/csv`` (RFC 4180) as a list of dictionaries.

The first row has the names; an empty name is ``column_N``, a repeated one gets ``_2``, ``_3``. A row that is
shorter has None for the rest, cells beyond the names are ``column_N``. With ``header=absent`` in the content
type the rows are lists. A delimiter other than the comma is recognised by the first row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from hookline.exceptions import UnreadableAnswer

MAX_ROWS = 1_000_000
MAX_COLUMNS = 100_000
MAX_CELLS = 5_000_000
"""Of all records together; each has a place for every name."""
DELIMITERS = ",;\t|"


def parse(text: str, *, header: bool = True) -> list[Any]:
    """Return the rows that hold something.

    :raises UnreadableAnswer: more than :data:`MAX_ROWS` rows, :data:`MAX_COLUMNS` or :data:`MAX_CELLS`, or
        a cell larger than the csv module takes.
    """
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    rows: list[list[str]] = []
    cells = 0
    try:
        for row in csv.reader(_lines(text, delimiter), delimiter=delimiter, strict=True):
            if not row:
                continue
            rows.append(row)
            cells += max(len(row), len(rows[0]) if header else 0)
            _require(len(rows), MAX_ROWS, "rows")
            _require(len(row), MAX_COLUMNS, "columns")
            _require(cells, MAX_CELLS, "cells")
    except csv.Error as error:
        raise UnreadableAnswer(f"the answer says it is CSV but is not: {error}") from None
    if not header or not rows:
        return rows
    names = _names(rows[0])
    # Names beyond the first row's are made once for all rows.
    beyond = [f"column_{number}" for number in range(len(names) + 1, max(map(len, rows)) + 1)]
    return [_record(names, beyond, row) for row in rows[1:]]


def _lines(text: str, delimiter: str) -> Iterator[str]:
    # Before the csv module makes a list of millions of cells out of one line.
    for line in io.StringIO(text, newline=""):
        _require(line.count(delimiter), MAX_CELLS, "cells")
        yield line


def _require(number: int, most: int, what: str) -> None:
    if number > most:
        raise UnreadableAnswer(f"the answer's table has more than {most} {what}; set save_to")


def _names(cells: list[str]) -> list[str]:
    names: dict[str, None] = {}
    seen: dict[str, int] = {}
    for number, cell in enumerate(cells, 1):
        name = unique = cell.strip() or f"column_{number}"
        while unique in names:
            seen[name] = seen.get(name, 1) + 1
            unique = f"{name}_{seen[name]}"
        names[unique] = None
    return list(names)


def _record(names: list[str], beyond: list[str], row: list[str]) -> dict[str, str | None]:
    record: dict[str, str | None] = dict.fromkeys(names)
    record.update(zip(names, row, strict=False))
    for name, cell in zip(beyond, row[len(names) :], strict=False):
        record.setdefault(name, cell)
    return record
