"""The table of public routes is that of the application."""

from __future__ import annotations

import re
from pathlib import Path

from hookline.server import PREFIX, create_app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "security.md").read_text()
PROXY = (ROOT / "deploy" / "nginx.conf").read_text()
PAST_FASTAPI = {f"{PREFIX}/in/{{source}}", f"{PREFIX}/forms/{{source}}", f"{PREFIX}/resume/{{token}}"}


def routes() -> set[str]:
    return {route.path for route in create_app(PREFIX, loops=False).routes}


def test_each_route_has_a_row_that_says_what_protects_it() -> None:
    table = PAGE.partition("## Public routes")[2].partition("## Threat")[0]
    rows = dict(re.findall(r"^\| `(/[^`]+)` \| (.+) \|$", table, re.MULTILINE))

    assert set(rows) == routes() | PAST_FASTAPI
    assert all(len(protection) > 20 for protection in rows.values())


def test_the_proxy_passes_on_these_but_for_liveness() -> None:
    outside = PROXY.partition("listen 4443")[2].partition("listen 8443")[0]
    [pattern] = re.findall(r"location ~ (\S+) \{ proxy_pass", outside)
    exact = re.findall(r"location = (\S+) \{ proxy_pass", outside)
    passed = {path for path in routes() | PAST_FASTAPI if re.search(pattern, path) or path in exact}

    assert routes() | PAST_FASTAPI == passed | {f"{PREFIX}/health/live"}
    assert not re.search(pattern, f"{PREFIX}/api/v1/events")
