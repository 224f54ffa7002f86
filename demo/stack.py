"""A whole Airflow with Hookline: database, api-server, scheduler, dag-processor, triggerer.

    stack = Stack(home=tmp_path / "stack", database="postgres", port=0, dags_folder=dags)
    with stack:
        stack.wait_ready()
        ...
        stack.components["api-server"].kill(signal.SIGKILL)
        stack.components["api-server"].restart()

Nothing of it is left when the ``with`` block ends, nor when this process is killed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Literal

from demo.components import Component
from demo.errors import DemoError
from demo.home import Home, new_secrets
from demo.ports import LOOPBACK, free_port, require_free
from demo.postgres import Postgres, discard
from demo.processes import Processes
from demo.progress import Step
from demo.settings import ADMIN, PASSWORDS, SHELL, exports, variable
from demo.settings import environment as airflow_environment

REPOSITORY = Path(__file__).resolve().parent.parent
MIGRATE_BOUND = 180.0
READY_BOUND = 120.0

COMMANDS = {
    "api-server": ["api-server"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
    "scheduler": ["scheduler", "--skip-serve-logs"],
}

StepShown = Callable[[str], AbstractContextManager[Step]]


def silently(name: str) -> AbstractContextManager[Step]:
    """Show nothing of a step."""
    return nullcontext(Step(name))


class Stack(Processes):
    """One Airflow on this machine.

    Args:
        home: folder for everything it writes. One stack at a time may run in it; its logs stay when it stops.
        database: ``postgres`` (real, durable, gone when the stack stops) or ``sqlite``.
        port: of the api-server on loopback; 0 takes a free one.
        dags_folder: where the Dag files lie.
        environment: variables for every component, over those of this process. ``AIRFLOW__…`` win over the
            stack's own defaults, ``AIRFLOW_CONN_…`` reach the tasks.
    """

    def __init__(
        self,
        home: Path,
        *,
        database: Literal["postgres", "sqlite"] = "postgres",
        port: int = 8080,
        dags_folder: Path = REPOSITORY / "dags",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        if database not in ("postgres", "sqlite"):
            raise DemoError(
                f"There is no database {database!r}. Choose postgres or sqlite: make demo DB=sqlite"
            )
        self._caller = {**os.environ, **(environment or {})}
        self.database = database
        self.port = port or free_port()
        self.dags_folder = dags_folder
        self._env: dict[str, str] = {}
        place = Home(home)
        super().__init__(
            self._caller.get(variable("api.base_url"), f"http://{LOOPBACK}:{self.port}").rstrip("/"),
            place,
            place.path / PASSWORDS,
        )

    @property
    def env(self) -> dict[str, str]:
        """The complete environment for ``airflow`` commands against this stack; known once it was started."""
        if not self._env:
            raise DemoError("The stack was not started yet. Call start() first.")
        return dict(self._env)

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the metadata database."""
        return self.env[variable("database.sql_alchemy_conn")]

    def start(self, step: StepShown = silently) -> None:
        """Start the database, migrate it, and start Airflow's four processes.

        Args:
            step: shows a step while it is done, such as :func:`demo.progress.step`.

        Raises:
            DemoError: something is in the way or failed; nothing is left running.
        """
        self.home.acquire()
        try:
            self._start(step)
        except BaseException:
            self.stop()
            raise

    def _start(self, step: StepShown) -> None:
        require_free(self.port)
        folder = self.home.path
        discard(folder)
        self.home.clear()
        (folder / "plugins").mkdir()
        self._tokens.clear()
        secrets = new_secrets()
        self.home.write_private(PASSWORDS, json.dumps({ADMIN: secrets["admin_password"]}))
        database_url = f"sqlite:///{folder / 'airflow.db'}"
        if self.database == "postgres":
            with step("PostgreSQL"):
                self._postgres = Postgres(folder, secrets["database_password"])
                self.components["postgres"] = self._postgres.start(self.home.descriptors)
                database_url = self._postgres.url
        self._env = airflow_environment(
            self._caller,
            home=folder,
            dags_folder=self.dags_folder.resolve(),
            port=self.port,
            database_url=database_url,
            secrets=secrets,
        )
        self.home.write_private(SHELL, exports(self._env, os.environ))
        with step("airflow db migrate"):
            self._migrate()
        with step("start api-server, scheduler, dag-processor, triggerer"):
            for name, arguments in COMMANDS.items():
                self.spawn(name, airflow(*arguments))

    def _migrate(self) -> None:
        migrate = self.spawn("migrate", airflow("db", "migrate"))
        try:
            if migrate.wait(MIGRATE_BOUND) != 0:
                raise migrate.failure("`airflow db migrate` failed")
        except subprocess.TimeoutExpired:
            raise migrate.failure(f"`airflow db migrate` did not end within {MIGRATE_BOUND:.0f} s") from None
        del self.components["migrate"]

    def spawn(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Component:
        """Start one more component in the stack's environment; it is stopped with the stack.

        Args:
            name: its key in :attr:`components`.
            command: program and arguments, such as ``airflow("hookline", "worker")``.
            folder: working directory, the home by default.
            environment: variables beside those of :attr:`env`.
        """
        component = Component(
            name,
            command,
            environment={**self._env, **(environment or {})},
            folder=folder or self.home.path,
            log_path=self.home.path / f"{name}.log",
        )
        self.components[name] = component
        component.start(self.home.descriptors)
        return component

    def wait_ready(self, timeout: float = READY_BOUND, step: StepShown = silently) -> None:
        """Wait until Airflow's processes say they are healthy and Hookline says it is ready.

        Args:
            timeout: seconds.
            step: shows what is still waited for.

        Raises:
            DemoError: a process ended, or ``timeout`` passed.
        """
        with step("Airflow is healthy, Hookline is ready") as current:

            def ready() -> bool:
                missing = self.not_ready()
                current.detail = f"waiting for {', '.join(missing)}" if missing else ""
                return not missing

            if not self.wait_for(ready, timeout):
                raise DemoError(f"Not ready after {timeout:.0f} s, {current.detail}. Logs: {self.home.path}")


def airflow(*arguments: str) -> list[str]:
    """Return the command line of ``airflow``, of the environment this runs in."""
    return [str(Path(sys.executable).with_name("airflow")), *arguments]
