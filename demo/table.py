"""A table of text for a terminal."""

from __future__ import annotations

from collections.abc import Sequence


def table(titles: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> str:
    """Lay ``rows`` out in columns, or as one block per row where ``width`` characters are too few."""
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    if sum(widths) + 2 * len(widths) <= width:
        lines = [titles, ["-" * size for size in widths], *rows]
        return "\n".join("  " + "  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
    longest = max(map(len, titles))
    blocks = (
        "\n".join(f"  {title:<{longest}}  {value}" for title, value in zip(titles, row, strict=True))
        for row in rows
    )
    return "\n\n".join(blocks)
