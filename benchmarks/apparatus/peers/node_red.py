"""Node-RED as ``npm`` installs it, with one flow.

``http in`` hands each message to the answer and to the flow's first step, as flows do that must not keep
their sender waiting. Messages are kept in memory only; there is nothing else to choose.
"""

from __future__ import annotations

import json
from typing import Any

from benchmarks.apparatus.peers.npm import NODE, Package
from demo.ports import LOOPBACK


def node(name: str, kind: str, *wires: str, **settings: Any) -> dict[str, Any]:
    return {"id": name, "type": kind, "z": "tab", "x": 100, "y": 100, "wires": [list(wires)], **settings}


class NodeRed(Package):
    """A flow of four nodes."""

    name = "Node-RED"
    package = "node-red"
    pinned = "5.0.7"
    keeps = "nothing"
    commands = (f"npm install --ignore-scripts node-red@{pinned}", "node-red --userDir . flows.json")
    path = "/peers"

    def set_up(self) -> None:
        identity = {"t": "set", "p": "payload", "pt": "msg", "to": "payload.id", "tot": "msg"}
        flow = [
            {"id": "tab", "type": "tab", "label": "peers"},
            node("received", "http in", "answer", "id", url=self.path, method="post"),
            node("answer", "http response", statusCode="202"),
            node("id", "change", "first-step", rules=[identity]),
            node(
                "first-step", "file", filename=str(self.ledger), filenameType="str",
                appendNewline=True, overwriteFile="false",
            ),
        ]  # fmt: skip
        (self.folder / "flows.json").write_text(json.dumps(flow))

    def command(self) -> list[str]:
        listen = ["-p", str(self.port), "-D", f"uiHost={LOOPBACK}"]
        return [str(NODE), str(self.place / "red.js"), *listen, "--userDir", str(self.folder), "flows.json"]
