"""Several processes that listen on one port; each has a socket of its own (``SO_REUSEPORT``)."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable

import structlog

log = structlog.get_logger(__name__)

SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGCHLD}
STARTUP_FAILURE = 3
"""uvicorn's exit code of a process that could not begin."""
LEAST_LIFE = 5.0
PATIENCE = 30.0
"""Seconds beyond the graceful end in which the last commit is made."""


def listen(host: str, port: int, *, shared: bool) -> socket.socket:
    """Return a bound socket.

    :param shared: whether sockets of other processes may be bound to the same port.
    :raises OSError: the port is taken, or the address is none of this machine.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        made.bind(address)
    except OSError:
        made.close()
        raise
    return made


class Workers:
    """Starts the processes, replaces those that die, and ends them all on SIGTERM or SIGINT.

    :param count: how many.
    :param work: what each does, until SIGTERM; returns its exit code.
    :param grace: seconds that the end of one may take.
    """

    def __init__(self, count: int, work: Callable[[], int], grace: float) -> None:
        self._count = count
        self._work = work
        self._grace = grace
        self._started: dict[int, float] = {}

    def run(self) -> int:
        """Return the exit code: not 0 when a process could not begin, or had to be killed."""
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        for _ in range(self._count):
            self._start()
        while True:
            received = signal.sigwait(SIGNALS)
            if received != signal.SIGCHLD:
                return self._end(0)
            for code, life in self._reap():
                if code == STARTUP_FAILURE:
                    return self._end(1)
                log.error("a gateway process died; another takes its place", exit_code=code)
                if life < LEAST_LIFE:
                    time.sleep(1)  # whatever kills them at once is not to spin
                self._start()

    def _start(self) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            self._started[pid] = time.monotonic()
            return
        code = 1
        try:
            code = self._work()
        except SystemExit as exit_:
            code = exit_.code if isinstance(exit_.code, int) else 1
        except BaseException:
            log.exception("a gateway process failed")
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)  # what the parent would do at its own exit is the parent's

    def _reap(self) -> list[tuple[int, float]]:
        ended = []
        for pid in list(self._started):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                life = time.monotonic() - self._started.pop(pid)
                ended.append((os.waitstatus_to_exitcode(status), life))
        return ended

    def _end(self, code: int) -> int:
        for pid in self._started:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + self._grace + PATIENCE
        while self._started:
            left = deadline - time.monotonic()
            if left <= 0:
                log.error("gateway processes did not end in time and are killed", count=len(self._started))
                for pid in self._started:
                    os.kill(pid, signal.SIGKILL)
                return 1
            signal.sigtimedwait({signal.SIGCHLD}, min(left, 1.0))
            if any(ended for ended, _ in self._reap()):
                code = code or 1
        return code
