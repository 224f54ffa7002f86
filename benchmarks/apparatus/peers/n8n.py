"""n8n as ``npm`` installs it: SQLite, one process, the webhook node's own answer.

The node's default is to answer at once, "Workflow was started". The next node calls an endpoint that writes
the ledger, since n8n lets a workflow write no file of another folder. Its telemetry and its questions for
newer versions are off: there need not be any network. It evaluates expressions, of which a webhook has some
even where its author wrote none, in an isolate; the engine before, which is still there, is faster.
Settings: https://docs.n8n.io/deploy/host-n8n/configure-n8n/basic-configuration/use-environment-variables
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks.apparatus.peers.npm import NODE, Package
from demo.components import Component
from demo.ports import LOOPBACK, free_port
from demo.stack import REPOSITORY

WORKFLOW = "peersWorkflow001"


def node(name: str, kind: str, version: float, position: int, **parameters: Any) -> dict[str, Any]:
    return {
        "id": f"00000000-0000-4000-8000-00000000000{position}",
        "name": name,
        "type": f"n8n-nodes-base.{kind}",
        "typeVersion": version,
        "position": [200 * position, 0],
        "parameters": parameters,
    }


class N8n(Package):
    """One workflow of two nodes."""

    name = "n8n"
    package = "n8n"
    pinned = "2.41.1"
    native = ("sqlite3", "isolated-vm")
    keeps = "nothing that is carried out after a crash"
    commands = (
        f"npm install --ignore-scripts n8n@{pinned}",
        "npm rebuild sqlite3 isolated-vm",
        "n8n import:workflow --input=workflow.json",
        f"n8n publish:workflow --id={WORKFLOW}",
        "n8n start",
    )
    path = "/webhook/peers"

    def __init__(self, cache: Path, folder: Path) -> None:
        super().__init__(cache, folder)
        self._broker = free_port()
        self._endpoint: Component | None = None

    def set_up(self) -> None:
        port = free_port()
        (self.folder / "workflow.json").write_text(json.dumps([self._workflow(port)]))
        note = [sys.executable, "-m", "benchmarks.apparatus.slow", str(port), "0", str(self.ledger)]
        self._endpoint = self.component("ledger", ["env", "-C", str(REPOSITORY), *note])
        self._endpoint.start()
        for arguments in (
            ["import:workflow", "--input=workflow.json"],
            ["publish:workflow", f"--id={WORKFLOW}"],
        ):
            command = self.component(arguments[0].partition(":")[0], [*self._n8n, *arguments])
            command.start()
            if command.wait(120):
                raise command.failure(f"`n8n {arguments[0]}` failed")

    def _workflow(self, port: int) -> dict[str, Any]:
        webhook = node("Webhook", "webhook", 2, 1, httpMethod="POST", path="peers", options={})
        first = node(
            "First step",
            "httpRequest",
            4.2,
            2,
            url=f"=http://{LOOPBACK}:{port}/{{{{ $json.body.id }}}}",
            options={},
        )
        return {
            "id": WORKFLOW,
            "name": "peers",
            "active": False,
            "nodes": [{**webhook, "webhookId": "peers"}, first],
            "connections": {"Webhook": {"main": [[{"node": "First step", "type": "main", "index": 0}]]}},
            "settings": {"executionOrder": "v1"},
        }

    @property
    def _n8n(self) -> list[str]:
        return [str(NODE), str(self.place / "bin" / "n8n")]

    def command(self) -> list[str]:
        return [*self._n8n, "start"]

    def environment(self) -> Mapping[str, str]:
        return {
            **super().environment(),
            "N8N_USER_FOLDER": str(self.folder),
            "N8N_LISTEN_ADDRESS": LOOPBACK,
            "N8N_PORT": str(self.port),
            "N8N_RUNNERS_BROKER_PORT": str(self._broker),
            "N8N_DIAGNOSTICS_ENABLED": "false",
            "N8N_VERSION_NOTIFICATIONS_ENABLED": "false",
            "N8N_TEMPLATES_ENABLED": "false",
            "N8N_PERSONALIZATION_ENABLED": "false",
        }

    def stop(self) -> None:
        super().stop()
        if self._endpoint is not None:
            self._endpoint.kill()


class LegacyN8n(N8n):
    """The same with the engine for expressions that n8n had before."""

    name = "n8n, legacy engine"
    commands = (*N8n.commands[:-1], "N8N_EXPRESSION_ENGINE=legacy n8n start")

    def environment(self) -> Mapping[str, str]:
        return {**super().environment(), "N8N_EXPRESSION_ENGINE": "legacy"}
