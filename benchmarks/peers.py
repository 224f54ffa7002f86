"""Hookline beside what else receives webhooks: rate, latency, start of the flow, and loss on SIGKILL.

``python -m benchmarks.peers [NAME...]``, with the names of some, prints the table; without, it also writes it
to ``docs/benchmarks.md``. Each peer has its default durable set-up and the same load; see
``benchmarks/apparatus/peers``. What has to be installed is kept in the folder ``HOOKLINE_PEERS``, by default
``hookline-peers-{user id}`` below the system's temporary folder: some 2 GB, for n8n. The last line compares
Hookline with n8n.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.apparatus.peers import report
from benchmarks.apparatus.peers.airflow import Airflow, Hookline
from benchmarks.apparatus.peers.debian_webhook import DebianWebhook
from benchmarks.apparatus.peers.experiment import CLIENTS, measure
from benchmarks.apparatus.peers.n8n import LegacyN8n, N8n
from benchmarks.apparatus.peers.node_red import NodeRed
from benchmarks.apparatus.peers.peer import NotMeasuredError, Peer
from benchmarks.apparatus.peers.report import Row
from demo.stack import REPOSITORY

PEERS = (Hookline, Airflow, N8n, LegacyN8n, NodeRed, DebianWebhook)
PAGE = REPOSITORY / "docs" / "benchmarks.md"


def cache() -> Path:
    """Return the folder of what is installed: ours alone, since programs in it are run."""
    default = Path(tempfile.gettempdir()) / f"hookline-peers-{os.getuid()}"
    folder = Path(os.environ.get("HOOKLINE_PEERS") or default).absolute()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid() or folder.stat().st_mode & 0o022:
        raise SystemExit(f"{folder} can be written by others. Remove it, or name another in HOOKLINE_PEERS.")
    return folder


def row(peer: Peer) -> Row:
    """Measure one peer; what goes wrong with it is its own."""
    version = "-"
    try:
        version = peer.install()
        peer.start()
        return Row(peer, version, measure(peer))
    except NotMeasuredError as error:
        return Row(peer, version, reason=str(error))
    except Exception as error:  # noqa: BLE001  whatever it is, the others are measured
        traceback.print_exc(file=sys.stdout)
        print(getattr(error, "details", ""), flush=True)
        return Row(peer, version, reason="it failed")
    finally:
        peer.stop()


def compare(rows: dict[str, Row]) -> None:
    """Print Hookline's rate against n8n's."""
    seen = {name: found.figures for name, found in rows.items()}
    ours, theirs = seen.get(Hookline.name), seen.get(N8n.name)
    value = round(ours.rate) if ours else None
    reference = round(theirs.rate, 1) if theirs else None
    setup = f"{CLIENTS} clients, 1 kB JSON, each starts a flow"
    result = {
        "name": "peers",
        "value": value,
        "unit": "accepted requests/s",
        "reference": reference,
        "ratio": round(value / reference, 1) if value and reference else None,
        "conditions": f"{setup}, {report.conditions()}, reference: n8n",
    }
    print(json.dumps(result))


def main(names: list[str]) -> None:
    known = {peer.__name__.lower(): peer for peer in PEERS}
    if unknown := set(names) - known.keys():
        raise SystemExit(f"There is no {', '.join(sorted(unknown))}. There are: {', '.join(known)}")
    idle = os.getloadavg()[0]
    rows: dict[str, Row] = {}
    for kind in [known[name] for name in names] or PEERS:
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            found = row(kind(cache(), Path(folder)))
        rows[kind.name] = found
        print(" | ".join(found.cells()), f"({time.monotonic() - began:.0f} s)", flush=True)
    text = report.section(list(rows.values()), idle, datetime.now(UTC).date())
    if names:
        print(text)
    else:
        report.write(PAGE, text)
    compare(rows)
    ours = rows.get(Hookline.name)
    if ours is not None and (ours.figures is None or ours.figures.lost):
        raise SystemExit(1)


if __name__ == "__main__":
    main(sys.argv[1:])
