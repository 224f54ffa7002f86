"""The console in Airflow's web UI, in a real browser: the main task of each page, on what the system made.

As in ``test_browser.py``, ``HOOKLINE_SCREENSHOTS=1`` writes the pictures of the documentation anew.
"""

from __future__ import annotations

import json
import re
import secrets
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, FrameLocator, Locator, Page, expect

from demo.echo import EchoServer
from demo.stack import Stack
from tests.e2e import connections
from tests.e2e.browser import IMAGES, SIZE, keep, launched, signed_in
from tests.e2e.driver import SECRET, Driver
from tests.e2e.systems import calls, post
from tests.e2e.test_docs import snippets

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.usefixtures("program")]

TOUR = "docs/how-to/tour-of-the-console.md"
PHONE = {"width": 390, "height": 844}
PAGES = {
    "overview": "/",
    "sources": "/sources",
    "source": "/sources/platform",
    "new-source": "/new-source",
    "events": "/events",
    "jobs": "/jobs",
    "replays": "/replays",
    "held": "/held",
    "step-webhooks": "/step-webhooks",
    "new-step-webhook": "/new-step-webhook?dag_id=users.created",
    "messages": "/deliveries",
    "receivers": "/endpoints",
    "connections": "/connections",
    "connection": "/connections/crm",
    "event-dags": "/event-dags",
    "tab": "/dags/users.created",
}
"""Name of a picture, and the page that it shows."""
WINDOWS = (
    ("light", PHONE, None),
    ("dark", PHONE, "-dark-phone"),
    ("dark", SIZE, None),
    ("light", SIZE, ""),
)
"""Theme, size, and the end of the picture's name where there is one."""
CHOOSE = "theme => { localStorage.setItem('theme', theme); dispatchEvent(new Event('storage')); }"
"""What Airflow's own button for the theme does, to a page in a frame of it."""


@pytest.fixture(scope="module")
def session(program: str, stack: Stack) -> Iterator[BrowserContext]:
    with launched(program) as browser:
        yield signed_in(browser, stack)


@pytest.fixture(scope="module")
def errors() -> list[str]:
    """What the pages' scripts, or the browser on their behalf, complained of."""
    return []


@pytest.fixture(scope="module")
def page(session: BrowserContext, errors: list[str]) -> Iterator[Page]:
    """One tab for all tests, as a person has it."""
    made = session.new_page()
    made.on("pageerror", lambda error: errors.append(str(error)))
    made.on("dialog", lambda dialog: errors.append(f"a dialog: {dialog.message}"))
    yield made
    assert errors == []


def open_page(page: Page, path: str) -> None:
    page.goto(f"/hooks/console{path}")


def press(button: Locator) -> None:
    """Press a button as people do who have no mouse."""
    button.focus()
    button.press("Enter")


def sent(stack: Stack, secret: str) -> dict[str, Any]:
    """Do what the tour says at its third step, with a secret of one's own."""
    [snippet] = snippets(TOUR, "bash")
    written = re.sub(r"^SECRET=.*$", f"SECRET={secret}", snippet, flags=re.MULTILINE)
    shell = written.replace("http://localhost:8080", stack.url)
    return json.loads(
        subprocess.run(["bash", "-c", shell], check=True, capture_output=True, text=True).stdout
    )


def user(name: str) -> dict[str, Any]:
    return {"user": {"username": name, "displayName": name, "email": f"{name}@example.com"}}


def created(stack: Stack, name: str, path: str = "users/created") -> str:
    """Send the platform's event of a new user; return its id."""
    answer = post(stack, f"platform/{path}", json=user(name), auth=("platform", SECRET))
    assert answer.status_code == 202, answer.text
    return str(answer.json()["event_id"])


def event_page(page: Page, event_id: str) -> None:
    """Find an event by its id, and open it."""
    open_page(page, f"/events?event_id={event_id}")
    page.locator("tbody th a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Event \d+$"))


def start_plan(page: Page | FrameLocator, done: int = 1) -> None:
    """Start the plan that the page shows, and wait for its end."""
    press(page.get_by_role("button", name=f"Start {done}"))
    expect(page.locator("#progress")).to_contain_text(f"done {done} of {done}")


def test_the_tour(page: Page, stack: Stack, driver: Driver) -> None:
    text = (IMAGES.parent / "how-to" / "tour-of-the-console.md").read_text()
    [secret] = re.findall(r"^ *`(a-secret-of-the-tour)`", text, re.MULTILINE)
    page.goto("/plugin/hookline")
    console = page.frame_locator("iframe")
    expect(console.get_by_role("heading", name="Overview")).to_be_visible()
    try:
        console.get_by_role("link", name="Sources").click()
        console.get_by_role("link", name="New source").click()
        console.get_by_label("Name", exact=True).fill("intranet")
        console.get_by_label("Authentication").select_option("hmac")
        console.get_by_label("Secret").fill(secret)
        console.get_by_label("Further options").fill('{"dag_prefix": ""}')
        keep(page, "console-new-source")
        press(console.get_by_role("button", name="Make it"))
        console.get_by_role("link", name="Go to its page").click()
        expect(console.get_by_role("heading", name="intranet")).to_be_visible()

        assert sent(stack, "a-secret-of-the-tuor")["type"].endswith("unauthenticated")
        refused = console.locator(".refusal").first
        expect(refused).to_contain_text("X-Signature")
        keep(page, "console-refused")

        event_id = sent(stack, secret)["event_id"]
        console.locator("#inspector tbody th a").first.click()
        chain = console.locator("#chain")
        expect(chain).to_contain_text("dispatched")
        expect(chain.locator(".run-state").first).to_contain_text("success")
        keep(page, "console-event")

        press(console.get_by_role("button", name="Plan"))
        expect(console.locator("#progress")).to_contain_text("planned 0 of 1")
        expect(console.locator("#progress")).to_contain_text("Would go tousers.created")
        keep(page, "console-replay")
        start_plan(console)

        run_id = f"webhook__intranet__{event_id}"
        assert driver.finished("users.created", run_id) == "success"
        console.get_by_role("link", name="Events", exact=True).click()
        console.get_by_role("link", name=run_id, exact=True).first.click()
        expect(page).to_have_url(re.compile(r"/dags/users\.created/runs/webhook__intranet__"))
        expect(page.get_by_role("link", name="Hookline").last).to_be_visible()
    finally:
        connections.delete(stack, "intranet")


def test_a_sample_is_sent_and_appears_without_a_reload(page: Page, stack: Stack) -> None:
    created(stack, "before.the.sample")
    open_page(page, "/sources/platform")
    newest = page.locator("#inspector tbody th a").first
    before = newest.inner_text()
    page.get_by_label("Event", exact=True).select_option("users.created")

    press(page.get_by_role("button", name="Send"))

    expect(page.locator("output")).to_contain_text('"status": 202')
    expect(newest).not_to_have_text(before)


def test_edited_data_that_do_not_fit_are_refused_with_the_field(page: Page, stack: Stack) -> None:
    event_page(page, created(stack, "edited"))
    page.get_by_text("With other data").click()
    press(page.get_by_role("button", name="Begin with the event's own"))
    expect(page.get_by_label("Data, as JSON")).to_have_value(re.compile("edited@example.com"))
    page.get_by_label("Data, as JSON").fill('{"user": {}}')

    press(page.get_by_role("button", name="Plan"))

    expect(page.locator("output.failed")).to_contain_text("/user/username")
    page.get_by_label("Data, as JSON").fill(json.dumps(user("better")))
    press(page.get_by_role("button", name="Plan"))
    start_plan(page)


def test_held_events_are_sent_to_the_dag_that_was_meant(page: Page, stack: Stack, driver: Driver) -> None:
    created(stack, "misspelt", path="users/craeted")
    open_page(page, "/held")
    kind = page.locator("section", has_text="users.craeted")
    expect(kind.get_by_role("link", name="users.created")).to_be_visible()
    expect(kind.get_by_label("Dag")).to_have_value("users.created")

    press(kind.get_by_role("button", name="Plan to send them there"))

    start_plan(page)


def test_a_step_webhook_from_its_form_to_its_message(
    page: Page, stack: Stack, driver: Driver, echo: EchoServer
) -> None:
    name, path = f"told-{secrets.token_hex(4)}", f"/console/{secrets.token_hex(4)}"
    open_page(page, "/new-step-webhook?dag_id=users.created")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Step", exact=True).select_option("create_person")
    page.get_by_label("Or a URL").fill(f"{echo.url}{path}")
    press(page.get_by_role("button", name="Make it"))
    row = page.get_by_role("row").filter(has_text=name)
    expect(row).to_contain_text("enabled")

    event_id = created(stack, "told")
    assert driver.finished("users.created", f"webhook__platform__{event_id}") == "success"
    open_page(page, f"/deliveries?webhook={name}")
    page.locator("#found tbody th a").first.click()
    expect(page.locator("#state")).to_contain_text("delivered")
    press(page.get_by_role("button", name="Send it again"))
    expect(page.locator("#state")).to_contain_text("Attempts2")

    open_page(page, "/step-webhooks?dag_id=users.created")
    press(row.get_by_role("button", name="Send a test"))
    expect(row.locator("output").first).to_contain_text("on its way")
    press(row.get_by_role("button", name="Disable"))
    expect(row.locator(".state")).to_have_text("disabled")
    press(row.get_by_role("button", name="Delete"))
    expect(row.locator("output").last).to_contain_text("Press it again")
    press(row.get_by_role("button", name="Delete"))
    expect(row).to_have_count(0)
    assert len(calls(echo, path)) >= 2


def test_a_receiver_is_disabled_and_enabled(page: Page, echo: EchoServer) -> None:
    open_page(page, "/endpoints")
    row = page.get_by_role("row").filter(has_text=echo.url).first
    press(row.get_by_role("button", name="Disable"))
    press(row.get_by_role("button", name="Disable"))
    expect(row.locator(".state")).to_have_text("disabled")

    press(row.get_by_role("button", name="Enable"))

    expect(row.locator(".state")).to_have_text("sent to")


def test_an_event_dag_is_paused_and_takes_events_again(page: Page, stack: Stack) -> None:
    open_page(page, "/event-dags")
    row = page.get_by_role("row").filter(has_text="users.deleted").first

    press(row.get_by_role("button", name="Pause"))
    expect(row.locator(".state").first).to_have_text("paused")
    assert stack.api("GET", "/dags/users.deleted").json()["is_paused"] is True
    press(row.get_by_role("button", name="Take events"))

    expect(row.locator(".state").first).to_have_text("enabled")


def test_a_connection_is_connected_at_its_provider(page: Page, stack: Stack) -> None:
    open_page(page, "/connections")
    page.get_by_label("Connection id").fill("crm")
    press(page.get_by_role("button", name="Open"))
    expect(page.locator("#callback")).to_have_text(f"{stack.url}/hooks/oauth/callback")
    page.route("**/auth?**", lambda route: route.fulfill(body="the provider"))

    press(page.get_by_role("button", name=re.compile("^Connect")))

    page.wait_for_url(re.compile(r"/auth\?.*code_challenge"))
    page.unroute("**/auth?**")


def test_a_connection_is_tried_first_without_sending(page: Page, stack: Stack, echo: EchoServer) -> None:
    path = f"/console/{secrets.token_hex(4)}"
    open_page(page, "/connections")
    page.get_by_role("link", name="directory", exact=True).click()
    page.get_by_label("Path below the address").fill(path)

    press(page.get_by_role("button", name="Call", exact=True))

    shown = page.locator("form.new output")
    expect(shown).to_contain_text(f'"url": "{echo.url}{path}"')
    expect(shown).to_contain_text('"authorization": "***"')
    assert calls(echo, path) == []
    page.get_by_label("Show the request, and send nothing").uncheck()
    press(page.get_by_role("button", name="Call", exact=True))
    expect(shown).to_contain_text('"status": 200')
    assert len(calls(echo, path)) == 1


def test_a_step_is_chosen_from_the_graph(page: Page) -> None:
    open_page(page, "/new-step-webhook?dag_id=users.created")

    press(page.locator("svg.graph").get_by_role("link", name="create_person", exact=True))

    expect(page.get_by_label("Step", exact=True)).to_have_value("create_person")


def test_every_page_fits_its_window_and_follows_the_theme(page: Page, stack: Stack) -> None:
    wrong = []
    for name, path in PAGES.items():
        open_page(page, path)
        for theme, size, kept in WINDOWS:
            page.evaluate(CHOOSE, theme)
            page.set_viewport_size(size)
            if page.evaluate("document.documentElement.dataset.theme") != theme:
                wrong.append(f"{name} is not {theme}")
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{name} is wider than {size['width']}")
            if kept is not None:
                keep(page, f"console/{name}{kept}")
    page.evaluate(CHOOSE, "light")

    assert wrong == []


def test_the_tab_of_a_run_is_in_airflow(page: Page, stack: Stack, driver: Driver) -> None:
    run_id = f"webhook__platform__{created(stack, 'tab')}"
    assert driver.finished("users.created", run_id) == "success"

    page.goto(f"/dags/users.created/runs/{run_id}/plugin/hookline_dag_run")

    tab = page.frame_locator("iframe")
    expect(tab.get_by_role("link", name="users.created").first).to_be_visible()
    keep(page, "console-tab")
