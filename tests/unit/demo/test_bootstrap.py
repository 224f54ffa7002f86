"""The virtual environment: which Python makes it, when it is made anew, what is said when it cannot be."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from demo import bootstrap
from demo.bootstrap import VirtualEnvironment, choose_python, version_of
from demo.errors import DemoError

DEMO = Path(bootstrap.__file__).parent

FakePython = Callable[[str, str], str]


@pytest.fixture
def fake_python(tmp_path: Path) -> FakePython:
    """Make a program that says it is Python of some version, and cannot do anything else."""

    def make(name: str, version: str) -> str:
        program = tmp_path / "programs" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(f'#!/bin/sh\n[ "$1" = -c ] && echo {version} && exit\necho no ensurepip; exit 1\n')
        program.chmod(0o755)
        return str(program)

    return make


@pytest.fixture
def only(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], None]:
    """Leave the fake programs as the only ones on PATH, and one of them as the Python that runs this."""

    def leave(running: str) -> None:
        monkeypatch.setenv("PATH", str(tmp_path / "programs"))
        monkeypatch.setattr(sys, "executable", running)

    return leave


class TestThePythonToUse:
    def test_is_the_running_one_where_it_is_supported(
        self, fake_python: FakePython, only: Callable[[str], None]
    ) -> None:
        running = fake_python("python3", "3.12.4")
        fake_python("python3.13", "3.13.0")
        only(running)
        assert choose_python({}) == (running, "3.12.4")

    def test_is_the_newest_supported_one_on_path_otherwise(
        self, fake_python: FakePython, only: Callable[[str], None]
    ) -> None:
        fake_python("python3.11", "3.11.2")
        fake_python("python3.12", "3.12.4")
        only(fake_python("python3", "3.9.1"))
        assert choose_python({}) == ("python3.12", "3.12.4")

    def test_is_the_one_that_is_asked_for(self, fake_python: FakePython) -> None:
        wanted = fake_python("mine", "3.11.9")
        assert choose_python({"PYTHON": wanted}) == (wanted, "3.11.9")

    def test_is_never_a_shim_that_does_not_run(
        self, fake_python: FakePython, only: Callable[[str], None]
    ) -> None:
        shim = Path(fake_python("python3.13", "3.13.0"))
        shim.write_text("#!/bin/sh\necho 'version not installed' >&2\nexit 127\n")
        fake_python("python3.11", "3.11.2")
        only(fake_python("python3", "3.14.0"))
        assert choose_python({}) == ("python3.11", "3.11.2")

    @pytest.mark.parametrize(
        ("version", "says"),
        [
            pytest.param("3.10.13", "is Python 3.10.13", id="too old"),
            pytest.param("3.14.0", "is Python 3.14.0", id="too new"),
            pytest.param("3.1.11", "is Python 3.1.11", id="much too old"),
        ],
    )
    def test_is_refused_when_it_is_asked_for_and_not_supported(
        self, fake_python: FakePython, version: str, says: str
    ) -> None:
        wanted = fake_python("mine", version)
        with pytest.raises(DemoError, match=f"{says}. Hookline needs Python 3.11, 3.12 or 3.13"):
            choose_python({"PYTHON": wanted})

    def test_is_refused_when_it_is_asked_for_and_missing(self) -> None:
        with pytest.raises(DemoError, match="PYTHON=/nowhere/python does not run"):
            choose_python({"PYTHON": "/nowhere/python"})

    def test_missing_is_one_line_that_says_what_to_do(
        self, fake_python: FakePython, only: Callable[[str], None]
    ) -> None:
        only(fake_python("python3", "3.9.1"))
        with pytest.raises(DemoError, match=r"Found no Python 3\.11, 3\.12 or 3\.13\. Install") as raised:
            choose_python({})
        assert "\n" not in str(raised.value)


def test_a_version_is_asked_of_the_program_itself() -> None:
    assert version_of(sys.executable) == ".".join(map(str, sys.version_info[:3]))


@pytest.fixture
def environment(tmp_path: Path, fake_python: FakePython) -> VirtualEnvironment:
    """An environment with Python 3.12.4 and the extra ``demo``, as an earlier run left it."""
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / "constraints.txt").write_text("requests==2.32.0\n")
    environment = VirtualEnvironment(tmp_path, {})
    environment.python.parent.mkdir(parents=True)
    environment.python.symlink_to(fake_python("base", "3.12.4"))
    (environment.path / "bin" / "pip").touch()
    environment.stamp("demo").write_text(environment.fingerprint("3.12.4"))
    return environment


class TestTheEnvironment:
    def test_is_current_when_nothing_changed(self, environment: VirtualEnvironment) -> None:
        assert environment.is_current("demo")

    @pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
    def test_is_installed_again_when_a_file_changed(self, environment: VirtualEnvironment, name: str) -> None:
        (environment.repository / name).write_text("changed\n")
        assert not environment.is_current("demo")

    def test_lacks_an_extra_that_was_not_installed(self, environment: VirtualEnvironment) -> None:
        assert not environment.is_current("test")

    def test_has_the_demo_when_it_has_the_tests(self, environment: VirtualEnvironment) -> None:
        environment.stamp("demo").rename(environment.stamp("test"))
        assert environment.is_current("demo")

    def test_is_not_trusted_when_pip_was_interrupted(self, environment: VirtualEnvironment) -> None:
        environment.unfinished.touch()
        assert not environment.is_current("demo")

    def test_is_not_trusted_when_making_it_was_interrupted(self, environment: VirtualEnvironment) -> None:
        (environment.path / "bin" / "pip").unlink()
        assert not environment.is_current("demo")

    def test_is_made_anew_when_its_python_is_gone(
        self, environment: VirtualEnvironment, fake_python: FakePython
    ) -> None:
        Path(fake_python("base", "3.12.4")).unlink()
        assert not environment.is_current("demo")

    @pytest.mark.parametrize(
        ("version", "current"),
        [pytest.param("3.12.4", True, id="the same"), pytest.param("3.13.0", False, id="another")],
    )
    def test_has_the_python_that_is_asked_for(
        self, environment: VirtualEnvironment, fake_python: FakePython, version: str, current: bool
    ) -> None:
        asked = VirtualEnvironment(environment.repository, {"PYTHON": fake_python("mine", version)})
        assert asked.is_current("demo") == current

    def test_that_cannot_be_made_names_the_missing_package(
        self, environment: VirtualEnvironment, fake_python: FakePython
    ) -> None:
        environment.unfinished.touch()
        asked = VirtualEnvironment(environment.repository, {"PYTHON": fake_python("mine", "3.12.4")})
        with pytest.raises(DemoError, match=r"apt install python3\.12-venv") as raised:
            asked.prepare("demo")
        assert "no ensurepip" in raised.value.details
        assert not asked.path.exists()


@pytest.mark.parametrize("name", ["__init__.py", "bootstrap.py", "errors.py", "progress.py"])
def test_old_pythons_understand_what_looks_for_a_new_one(name: str) -> None:
    ast.parse((DEMO / name).read_text(), feature_version=(3, 8))
