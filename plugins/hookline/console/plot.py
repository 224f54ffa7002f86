"""A plot of bars, one an hour, as numbers for an SVG."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hookline.api.series import Series

WIDTH, HEIGHT, GAP = 480, 64, 2
"""Of the SVG's own units."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One hour."""

    x: float
    y: float
    width: float
    height: float
    count: int
    hour: datetime


@dataclass(frozen=True, slots=True)
class Plot:
    """One row of bars under a title.

    :param total: of all bars.
    :param capped: whether an hour was counted up to a bound only.
    """

    name: str
    title: str
    total: int
    capped: bool
    bars: tuple[Bar, ...]


def bars(series: Series) -> Plot:
    """Return the plot of a series; its highest bar is as high as the plot."""
    highest = max((one.count for one in series.hours), default=0) or 1
    step = WIDTH / max(len(series.hours), 1)
    drawn = []
    for place, one in enumerate(series.hours):
        # What is not nothing is to be seen.
        height = max(HEIGHT * one.count / highest, 2.0) if one.count else 0.0
        drawn.append(
            Bar(
                x=round(place * step, 2),
                y=round(HEIGHT - height, 2),
                width=round(step - GAP, 2),
                height=round(height, 2),
                count=one.count,
                hour=one.hour,
            )
        )
    return Plot(
        series.name, series.title, sum(one.count for one in series.hours), series.capped, tuple(drawn)
    )
