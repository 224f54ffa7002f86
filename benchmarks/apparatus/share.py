"""Holds processes to a part of a core each, as if each were on a small machine of its own.

They are stopped (SIGSTOP) and go on (SIGCONT) in turns: of two with half a core each, one runs while the
other one stands.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from typing import Self

PERIOD = 0.02


class Share:
    """Until it is left, gives each process group ``1 / parts`` of the time.

    :param groups: process groups, ``parts`` of them at most.
    """

    def __init__(self, groups: Sequence[int], parts: int) -> None:
        self._groups = [*groups, *[None] * (parts - len(groups))]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._take_turns)

    def _take_turns(self) -> None:
        while not self._over.is_set():
            for group in self._groups:
                _send(group, signal.SIGCONT)
                self._over.wait(PERIOD / len(self._groups))
                _send(group, signal.SIGSTOP)

    def __enter__(self) -> Self:
        for group in self._groups:
            _send(group, signal.SIGSTOP)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()
        for group in self._groups:
            _send(group, signal.SIGCONT)


def _send(group: int | None, number: signal.Signals) -> None:
    if group is not None:
        with suppress(ProcessLookupError):
            os.killpg(group, number)
