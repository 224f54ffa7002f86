"""The processes of a whole Airflow, and what is asked of them as one."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from demo.client import AirflowClient
from demo.components import Component
from demo.home import Home
from demo.postgres import Postgres


class Processes(AirflowClient):
    """Components in one folder, started and stopped together.

    Args:
        url: base URL of Airflow, without a slash at the end.
        home: folder for everything they write.
        passwords: the auth manager's file of passwords by user.
    """

    def __init__(self, url: str, home: Home, passwords: Path) -> None:
        super().__init__(url, passwords)
        self.home = home
        self.components: dict[str, Component] = {}
        """Running or killed components by name."""
        self._postgres: Postgres | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything."""
        raise NotImplementedError

    def wait_for(self, condition: Callable[[], bool], timeout: float) -> bool:
        """Ask ``condition`` until it holds; return whether it did within ``timeout`` seconds.

        Raises:
            DemoError: a component ended meanwhile.
        """
        deadline = time.monotonic() + timeout
        while not condition():
            self.require_alive()
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def require_alive(self) -> None:
        """Insist on every component running.

        Raises:
            DemoError: one ended; the error shows the end of its log.
        """
        for component in self.components.values():
            if not component.alive():
                raise component.failure(f"{component.name} ended with exit code {component.exit_code}")

    def stop(self) -> None:
        """End everything that was started, the database last. Does nothing when there is nothing."""
        others = [component for name, component in self.components.items() if name != "postgres"]
        for component in others:
            component.release()
        for component in others:
            component.stop()
        if self._postgres is not None:
            self._postgres.stop()
            self._postgres = None
        self.components = {}
        self.home.release()
