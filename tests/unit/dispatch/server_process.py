"""A server whose process dies at any moment, and is there again at once.

``python -m tests.unit.dispatch.server_process``: forks the loops, and kills them with SIGKILL after random
times, until a line arrives on standard input; from then on they live until the input ends.
"""

from __future__ import annotations

import asyncio
import os
import random
import select
import signal
import sys

from hookline.dispatch.loop import Dispatcher
from hookline.dispatch.waits import Waits

POLL = 0.05
LONGEST_LIFE = 1.5


async def run() -> None:
    await asyncio.gather(Dispatcher(poll=POLL, hold_poll=1).run(), Waits(poll=POLL).run())


def child() -> int:
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(run())
        finally:
            os._exit(1)
    return pid


def main() -> None:
    print("ready", flush=True)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a log that nobody reads would stop the server
    kill = True
    while True:
        pid = child()
        life = random.uniform(0.1, LONGEST_LIFE) if kill else None
        heard = bool(select.select([sys.stdin], [], [], life)[0])
        ended = heard and not sys.stdin.readline()
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        if ended:
            return
        kill = kill and not heard


if __name__ == "__main__":
    main()
