"""A headless Chromium, logged in to Airflow's web UI.

The browser is the machine's own: the program named by the environment variable ``CHROMIUM``, or the first of
:data:`PROGRAMS` on the PATH; Playwright only drives it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from demo.stack import REPOSITORY, Stack

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
IMAGES = REPOSITORY / "docs" / "images"
SIZE = {"width": 1280, "height": 900}
PATIENCE_MS = 30_000


class NoBrowser(Exception):
    """No browser can be started here; the message says what to install."""


def find() -> str:
    """Return the path of a Chromium.

    :raises NoBrowser: there is none.
    """
    named = os.environ.get("CHROMIUM")
    if named:
        if not Path(named).is_file():
            raise NoBrowser(f"CHROMIUM is {named}, which is no file.")
        return named
    for program in PROGRAMS:
        path = shutil.which(program)
        if path:
            return path
    raise NoBrowser(f"None of {', '.join(PROGRAMS)} is on the PATH; install one or set CHROMIUM to its path.")


@contextmanager
def launched(program: str) -> Iterator[Browser]:
    """Start the browser, and end it with the block."""
    # Chromium's sandbox refuses to run as root.
    arguments = [*ARGUMENTS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def signed_in(browser: Browser, stack: Stack, user: str = "admin") -> BrowserContext:
    """Log in on Airflow's own page; all pages of the answer share the session."""
    context = browser.new_context(
        base_url=stack.url, viewport=SIZE, locale="en-US", timezone_id="UTC", reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE_MS)
    # The editors of the UI hold more text than they draw; people and tests copy it out and paste it in.
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto("/connections")
    page.get_by_label("Username").fill(user)
    page.get_by_role("textbox", name="Password").fill(stack.password(user))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Add Connection").wait_for()
    page.close()
    return context


def keep(page: Page, name: str, part: Locator | None = None) -> None:
    """Write ``docs/images/NAME.png`` if ``HOOKLINE_SCREENSHOTS`` is 1: the page, or a dialog from its top."""
    if os.environ.get("HOOKLINE_SCREENSHOTS") != "1":
        return
    box = None
    if part is not None:
        part.get_by_role("heading").first.scroll_into_view_if_needed()
        box = part.bounding_box()
    if box:
        box["height"] = min(box["height"], SIZE["height"] - box["y"])
    path = IMAGES / f"{name}.png"
    page.screenshot(path=path, clip=box, animations="disabled", caret="hide")
