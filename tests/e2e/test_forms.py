"""The form of the guide, filled in by a person in a real browser."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from demo.echo import EchoServer
from demo.stack import Stack
from tests.e2e.browser import IMAGES, NoBrowser, find, launched
from tests.e2e.driver import Driver, wait_for
from tests.e2e.systems import calls
from tests.e2e.test_docs import exported, snippets

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

GUIDE = "docs/how-to/publish-a-form.md"
PHONE = {"width": 375, "height": 667}
MS = 15_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        program = find()
    except NoBrowser as error:
        if os.environ.get("CI") or os.environ.get("HOOKLINE_REQUIRE_BROWSER") == "1":
            pytest.fail(f"The browser tests have to run here, but: {error}")
        pytest.skip(f"no browser: {error}")
    with launched(program) as browser:
        yield browser


@pytest.fixture(scope="module")
def form(stack: Stack, dags_folder: Path) -> None:
    """The Dags of the guides."""
    (dags_folder / "desk.py").write_text(snippets(GUIDE, "python")[0])
    (dags_folder / "approve.py").write_text(snippets("docs/how-to/ask-a-person.md", "python")[0])
    Driver(stack).wait_for_dags("desk.fault", "orders.approve")


@pytest.fixture
def phone(browser: Browser, stack: Stack, form: None) -> Iterator[Page]:
    """A telephone, logged in nowhere."""
    with browser.new_context(
        base_url=stack.url, viewport=PHONE, locale="en-US", reduced_motion="reduce"
    ) as context:
        context.set_default_timeout(MS)
        yield context.new_page()


def keep(page: Page, name: str) -> None:
    """Write a picture of the documentation, see :mod:`tests.e2e.browser`."""
    if os.environ.get("HOOKLINE_SCREENSHOTS") == "1":
        page.screenshot(path=IMAGES / f"{name}.png", full_page=True, animations="disabled", caret="hide")


def is_narrow(page: Page) -> bool:
    """Tell whether nobody has to scroll sideways."""
    return bool(page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))


def focused(page: Page) -> str:
    return str(
        page.evaluate("document.activeElement.getAttribute('name') || document.activeElement.className")
    )


def test_the_source_of_the_guide_has_a_public_form() -> None:
    fields = exported(snippets(GUIDE, "bash")[0], "AIRFLOW_CONN_DESK")
    assert fields["extra"] == {"auth_type": "bearer", "form": "public"}


def test_a_person_with_a_keyboard_and_a_telephone_sends_a_form(phone: Page, driver: Driver) -> None:
    phone.goto("/hooks/forms/desk/fault")
    expect(phone).to_have_title("Report a fault")
    keep(phone, "form")
    assert is_narrow(phone)

    phone.keyboard.press("Tab")
    assert focused(phone) == "/name"
    phone.keyboard.type("A")
    phone.keyboard.press("Tab")
    phone.keyboard.type("no address")
    phone.wait_for_timeout(2100)  # a person needs longer than the quickest form takes
    phone.keyboard.press("Enter")

    summary = phone.get_by_role("alert")
    expect(summary).to_be_focused()
    expect(summary).to_contain_text("Your name must have at least 2 characters.")
    expect(phone).to_have_title("Error: Report a fault")
    expect(phone.get_by_label("E-mail")).to_have_accessible_description(
        "Where we answer. Error: E-mail must be an e-mail address, such as name@example.com."
    )
    expect(phone.get_by_label("E-mail")).to_have_attribute("aria-invalid", "true")
    assert is_narrow(phone)
    keep(phone, "form-errors")

    phone.keyboard.press("Tab")
    phone.keyboard.press("Enter")  # the first link of the summary
    assert focused(phone) == "/name"
    phone.keyboard.press("End")
    phone.keyboard.type("da")
    phone.keyboard.press("Tab")
    phone.keyboard.press("ControlOrMeta+A")
    phone.keyboard.type("ada@example.com")
    phone.keyboard.press("Tab")
    phone.keyboard.type("wat")
    for _ in range(2):
        phone.keyboard.press("Tab")
    phone.keyboard.press("Space")
    expect(phone.get_by_role("group", name="Rooms").get_by_label("kitchen")).to_be_checked()
    for _ in range(4):
        phone.keyboard.press("Tab")
    assert focused(phone) == "/place/city"
    phone.keyboard.type("London")
    phone.keyboard.press("Enter")

    expect(phone.get_by_role("heading", name="Received")).to_be_focused()
    keep(phone, "form-receipt")
    event_id = phone.locator("dd").inner_text()
    run_id = f"webhook__desk__{event_id}"
    assert driver.finished("desk.fault", run_id) == "success"
    assert driver.xcom("desk.fault", run_id, "take") == {
        "name": "Ada",
        "email": "ada@example.com",
        "kind": "water",
        "urgency": 3,
        "rooms": ["kitchen"],
        "place": {"city": "London"},
    }
    assert driver.run("desk.fault", run_id)["conf"]["hookline"]["form"] == "public"


def test_every_field_has_a_name_for_screen_readers(phone: Page) -> None:
    phone.goto("/hooks/forms/desk/fault")
    for role, name in [
        ("textbox", "Your name"),
        ("textbox", "E-mail"),
        ("combobox", "What is it about?"),
        ("textbox", "Urgency"),
        ("group", "Rooms (optional)"),
        ("checkbox", "cellar"),
        ("textbox", "Details (optional)"),
        ("group", "Where (optional)"),
        ("textbox", "Postcode (optional)"),
        ("button", "Send"),
    ]:
        expect(phone.get_by_role(role, name=name, exact=True)).to_have_count(1)  # type: ignore[arg-type]
    expect(phone.get_by_role("textbox", name="Leave this empty")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_can_be_read_by_day_and_by_night(phone: Page, scheme: str) -> None:
    phone.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    phone.goto("/hooks/forms/desk/fault")
    dark = phone.evaluate("getComputedStyle(document.querySelector('input[name=\"/name\"]')).backgroundColor")
    assert (dark == "rgb(255, 255, 255)") == (scheme == "light")


def test_a_form_of_the_intranet_asks_for_the_login_and_knows_who_sent_it(
    phone: Page, browser: Browser, stack: Stack, driver: Driver
) -> None:
    phone.goto("/hooks/forms/staff/fault")
    phone.get_by_label("Username").fill("admin")
    phone.get_by_role("textbox", name="Password").fill(stack.password("admin"))
    phone.get_by_role("button", name="Sign in").click()
    expect(phone).to_have_title("Report a fault")
    assert phone.url.endswith("/hooks/forms/staff/fault")

    phone.get_by_label("Your name").fill("Ada")
    phone.get_by_label("E-mail").fill("ada@example.com")
    phone.get_by_label("What is it about?").select_option("other")
    phone.wait_for_timeout(2100)
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_role("heading", name="Received")).to_be_visible()

    run_id = f"webhook__staff__{phone.locator('dd').inner_text()}"
    assert driver.finished("desk.fault", run_id) == "success"
    marks = driver.run("desk.fault", run_id)["conf"]["hookline"]
    assert (marks["form"], marks["user"]) == ("intranet", "admin")


def test_a_person_answers_by_the_link_that_a_task_sent(phone: Page, driver: Driver, echo: EchoServer) -> None:
    before = len(calls(echo, "/messages"))
    run_id = driver.trigger("orders.approve", {"order": "A-7"}).json()["dag_run_id"]
    [call] = wait_for(lambda: calls(echo, "/messages")[before:], 30, "the link")
    text = json.loads(call["body"])["text"]
    assert text.startswith("Order A-7 waits for you: http")
    path = "/hooks/resume/" + text.rpartition("/")[2]
    task = f"/dags/orders.approve/dagRuns/{run_id}/taskInstances/ask"
    wait_for(lambda: driver.stack.api("GET", task).json()["state"] == "awaiting_input", 20, "the parked task")

    phone.goto(path)
    expect(phone).to_have_title("Approve order A-7")
    keep(phone, "resume-link")
    assert is_narrow(phone)
    phone.get_by_label("Do you approve?").select_option("yes")
    phone.get_by_role("button", name="Send").click()
    expect(phone.get_by_role("heading", name="Thank you")).to_be_focused()

    assert driver.finished("orders.approve", run_id) == "success"
    assert driver.xcom("orders.approve", run_id, "ask") == {"approved": "yes"}
    assert driver.xcom("orders.approve", run_id, "book") == "yes"
    phone.goto(path)
    expect(phone.get_by_text("This link was used before.")).to_be_visible()
