"""The table of public routes is that of the application."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from hookline.server import PREFIX, create_app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explanation" / "security.md").read_text()
DEPLOY = ROOT / "deploy"
PROXY = (DEPLOY / "nginx.conf").read_text()
PAST_FASTAPI = {f"{PREFIX}/in/{{source}}", f"{PREFIX}/forms/{{source}}", f"{PREFIX}/resume/{{token}}"}


def routes() -> set[str]:
    return {route.path for route in create_app(PREFIX, loops=False).routes}


def test_each_route_has_a_row_that_says_what_protects_it() -> None:
    table = PAGE.partition("## Public routes")[2].partition("## Threat")[0]
    rows = dict(re.findall(r"^\| `(/[^`]+)` \| (.+) \|$", table, re.MULTILINE))

    assert set(rows) == routes() | PAST_FASTAPI
    assert all(len(protection) > 20 for protection in rows.values())


def passed() -> tuple[str, set[str]]:
    """Return what nginx passes on from outside: a pattern, and whole paths."""
    outside = PROXY.partition("listen 4443")[2].partition("listen 8443")[0]
    [pattern] = re.findall(r"location ~ (\S+) \{ proxy_pass", outside)
    return pattern, set(re.findall(r"location = (\S+) \{ proxy_pass", outside))


def test_the_proxy_passes_on_these_but_for_liveness() -> None:
    pattern, exact = passed()
    through = {path for path in routes() | PAST_FASTAPI if re.search(pattern, path) or path in exact}

    assert routes() | PAST_FASTAPI == through | {f"{PREFIX}/health/live"}
    assert not re.search(pattern, f"{PREFIX}/api/v1/events")


def test_traefik_and_the_ingress_pass_on_the_same() -> None:
    pattern, exact = passed()
    traefik = yaml.safe_load((DEPLOY / "traefik" / "hookline.yml").read_text())
    rule = traefik["http"]["routers"]["hookline"]["rule"]
    manifests = yaml.safe_load_all((DEPLOY / "kubernetes" / "hookline.yaml").read_text())
    [ingress] = [one for one in manifests if one["kind"] == "Ingress"]
    paths = {(one["pathType"], one["path"]) for one in ingress["spec"]["rules"][0]["http"]["paths"]}
    rooms = re.findall(r"[a-z/]+", pattern.partition("(")[2].partition(")")[0])

    assert re.findall(r"PathRegexp\(`(.*?)`\)", rule) == [pattern]
    assert set(re.findall(r" Path\(`(.*?)`\)", rule)) == exact
    assert {path for kind, path in paths if kind == "Exact"} == exact
    assert {path for kind, path in paths if kind == "Prefix"} == {f"{PREFIX}/{room}" for room in rooms}
