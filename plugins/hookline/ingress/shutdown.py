"""Knowing that the process is to end before its server waits for the last answers.

ASGI says so only when all requests were answered, and a held request would hold the process up.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

SIGNALS = (signal.SIGTERM, signal.SIGINT)


@contextmanager
def announced(callback: Callable[[], None]) -> Iterator[None]:
    """Call ``callback`` on the event loop when a signal asks the process to end.

    The server's own handler goes on. Elsewhere than in the main thread, and for a signal that nothing
    handles, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    theirs = {number: signal.getsignal(number) for number in SIGNALS}

    def handle(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(callback)
        handler = theirs[signal.Signals(number)]
        if callable(handler):
            handler(number, frame)

    ours = [number for number, handler in theirs.items() if callable(handler)]
    for number in ours:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number in ours:
            if signal.getsignal(number) is handle:
                signal.signal(number, theirs[number])
