"""Components: killed, stopped or abandoned, they leave nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from demo.components import Component
from demo.errors import DemoError
from demo.home import Home

BOUND = 10.0

# Starts a child that leaves the process group and the session, writes its id, and waits.
WANDERER = """
import os, pathlib, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
time.sleep(600)
"""

STUBBORN = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text("ready")
time.sleep(600)
"""

# A starter that is killed: it starts the wanderer as a component with a scratch folder, and waits.
STARTER = """
import os, pathlib, sys, time
from demo.components import Component
note, folder, source = sys.argv[1:]
folder = pathlib.Path(folder)
component = Component(
    "wanderer",
    [sys.executable, "-c", source, note],
    environment=os.environ,
    folder=folder.parent,
    log_path=folder.parent / "log",
    scratch=folder,
)
component.start()
time.sleep(600)
"""

Make = Callable[..., Component]


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """Where a program writes that it got that far."""
    return tmp_path / "note"


@pytest.fixture
def make(tmp_path: Path, note: Path) -> Iterator[Make]:
    """Make a component out of Python source."""
    made: list[Component] = []

    def make(source: str, grace: float = BOUND) -> Component:
        command = [sys.executable, "-c", source, str(note)]
        log = tmp_path / "component.log"
        component = Component(
            "component", command, environment=os.environ, folder=tmp_path, log_path=log, grace=grace
        )
        made.append(component)
        return component

    yield make
    for component in made:
        component.stop()


def until(condition: Callable[[], object]) -> bool:
    deadline = time.monotonic() + BOUND
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True


def written(note: Path) -> str:
    assert until(lambda: note.exists() and note.read_text())
    return note.read_text()


linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets orphans be adopted")


class TestAComponent:
    def test_lives_until_it_is_stopped(self, make: Make) -> None:
        component = make("import time; time.sleep(600)")
        component.start()
        assert component.alive()
        component.stop()
        assert not component.alive()

    def test_tells_how_it_ended(self, make: Make) -> None:
        component = make("raise SystemExit(7)")
        component.start()
        assert component.wait(BOUND) == 7

    def test_shows_the_end_of_its_log_when_it_failed(self, make: Make) -> None:
        component = make("raise SystemExit('the reason')")
        component.start()
        component.wait(BOUND)
        assert "the reason" in component.failure("It failed").details

    def test_that_cannot_be_started_says_so(self, make: Make) -> None:
        component = make("")
        component.command = ["/nowhere/program"]
        with pytest.raises(DemoError, match="component could not be started") as raised:
            component.start()
        assert "/nowhere/program" in raised.value.details

    def test_starts_again_after_sigkill(self, make: Make) -> None:
        component = make("import time; time.sleep(600)")
        component.start()
        first = component.pid
        component.kill(signal.SIGKILL)
        assert component.exit_code == 128 + signal.SIGKILL
        component.restart()
        assert component.alive()
        assert component.pid != first

    def test_keeps_its_scratch_folder_while_it_has_a_starter(self, tmp_path: Path) -> None:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        component = Component(
            "component",
            ["sleep", "600"],
            environment=os.environ,
            folder=tmp_path,
            log_path=tmp_path / "log",
            scratch=scratch,
        )
        component.start()
        component.restart()
        component.stop()
        assert scratch.exists()

    def test_that_ignores_its_stop_signal_is_killed(self, make: Make, note: Path) -> None:
        component = make(STUBBORN, grace=0.1)
        component.start()
        written(note)
        component.stop()
        assert component.exit_code == 128 + signal.SIGKILL


@linux
class TestAProcessThatLeftTheSession:
    @pytest.mark.parametrize("end", [Component.kill, Component.stop], ids=["killed", "stopped"])
    def test_ends_with_its_component(self, make: Make, note: Path, end: Callable[[Component], None]) -> None:
        component = make(WANDERER)
        component.start()
        wanderer = int(written(note))
        end(component)
        assert not psutil.pid_exists(wanderer)

    def test_ends_when_whoever_started_the_component_is_killed(self, tmp_path: Path, note: Path) -> None:
        scratch = tmp_path / "scratch"
        scratch.mkdir()
        command = [sys.executable, "-c", STARTER, str(note), str(scratch), WANDERER]
        with subprocess.Popen(command, start_new_session=True) as starter:
            wanderer = int(written(note))
            starter.kill()
        assert until(lambda: not psutil.pid_exists(wanderer) and not scratch.exists())


class TestAHome:
    def test_belongs_to_one_stack(self, tmp_path: Path) -> None:
        home = Home(tmp_path)
        home.acquire()
        with pytest.raises(DemoError, match=f"Process {os.getpid()} already runs a stack"):
            Home(tmp_path).acquire()
        home.release()
        again = Home(tmp_path)
        again.acquire()
        again.release()

    def test_is_taken_until_the_last_process_is_gone(self, make: Make, tmp_path: Path) -> None:
        home = Home(tmp_path / "home")
        home.acquire()
        component = make("import time; time.sleep(600)")
        component.start(home.descriptors)
        home.release()
        with pytest.raises(DemoError, match="already runs"):
            Home(tmp_path / "home").acquire()
        component.stop()
        home.acquire()
        home.release()

    def test_keeps_secrets_from_others(self, tmp_path: Path) -> None:
        path = Home(tmp_path).write_private("secret", "x")
        assert path.stat().st_mode & 0o077 == 0
