"""Steps on a terminal: what is being done, and how long it took.

Kept to the standard library and to what Python 3.8 understands: it runs before the virtual environment is
there.
"""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 46
TICK = 0.2


class Step:
    """The step being done. ``detail`` is shown behind its time, and may change while it runs."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.detail = ""
        self.started = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time since the step began."""
        return time.monotonic() - self.started

    def line(self) -> str:
        """Return the step as one line: name, dots, seconds, detail."""
        line = f"  {self.name} {'.' * max(3, WIDTH - len(self.name))} {self.seconds:6.1f} s"
        return f"{line}   {self.detail}" if self.detail else line


@contextmanager
def step(name: str) -> Iterator[Step]:
    """Show ``name`` while the block runs, and its time when it ends.

    On a terminal the line counts along. Elsewhere (a file, a CI log) it is printed once, when the step ends.
    """
    current = Step(name)
    ended = threading.Event()
    ticker = threading.Thread(target=_tick, args=(current, ended), daemon=True)
    if sys.stdout.isatty():
        ticker.start()
    try:
        yield current
    except BaseException:
        current.detail = "failed"
        raise
    finally:
        ended.set()
        if ticker.ident:
            ticker.join()
            sys.stdout.write("\r\033[K")
        print(current.line(), flush=True)


def _tick(current: Step, ended: threading.Event) -> None:
    while not ended.wait(TICK):
        sys.stdout.write("\r\033[K" + current.line()[:150])
        sys.stdout.flush()
