"""How a vendor is told where to send: steps for people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from hookline.api.sources import Source

_FILE = Path(__file__).parent / "vendors.json"
_AUTHENTICATION = {
    "none": "",
    "basic": ' -u "$LOGIN:$SECRET"',
    "bearer": ' -H "Authorization: Bearer $SECRET"',
    "api_key": ' -H "X-API-Key: $SECRET"',
}


@dataclass(frozen=True, slots=True)
class SetUp:
    """What to do at the vendor.

    :param documentation: the vendor's page.
    """

    title: str
    documentation: str
    steps: tuple[str, ...]


@cache
def _known() -> dict[str, SetUp]:
    found = json.loads(_FILE.read_text(encoding="utf-8"))
    return {
        name: SetUp(one["title"], one["documentation"], tuple(one["steps"])) for name, one in found.items()
    }


def set_up(source: Source) -> SetUp | None:
    """Return the vendor's steps, where the source is a vendor's that is described."""
    return _known().get(source.auth_type or "")


def command(source: Source) -> str:
    """Return a command line that sends an event; where it takes a signature, our own."""
    proof = _AUTHENTICATION.get(source.auth_type or "")
    if proof is None:
        name = f"{source.auth_type}.EVENT" if set_up(source) else f"{source.name}.EVENT"
        return f"airflow hookline send {name} --source {source.name} --data FILE.json"
    body = """-H "Content-Type: application/json" -d '{"hello": "world"}'"""
    return f"curl -X POST{proof} {body} {source.url}/EVENT"
