"""One process of the stack, and everything it starts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from demo.errors import DemoError, tail

SUPERVISE = Path(__file__).with_name("supervise.py")
# How long ending the last processes may take after the grace period, before we look after it ourselves.
SWEEP_BOUND = 5.0


class Component:
    """A supervised command: it can be killed, restarted and stopped alone, together with all it started.

    Args:
        name: what people call it; its log is ``{name}.log``.
        command: program and arguments.
        environment: the complete environment.
        folder: working directory.
        log_path: where its standard output and errors are appended.
        user: system user to run as; None for the same.
        stop_signal: what asks it to end.
        grace: seconds it may take to do so.
        scratch: folder to remove if whoever started the component is killed and cannot do it.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: Path,
        log_path: Path,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 4.0,
        scratch: Path | None = None,
    ) -> None:
        self.name = name
        self.command = list(command)
        self.environment = environment
        self.folder = folder
        self.log_path = log_path
        self.grace = grace
        self._settings = json.dumps(
            {
                "stop_signal": stop_signal,
                "grace": grace,
                "user": user,
                "scratch": None if scratch is None else str(scratch),
            }
        )
        self._supervisor: subprocess.Popen[bytes] | None = None
        self._keep_open: tuple[int, ...] = ()
        self.pid: int | None = None
        """Process id of the command itself, also the id of its process group."""

    def start(self, keep_open: Sequence[int] = ()) -> None:
        """Start the command.

        Args:
            keep_open: file descriptors that stay open until the last process of this component is gone.

        Raises:
            DemoError: it could not be started.
        """
        if self.alive():
            raise DemoError(f"{self.name} is running already. Stop it before starting it again.")
        self._keep_open = tuple(keep_open)
        with self.log_path.open("ab") as log:
            self._supervisor = subprocess.Popen(
                [sys.executable, "-P", str(SUPERVISE), self._settings, *self.command],
                env=dict(self.environment),
                cwd=self.folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # Ctrl-C is for whoever started the stack, who then stops its components in order.
                start_new_session=True,
                pass_fds=self._keep_open,
            )
        first_line = self._supervisor.stdout.readline() if self._supervisor.stdout else b""
        if not first_line:
            self.stop()
            raise self.failure(f"{self.name} could not be started")
        self.pid = int(first_line)

    def alive(self) -> bool:
        """Tell whether the command runs, or processes it started are still being ended."""
        return self._supervisor is not None and self._supervisor.poll() is None

    @property
    def exit_code(self) -> int | None:
        """How the command ended (128 + n for signal n), or None while it runs or before it was started."""
        return None if self._supervisor is None else self._supervisor.poll()

    def wait(self, timeout: float | None = None) -> int:
        """Wait until the command and all it started are gone; return its exit code.

        Raises:
            DemoError: it was never started.
            subprocess.TimeoutExpired: ``timeout`` seconds were not enough.
        """
        if self._supervisor is None:
            raise DemoError(f"{self.name} was never started. Call start() first.")
        code = self._supervisor.wait(timeout)
        self._close_pipes(self._supervisor)
        return code

    def kill(self, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to the whole process group; after SIGKILL, wait until all of it is gone."""
        if not self.alive() or self.pid is None:
            return
        with suppress(ProcessLookupError):
            os.killpg(self.pid, number)
        if number == signal.SIGKILL:
            self.wait(SWEEP_BOUND)
            self.stop()

    def release(self) -> None:
        """Ask the component to end, without waiting for it."""
        if self._supervisor is None or self._supervisor.stdin is None or self._supervisor.stdin.closed:
            return
        # The supervisor may have ended already, with its command.
        with suppress(BrokenPipeError), self._supervisor.stdin as pipe:
            pipe.write(b".")

    def stop(self) -> None:
        """End the component and everything it started. Does nothing when there is nothing."""
        if self._supervisor is None:
            return
        self.release()
        try:
            self._supervisor.wait(self.grace + SWEEP_BOUND)
        except subprocess.TimeoutExpired:
            self._kill_tree(self._supervisor.pid)
            self._supervisor.wait()
        self._close_pipes(self._supervisor)

    def restart(self) -> None:
        """Stop the component if it runs, and start it anew."""
        self.stop()
        self.start(self._keep_open)

    def failure(self, what: str) -> DemoError:
        """Return the error that tells ``what`` happened, with the end of the log."""
        log = self.log_path.read_text(errors="replace") if self.log_path.exists() else ""
        return DemoError(f"{what}. Its whole log: {self.log_path}", details=tail(log))

    @staticmethod
    def _close_pipes(supervisor: subprocess.Popen[bytes]) -> None:
        for pipe in (supervisor.stdin, supervisor.stdout):
            if pipe is not None:
                pipe.close()

    @staticmethod
    def _kill_tree(pid: int) -> None:
        with suppress(psutil.NoSuchProcess):
            supervisor = psutil.Process(pid)
            for process in [*supervisor.children(recursive=True), supervisor]:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
