"""What strangers wrote is text on every page: it is all there, and makes no element and no attribute."""

from __future__ import annotations

import json
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from airflow.api_fastapi import app as airflow_app
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from fastapi import FastAPI
from fastapi.testclient import TestClient

from tests.unit.console import hostile
from tests.unit.console.conftest import VECTORS

PAYLOADS = json.loads((VECTORS / "xss.json").read_text(encoding="utf-8"))["payloads"]
PAGES = [*hostile.LISTS, *(path.format(place) for path in hostile.DETAILS for place in (1, 2, 3, 40))]
HARMLESS = [f"harmless{place}" for place in range(len(PAYLOADS))]
SHOWN = {
    **dict.fromkeys(["/events", "/jobs", "/deliveries", "/endpoints", "/replays"], len(PAYLOADS)),
    **dict.fromkeys(["/connections", "/step-webhooks"], len(PAYLOADS)),
    "/held": len(PAYLOADS) // 3,
    **dict.fromkeys(["/sources/shop", "/refused"], 20),
    "/sources": 1,
    "/event-dags": 1,
    **dict.fromkeys([path for path in PAGES if path[-1].isdecimal() and "-1" not in path], 1),
}
"""How many of the payloads a page has at least."""


class Skeleton(HTMLParser):
    """A page as elements and their attributes, and its texts."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, tuple[str, ...]]] = []
        self.texts: list[str] = []
        self.links: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, tuple(name for name, _ in attrs)))
        self.texts += [value for _, value in attrs if value]
        self.links |= {value for name, value in attrs if name in ("href", "src", "action") and value}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


@pytest.fixture(scope="module")
def opened(application: FastAPI) -> Iterator[dict[str, tuple[Skeleton, Skeleton]]]:
    """Each page with harmless texts, and with the payloads in their place."""
    with pytest.MonkeyPatch.context() as environment:
        for name, value in hostile.sources(PAYLOADS[0]).items():
            environment.setenv(name, value)
        expected, found = (_read(application, texts) for texts in (HARMLESS, PAYLOADS))
        yield {path: (expected[path], found[path]) for path in PAGES}
        hostile.empty()


def _read(application: FastAPI, texts: list[str]) -> dict[str, Skeleton]:
    hostile.fill(texts)
    user = SimpleAuthManagerUser(username="ada", role="admin")
    token = airflow_app.get_auth_manager().generate_jwt(user)
    with TestClient(application, base_url="http://airflow.test/hooks/console") as client:
        client.headers["Authorization"] = f"Bearer {token}"
        pages = {path: client.get(path) for path in PAGES}
    assert {path for path, page in pages.items() if page.status_code != 200} == set()
    return {path: Skeleton(page.text) for path, page in pages.items()}


@pytest.mark.parametrize("path", PAGES)
def test_payloads_make_no_element_and_no_attribute(
    opened: dict[str, tuple[Skeleton, Skeleton]], path: str
) -> None:
    harmless, found = opened[path]

    assert found.elements == harmless.elements
    assert all(link.startswith(("/", "?", "#", "https://", "data:,")) for link in found.links)


@pytest.mark.parametrize(("path", "least"), SHOWN.items())
def test_payloads_are_shown(opened: dict[str, tuple[Skeleton, Skeleton]], path: str, least: int) -> None:
    _, found = opened[path]
    text = "\n".join(found.texts)

    assert len([payload for payload in PAYLOADS if payload in text]) >= least
