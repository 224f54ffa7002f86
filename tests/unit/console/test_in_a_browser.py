"""Every page in Chromium with hostile texts on it: none runs, and axe-core finds nothing serious.

Without a Chromium these tests are skipped as those of ``tests/e2e/test_browser.py``.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest
import uvicorn
from airflow.api_fastapi import app as airflow_app
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from axe_playwright_python.sync_playwright import Axe
from fastapi import FastAPI
from playwright.sync_api import Page

from tests.e2e.browser import launched
from tests.unit.console import hostile
from tests.unit.console.conftest import VECTORS

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("metadata", ["sqlite"], indirect=True)]

PAYLOADS = json.loads((VECTORS / "xss.json").read_text(encoding="utf-8"))["payloads"]
PAGES = [*hostile.LISTS, *(path.format(place) for path in hostile.DETAILS for place in (1, 2))]
SERIOUS = ("serious", "critical")
END_SECONDS = 20


@pytest.fixture(scope="module")
def url(application: FastAPI) -> Iterator[str]:
    """Where the application is served, with a database full of payloads."""
    hostile.fill(PAYLOADS)
    server = uvicorn.Server(uvicorn.Config(application, log_level="error", lifespan="off"))
    with pytest.MonkeyPatch.context() as environment, socket.create_server(("127.0.0.1", 0)) as listening:
        for name, value in hostile.sources(PAYLOADS[0]).items():
            environment.setenv(name, value)
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join(END_SECONDS)
    hostile.empty()


@pytest.fixture(scope="module")
def page(program: str, url: str) -> Iterator[Page]:
    """A tab of an admin's."""
    user = SimpleAuthManagerUser(username="ada", role="admin")
    token = airflow_app.get_auth_manager().generate_jwt(user)
    with launched(program) as browser:
        context = browser.new_context(base_url=url, viewport={"width": 390, "height": 844})
        context.add_cookies([{"name": "_token", "value": token, "url": url}])
        yield context.new_page()


@pytest.fixture
def complaints(page: Page) -> Iterator[list[str]]:
    """What the browser does that it should not: dialogs, errors, what the policy of the pages stopped."""
    found: list[str] = []
    listeners = {
        "dialog": lambda dialog: (found.append(dialog.message), dialog.dismiss()),
        "pageerror": lambda error: found.append(str(error)),
        "console": lambda message: found.append(message.text) if message.type == "error" else None,
    }
    for event, listener in listeners.items():
        page.on(event, listener)  # type: ignore[call-overload]
    yield found
    for event, listener in listeners.items():
        page.remove_listener(event, listener)


@pytest.mark.parametrize("path", PAGES)
def test_no_payload_runs_or_widens_the_page(page: Page, complaints: list[str], path: str) -> None:
    page.goto(f"/hooks/console{path}")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert complaints == []


@pytest.fixture(scope="module")
def few(url: str) -> None:
    """Few rows: axe-core looks at each element, and more of the same tell it nothing."""
    hostile.fill(PAYLOADS[:3])


@pytest.mark.usefixtures("few")
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing_serious(page: Page, path: str) -> None:
    page.goto(f"/hooks/console{path}")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    found = []
    for theme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.evaluate("theme => { document.documentElement.dataset.theme = theme; }", theme)
        found += Axe().run(page, options=rules).response["violations"]

    serious = [one for one in found if one["impact"] in SERIOUS]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious] == []
