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
DELIMITERS = ",;\t|"


def parse(text: str, *, header: bool = True) -> list[Any]:
    """Return the rows that hold something.

    :raises UnreadableAnswer: more than :data:`MAX_ROWS` rows, or a cell larger than the csv module takes.
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
    return [_record(names, row) for row in rows[1:]]


def _names(cells: list[str]) -> list[str]:
    names: list[str] = []
    seen: dict[str, int] = {}
    for number, cell in enumerate(cells, 1):
        name = cell.strip() or f"column_{number}"
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return names


def _record(names: list[str], row: list[str]) -> dict[str, str | None]:
    record: dict[str, str | None] = dict.fromkeys(names)
    for number, cell in enumerate(row, 1):
        record[names[number - 1] if number <= len(names) else f"column_{number}"] = cell
    return record
