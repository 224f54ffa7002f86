"""Kills one component after the other, and starts again whatever has ended, as Compose does."""

from __future__ import annotations

import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Collection
from contextlib import suppress
from typing import Self

from demo.errors import DemoError
from demo.topology import Topology

RESTART_SECONDS = 1.0


class Killer:
    """Until it is left, kills a random component every few seconds, each once before any again.

    :param names: of the components to kill.
    :param seed: of the order.
    :param every: seconds between kills.
    """

    def __init__(self, topology: Topology, names: Collection[str], seed: int, every: float) -> None:
        self._topology = topology
        self._names = sorted(names)
        self._random = random.Random(seed)
        self._every = every
        self._left: list[str] = []
        self._calm, self._leaving = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=self._kill), threading.Thread(target=self._keep)]
        self._lock = threading.Lock()
        self._began = time.monotonic()
        self.killed: Counter[str] = Counter()
        self.ended: Counter[str] = Counter()
        """What ended by itself, since it could not do without another one."""

    def all_once(self) -> bool:
        """Tell whether everything was killed at least once."""
        return set(self._names) <= self.killed.keys()

    def _kill(self) -> None:
        while not self._calm.wait(self._every):
            if not self._left:
                self._left = self._random.sample(self._names, len(self._names))
            name = self._left.pop()
            component = self._topology.components[name]
            with self._lock:
                if not component.alive():
                    self._left.insert(0, name)
                    continue
                print(f"{time.monotonic() - self._began:6.1f} s  kill {name}", flush=True)
                self.killed[name] += 1
                with suppress(subprocess.TimeoutExpired):
                    component.kill()
                self._start(name)

    def _keep(self) -> None:
        while not self._leaving.wait(RESTART_SECONDS):
            for name, component in self._topology.components.items():
                with self._lock:
                    if not component.alive():
                        self.ended[name] += 1
                        print(f"{time.monotonic() - self._began:6.1f} s  {name} ended by itself", flush=True)
                        self._start(name)

    def _start(self, name: str) -> None:
        with suppress(DemoError):  # looked at again in a second
            self._topology.components[name].restart()

    @property
    def calm(self) -> bool:
        """Whether nothing more is killed."""
        return self._calm.is_set()

    def stop_killing(self) -> None:
        """Kill nothing more; what ends is still started again."""
        self._calm.set()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._calm.set()
        self._leaving.set()
        for thread in self._threads:
            thread.join()
