"""Make the virtual environment, then run Python in it.

``python3 -m demo.bootstrap EXTRA ARGUMENT...`` installs the distribution, editable, with an extra, when it is
not there or when something that decides what gets installed has changed since; otherwise it is through in a
moment. Then it becomes ``.venv/bin/python ARGUMENT...``.

Standard library only, and understood by every Python from 3.8 on: whatever ``python3`` a machine has finds
the one that Hookline runs on.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from demo.errors import DemoError, tail
from demo.progress import Step, step

if TYPE_CHECKING:
    from collections.abc import Mapping

REPOSITORY = Path(__file__).resolve().parent.parent
SUPPORTED = ("3.13", "3.12", "3.11")
ONE_OF_THEM = "3.11, 3.12 or 3.13"
# The extra "test" includes this one.
INCLUDED_IN = {"demo": ("test",)}
ASK_VERSION = "import sys; print('%d.%d.%d' % sys.version_info[:3])"


def version_of(python: str) -> str | None:
    """Return the version of a Python, such as ``3.12.1``, or None when it does not run.

    Being on PATH proves nothing: the shims of version managers fail for versions that are not installed.
    """
    try:
        asked = subprocess.run(
            [python, "-c", ASK_VERSION],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=20,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return asked.stdout.decode("ascii", "replace").strip() if asked.returncode == 0 else None


def is_supported(version: str | None) -> bool:
    """Tell whether Hookline runs on a version."""
    return version is not None and version.rpartition(".")[0] in SUPPORTED


def choose_python(environment: Mapping[str, str]) -> tuple[str, str]:
    """Return program and version of the Python to use: the one ``PYTHON`` names, else a supported one.

    Raises:
        DemoError: there is none.
    """
    wanted = environment.get("PYTHON")
    if wanted:
        version = version_of(wanted)
        if not is_supported(version):
            found = f"is Python {version}" if version else "does not run"
            raise DemoError(
                f"PYTHON={wanted} {found}. Hookline needs Python {ONE_OF_THEM}: name one of these."
            )
        return wanted, str(version)
    for candidate in [sys.executable, *(f"python{number}" for number in SUPPORTED), "python3"]:
        version = version_of(candidate)
        if is_supported(version):
            return candidate, str(version)
    raise DemoError(
        f"Found no Python {ONE_OF_THEM}. Install one (Debian, Ubuntu: apt install python3 python3-venv; "
        "macOS: brew install python@3.13), or name the one you have: make demo PYTHON=/path/to/python3"
    )


class VirtualEnvironment:
    """``.venv`` in a checkout, and the notes it keeps about what was installed.

    Args:
        repository: the checkout.
        environment: as in :data:`os.environ`.
    """

    def __init__(self, repository: Path, environment: Mapping[str, str]) -> None:
        self.repository = repository
        self.path = repository / ".venv"
        self.python = self.path / "bin" / "python"
        self.log = self.path / "install.log"
        # There while pip works: if it stays, pip was interrupted and the environment is not to be trusted.
        self.unfinished = self.path / "hookline-installing"
        self._environment = environment

    def stamp(self, extra: str) -> Path:
        """Return the file that notes the fingerprint an extra was installed with."""
        return self.path / f"hookline-{extra}.stamp"

    def fingerprint(self, version: str) -> str:
        """Return a digest of all that decides what gets installed, the extra aside."""
        digest = hashlib.sha256(f"{version} {self.repository}".encode())
        for name in ("pyproject.toml", "constraints.txt"):
            digest.update((self.repository / name).read_bytes())
        return digest.hexdigest()

    def is_current(self, extra: str) -> bool:
        """Tell whether an extra is installed and nothing changed since."""
        version = self._usable_version()
        if version is None:
            return False
        stamps = (self.stamp(name) for name in (extra, *INCLUDED_IN.get(extra, ())))
        return any(s.exists() and s.read_text() == self.fingerprint(version) for s in stamps)

    def _usable_version(self) -> str | None:
        """Return the version of its Python, or None when the environment must be made anew."""
        if self.unfinished.exists() or not (self.path / "bin" / "pip").exists():
            return None
        version = version_of(str(self.python))
        wanted = self._environment.get("PYTHON")
        if not is_supported(version) or (wanted and version_of(wanted) != version):
            return None
        return version

    def prepare(self, extra: str) -> None:
        """Make the environment if need be, and install an extra into it.

        Raises:
            DemoError: there is no suitable Python, or installing failed.
        """
        if self._usable_version() is None:
            python, version = choose_python(self._environment)
            with step(f"make .venv with Python {version}"):
                self._create(python, version)
        with step(f"install airflow-hookline[{extra}]") as current:
            self._install(extra, current)
        self.stamp(extra).write_text(self.fingerprint(str(version_of(str(self.python)))))

    def _create(self, python: str, version: str) -> None:
        done = subprocess.run(
            [python, "-m", "venv", "--clear", str(self.path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        if done.returncode != 0:
            shutil.rmtree(self.path, ignore_errors=True)
            package = f"python{version.rpartition('.')[0]}-venv"
            raise DemoError(
                f"{python} could not make a virtual environment. Install what it misses "
                f"(Debian, Ubuntu: apt install {package}), then run this again.",
                details=tail(done.stdout.decode(errors="replace")),
            )

    def _install(self, extra: str, current: Step) -> None:
        command = [str(self.python), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
        command += ["--progress-bar=off", "-c", "constraints.txt", "-e", f".[{extra}]"]
        self.unfinished.touch()
        with self.log.open("wb") as log:
            pip = subprocess.Popen(
                command, cwd=self.repository, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
            )
            try:
                self._watch(pip, current)
            except BaseException:
                pip.terminate()
                pip.wait()
                raise
        self.unfinished.unlink()
        if pip.returncode != 0:
            raise DemoError(
                f"pip could not install airflow-hookline[{extra}]. Check that it reaches your package index "
                f"(network, proxy, `pip config list`), then run this again. Its whole output: {self.log}",
                details=tail(self.log.read_text(errors="replace"), 15),
            )

    def _watch(self, pip: subprocess.Popen[bytes], current: Step) -> None:
        """Show the line pip is at until it ends."""
        while True:
            try:
                pip.wait(0.5)
            except subprocess.TimeoutExpired:
                lines = self.log.read_text(errors="replace").splitlines() or [""]
                current.detail = lines[-1].strip()[:70]
            else:
                current.detail = ""
                return


def main(extra: str, *command: str) -> int:
    """Prepare the environment for an extra, then become its Python; return only if that fails."""
    os.environ["HOOKLINE_STARTED"] = str(time.time())
    environment = VirtualEnvironment(REPOSITORY, os.environ)
    try:
        if not environment.is_current(extra):
            environment.prepare(extra)
    except DemoError as error:
        if error.details:
            print(error.details)
        print(f"Hookline: {error}")
        return 1
    except KeyboardInterrupt:
        print("Hookline: interrupted while installing; run this again to go on.")
        return 130
    sys.stdout.flush()
    python = str(environment.python)
    return os.execv(python, [python, *command])  # noqa: S606  become it, so that signals reach it


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
