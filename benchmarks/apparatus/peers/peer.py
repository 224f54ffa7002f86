"""What the benchmark asks of each peer, and what those that are one program on this machine share."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.apparatus.numbered import ID, Request, new_id
from demo.components import Component
from demo.ports import LOOPBACK, free_port
from demo.rest import request as ask

INSTALL_SECONDS = 900
START_SECONDS = 150
DATA = {"id": ID, "order": {"id": 1001, "lines": [{"sku": f"SKU-{n}", "quantity": n} for n in range(27)]}}
"""What is sent: 1 kB as JSON."""


class NotMeasuredError(Exception):
    """A peer cannot be had here; the reason in a few words."""


class Peer(ABC):
    """A system that takes requests and starts a flow for each.

    The first step of the flow appends the request's id to a file, the ledger.

    :param cache: folder that programs are installed into, kept from run to run.
    :param folder: empty folder for everything that is written while it runs.
    """

    name: str
    keeps: str
    """What it has kept of a request when it answers, in a few words."""
    commands: tuple[str, ...]
    """How it is installed, set up and started."""
    signed = False
    """Whether it verifies an HMAC-SHA256 of the body without help of ours."""
    patience = 3.0
    """Seconds without a flow that starts, until no more are expected."""

    def __init__(self, cache: Path, folder: Path) -> None:
        self.cache = cache
        self.folder = folder
        self.ledger = folder / "ledger"

    @abstractmethod
    def install(self) -> str:
        """Install it, unless it is; return its version.

        :raises NotMeasuredError: it cannot be had.
        """

    @abstractmethod
    def start(self) -> None:
        """Start it, and wait until it takes requests."""

    @abstractmethod
    def request(self) -> Request:
        """Return what starts the flow."""

    @abstractmethod
    def groups(self) -> list[int]:
        """Return the process groups that SIGKILL is sent to."""

    @abstractmethod
    def restart(self) -> None:
        """Start again what was killed, and wait until it takes requests."""

    @abstractmethod
    def stop(self) -> None:
        """End everything."""

    @abstractmethod
    def rest(self) -> None:
        """Leave what is queued for later, so that it does not disturb what is measured next."""

    def count(self) -> int:
        """Return how many flows started."""
        return len(self.started())

    def started(self) -> set[str]:
        """Return the ids of the requests whose flow started."""
        return set(self.ledger.read_text().split()) if self.ledger.exists() else set()


class Program(Peer):
    """A peer that is one program, with whatever that starts."""

    def __init__(self, cache: Path, folder: Path) -> None:
        super().__init__(cache, folder)
        self.port = free_port()
        self._component: Component | None = None

    @abstractmethod
    def set_up(self) -> None:
        """Write and run what comes before the start."""

    @abstractmethod
    def command(self) -> list[str]:
        """Return program and arguments."""

    @property
    @abstractmethod
    def path(self) -> str:
        """Where requests go to."""

    def environment(self) -> Mapping[str, str]:
        return {"PATH": os.defpath, "HOME": str(self.folder), "LANG": "C.UTF-8"}

    def component(self, name: str, command: Sequence[str]) -> Component:
        """Return a process in this peer's folder."""
        return Component(
            name,
            command,
            environment=self.environment(),
            folder=self.folder,
            log_path=self.folder / f"{name}.log",
        )

    def start(self) -> None:
        self.set_up()
        self._component = self.component("program", self.command())
        self._component.start()
        self._wait()

    def restart(self) -> None:
        assert self._component is not None
        self._component.restart()
        self._wait()

    def _wait(self) -> None:
        """Wait until a request starts a flow: n8n says 200 to everybody while it is starting."""
        assert self._component is not None
        deadline = time.monotonic() + START_SECONDS
        request, numbers = self.request(), itertools.count()
        sent: set[str] = set()
        while not sent & self.started():
            delivery = new_id(numbers)
            body, fields = request.with_id(delivery)
            if ask("POST", request.url, body=body, headers=fields).status // 100 == 2:
                sent.add(delivery)
            if not self._component.alive():
                raise self._component.failure(f"{self.name} ended")
            if time.monotonic() > deadline:
                raise self._component.failure(f"{self.name} started no flow within {START_SECONDS} s")
            time.sleep(0.2)

    def request(self) -> Request:
        url = f"http://{LOOPBACK}:{self.port}{self.path}"
        return Request(url, json.dumps(DATA), signed=self.signed)

    def rest(self) -> None:
        """Nothing is queued: a flow that did not start before SIGKILL never does."""

    def groups(self) -> list[int]:
        assert self._component is not None
        assert self._component.pid is not None
        return [self._component.pid]

    def stop(self) -> None:
        if self._component is not None:
            self._component.kill()


def run(command: Sequence[str], *, folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a command of an installation; return what it printed.

    :raises NotMeasuredError: it failed, or took too long.
    """
    try:
        ended = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
        )
    except FileNotFoundError:
        raise NotMeasuredError(f"there is no program `{command[0]}`") from None
    except subprocess.TimeoutExpired:
        raise NotMeasuredError(f"`{Path(command[0]).name}` took over {INSTALL_SECONDS} s") from None
    except subprocess.CalledProcessError as error:
        print(error.stderr[-2000:])
        raise NotMeasuredError(f"`{Path(command[0]).name}` ended with exit code {error.returncode}") from None
    return ended.stdout
