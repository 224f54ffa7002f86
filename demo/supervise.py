"""Run one command and leave nothing of it behind.

``python supervise.py SETTINGS COMMAND...`` starts the command in a session of its own and prints its process
id. Whoever started this holds the other end of its standard input: when that closes, because the component is
stopped, or because the starter crashed or was killed with SIGKILL, the command gets its stop signal, after
``grace`` seconds SIGKILL, and then every process it ever started is ended too, whatever session or process
group that one moved to. The same happens when the command ends by itself.

This process becomes the "child subreaper" of what it starts (Linux ``prctl(2)``), so orphans stay its
descendants and are found. On other systems only descendants that did not lose their parent are.

A starter that stops its component says so with a byte on that pipe before closing it. Where it did not, it is
gone, and nobody else will remove the component's scratch folder.

SETTINGS is a JSON object: ``stop_signal`` (number), ``grace`` (seconds), ``user`` (name, or null: the same),
``scratch`` (path, or null).
"""

from __future__ import annotations

import ctypes
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from typing import Any

import psutil  # type: ignore[import-untyped]

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else lambda *_arguments: 0


def end_with_parent(number: signal.Signals = signal.SIGKILL) -> None:
    """Ask the system for a signal when the parent of this process dies (Linux)."""
    _prctl(PR_SET_PDEATHSIG, number)


def start(command: list[str], user: str | None) -> subprocess.Popen[bytes]:
    """Start ``command`` in its own session, as ``user``; its output goes where our errors go."""
    identity: dict[str, Any] = {}
    if user is not None:
        account = pwd.getpwnam(user)
        identity = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
        # The one end of a supervisor it cannot clean up after is its own SIGKILL.
        preexec_fn=end_with_parent,  # noqa: PLW1509  no thread is running yet
        **identity,
    )


def signal_group(group: int, number: int) -> None:
    """Signal a process group that may be gone already."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def reap_until(pid: int) -> int:
    """Wait for ``pid``, burying adopted orphans meanwhile; return its exit code, negative for a signal."""
    while True:
        ended, status = os.wait()
        if ended == pid:
            return os.waitstatus_to_exitcode(status)


def sweep() -> None:
    """Kill every descendant, and those they leave behind, until there is none."""
    while descendants := psutil.Process().children(recursive=True):
        for process in descendants:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        with suppress(ChildProcessError):
            os.wait()


def main(settings: dict[str, Any], command: list[str]) -> int:
    """Supervise ``command`` until it ends; return its exit code."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    process = start(command, settings["user"])

    def stop(*_signal: object) -> None:
        # As a service manager does it ("mixed"): the command ends its children itself, we end the rest.
        os.kill(process.pid, settings["stop_signal"])
        deadline = threading.Timer(settings["grace"], signal_group, (process.pid, signal.SIGKILL))
        deadline.daemon = True
        deadline.start()

    abandoned = threading.Event()

    def stop_when_released() -> None:
        if not sys.stdin.buffer.read():
            abandoned.set()
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, stop)
    print(process.pid, flush=True)
    threading.Thread(target=stop_when_released, daemon=True).start()
    code = reap_until(process.pid)
    sweep()
    if abandoned.is_set() and settings["scratch"] is not None:
        shutil.rmtree(settings["scratch"], ignore_errors=True)
    return code


if __name__ == "__main__":
    exit_code = main(json.loads(sys.argv[1]), sys.argv[2:])
    # The reader thread still blocks on standard input, so the interpreter must not wait for it.
    os._exit(exit_code if exit_code >= 0 else 128 - exit_code)
