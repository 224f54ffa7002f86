"""What a gateway that dispatches too reports to StatsD: the names that the reference has."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.ports import LOOPBACK
from demo.rest import request
from tests.integration.gateway import Gateway

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "metrics.md").read_text()
ROWS = dict(re.findall(r"^\| `(hookline\.[^`]+)` \| (\w+)", PAGE, re.MULTILINE))
KINDS = {"counter": "c", "gauge": "g", "timing": "ms"}
SECONDS = 30


@pytest.fixture
def statsd() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind((LOOPBACK, 0))
        listener.settimeout(SECONDS)
        yield listener


def reported(statsd: socket.socket, wanted: set[str]) -> dict[str, tuple[float, str]]:
    """Return what was reported, by name: the sum of values, and the kind; waits for the names wanted."""
    found: dict[str, tuple[float, str]] = {}
    while not wanted <= set(found):
        for line in statsd.recv(65536).decode().splitlines():
            name, value, kind = re.fullmatch(r"airflow\.([^:]+):([-+0-9.e]+)\|(\w+).*", line).groups()
            before = found.get(name, (0, kind))[0]
            found[name] = (before + float(value), kind)
    return found


def test_a_gateway_reports_what_the_reference_names(
    postgres_environment: dict[str, str], tmp_path: Path, statsd: socket.socket
) -> None:
    environment = {
        **postgres_environment,
        "AIRFLOW__METRICS__STATSD_ON": "True",
        "AIRFLOW__METRICS__STATSD_HOST": LOOPBACK,
        "AIRFLOW__METRICS__STATSD_PORT": str(statsd.getsockname()[1]),
    }
    with Gateway(environment, tmp_path / "log", "--loops") as gateway:
        for _ in range(2):
            url = f"{gateway.url}/hooks/in/busy/paid"
            request("POST", url, body=b"{}", headers={"X-Delivery-Id": "metric"})
        request("POST", f"{gateway.url}/hooks/in/github", body=b"{}")
        request("POST", f"{gateway.url}/hooks/in/nobody", body=b"{}")
        wanted = {
            "hookline.accepted",
            "hookline.duplicates",
            "hookline.refused.unauthenticated",
            "hookline.refused.unknown_source",
            "hookline.accept",
            "hookline.dispatched.held",
            *(name for name, kind in ROWS.items() if kind == "gauge" and "{" not in name),
            "hookline.endpoints.open",
        }
        found = reported(statsd, wanted)
        assert gateway.terminate() == 0

    ours = {name: kind for name, (_, kind) in found.items() if name.startswith("hookline.")}
    shapes = {
        re.escape(n).replace(r"\{problem\}", r"\w+").replace(r"\{state\}", r"\w+"): k for n, k in ROWS.items()
    }
    known = {
        name: KINDS[kind] for name in ours for shape, kind in shapes.items() if re.fullmatch(shape, name)
    }
    assert known == ours
    assert found["hookline.accepted"][0] == found["hookline.duplicates"][0] == 1
    assert "Traceback" not in (tmp_path / "log").read_text()
