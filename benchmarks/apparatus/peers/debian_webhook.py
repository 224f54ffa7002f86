"""The Debian package ``webhook``: a command for each request.

It answers at once and runs the command meanwhile, which is its default
(``include-command-output-in-response``). Definition of hooks: https://github.com/adnanh/webhook/tree/2.8.0/docs
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from benchmarks.apparatus.numbered import SECRET
from benchmarks.apparatus.peers.peer import NotMeasuredError, Program, run
from demo.ports import LOOPBACK

SCRIPT = """#!/bin/sh
echo "$1" >> {ledger}
"""


class DebianWebhook(Program):
    """A hook whose command is a shell script of one line."""

    name = "webhook"
    keeps = "nothing"
    commands = ("apt-get install webhook", "webhook -hooks hooks.json")
    path = "/hooks/peers"
    signed = True

    @property
    def _program(self) -> Path:
        return self.cache / "webhook" / "usr/bin/webhook"

    def install(self) -> str:
        if not self._program.exists():
            installed = shutil.which("webhook")
            place = self.cache / "webhook"
            place.mkdir(exist_ok=True)
            if installed:
                self._program.parent.mkdir(parents=True, exist_ok=True)
                self._program.symlink_to(installed)
            else:
                run(["apt-get", "download", "webhook"], folder=place)
                run(["dpkg", "-x", *(str(one) for one in place.glob("*.deb")), str(place)], folder=place)
        version = run([str(self._program), "-version"], folder=self.cache).split()[-1]
        if not version[0].isdigit():
            raise NotMeasuredError("the program `webhook` is another one")
        return version

    def set_up(self) -> None:
        script = self.folder / "first-step.sh"
        script.write_text(SCRIPT.format(ledger=self.ledger))
        script.chmod(0o700)
        signature = {"type": "payload-hmac-sha256", "secret": SECRET}
        hook = {
            "id": "peers",
            "execute-command": str(script),
            "pass-arguments-to-command": [{"source": "payload", "name": "id"}],
            "trigger-rule": {
                "match": {**signature, "parameter": {"source": "header", "name": "X-Signature"}}
            },
        }
        (self.folder / "hooks.json").write_text(json.dumps([hook]))

    def command(self) -> list[str]:
        return [str(self._program), "-hooks", "hooks.json", "-ip", LOOPBACK, "-port", str(self.port)]
