"""``text/csv`` (RFC 4180) as a list of dictionaries.

The first row has the names; an empty name is ``column_N``, a repeated one gets ``_2``, ``_3``. A row that is
shorter has None for the rest, cells beyond the names are ``column_N``. With ``header=absent`` in the content
type the rows are lists. A delimiter other than the comma is recognised by the first row.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from hookline.exceptions import UnreadableAnswer

MAX_ROWS = 1_000_000
MAX_CELLS = 5_000_000
"""Of all records together, since each has a place for every name."""
DELIMITERS = ",;\t|"


def parse(text: str, *, header: bool = True) -> list[Any]:
    """Return the rows that hold something.

    :raises UnreadableAnswer: more than :data:`MAX_ROWS` rows or :data:`MAX_CELLS` cells, or a cell larger
        than the csv module takes.
    """
    text = text.removeprefix("\ufeff")
    first = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=first.count)
    rows: list[list[str]] = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True):
            if row:
                rows.append(row)
            if len(rows) > MAX_ROWS:
                raise UnreadableAnswer(f"the answer's table has more than {MAX_ROWS} rows; set save_to")
    except csv.Error as error:
        raise UnreadableAnswer(f"the answer says it is CSV but is not: {error}") from None
    if not header or not rows:
        return rows
    names = _names(rows[0])
    if len(names) * len(rows) > MAX_CELLS:
        raise UnreadableAnswer(f"the answer's table has more than {MAX_CELLS} cells; set save_to")
    return [_record(names, row) for row in rows[1:]]


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


def _record(names: list[str], row: list[str]) -> dict[str, str | None]:
    record: dict[str, str | None] = dict.fromkeys(names)
    for number, cell in enumerate(row, 1):
        if number <= len(names):
            record[names[number - 1]] = cell
        else:
            record.setdefault(f"column_{number}", cell)
    return record
