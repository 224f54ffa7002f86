"""Hookline in Airflow's web UI, in a real browser.

Without a Chromium these tests are skipped, but fail where ``CI`` or ``HOOKLINE_REQUIRE_BROWSER=1`` is set.
``HOOKLINE_SCREENSHOTS=1`` writes the pictures of the documentation, ``docs/images/*.png``, anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from demo.echo import EchoServer
from demo.ports import free_port
from demo.stack import Stack
from hookline import catalog
from hookline.get_provider_info import get_provider_info
from hookline.protocol import tree
from tests.e2e import connections
from tests.e2e.browser import keep, launched, signed_in
from tests.e2e.dags.tree import IN_THE_FORM
from tests.e2e.driver import SECRET as PUSH_SECRET
from tests.e2e.driver import Driver
from tests.e2e.pages import ConnectionForm, Connections, TriggerForm, read_editor, write_editor
from tests.e2e.systems import calls, post, push

pytestmark = [pytest.mark.e2e, pytest.mark.browser, pytest.mark.usefixtures("program")]

SECRET = "typed-into-the-form"
OLDER_SECRET = "typed-in-the-year-before"
SOURCE = "Webhook source (Hookline)"
TARGET = "HTTP Connector (Hookline)"
STANDARD = {
    SOURCE: ["Description", "User name (basic only)", "Secret"],
    TARGET: [
        "Description",
        "Host or base URL",
        "User or client id",
        "Password, token, key or secret",
        "Port",
        "Scheme",
    ],
}
WORKS = "Test Connection Successful"
FAILS = "Test Connection Failed"
PASSWORD = {SOURCE: "Secret", TARGET: "Password, token, key or secret"}
FIELDS = {info["hook-name"]: info["conn-fields"] for info in get_provider_info()["connection-types"]}


@pytest.fixture(scope="module")
def session(program: str, stack: Stack) -> Iterator[BrowserContext]:
    """Airflow's UI, logged in. For the module only: Playwright keeps this thread's event loop."""
    with launched(program) as browser:
        yield signed_in(browser, stack)


@pytest.fixture
def page(session: BrowserContext, stack: Stack) -> Iterator[Page]:
    """A new tab; the Connections that the test makes go with it."""
    before = connections.ids(stack)
    page = session.new_page()
    yield page
    page.close()
    for conn_id in connections.ids(stack) - before:
        connections.delete(stack, conn_id)


def sections(type_name: str) -> dict[str, dict[str, dict[str, Any]]]:
    """Return the declared fields by the section of the form that shows them."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for field in FIELDS[type_name].values():
        found.setdefault(field["schema"].get("section", "Extra Fields"), {})[field["label"]] = field
    return found


@pytest.mark.parametrize("type_name", [SOURCE, TARGET])
def test_the_form_shows_the_types_own_fields_and_no_others(page: Page, type_name: str) -> None:
    form = Connections(page).add("looked-at", type_name)

    expect(form.labels()).to_have_text(STANDARD[type_name])
    for section, fields in sections(type_name).items():
        form.open(section)
        expect(form.labels()).to_have_text(list(fields))
        for label, field in fields.items():
            expect(form.field(label)).to_contain_text(" ".join(field["description"].split()))


@pytest.mark.parametrize("type_name", [SOURCE, TARGET])
def test_secrets_are_typed_into_password_inputs(page: Page, type_name: str) -> None:
    form = Connections(page).add("looked-at", type_name)

    expect(form.input(PASSWORD[type_name])).to_have_attribute("type", "password")
    for section, fields in sections(type_name).items():
        form.open(section)
        for label, field in fields.items():
            if field["schema"].get("format") == "password":
                expect(form.input(label)).to_have_attribute("type", "password")


@pytest.mark.parametrize("type_name", [SOURCE, TARGET])
def test_what_has_few_values_is_chosen_from_a_list(page: Page, type_name: str) -> None:
    form = Connections(page).add("looked-at", type_name)

    for section, fields in sections(type_name).items():
        form.open(section)
        for label, field in fields.items():
            if "enum" in field["schema"]:
                assert form.options(label) == field["schema"]["enum"]


def test_a_source_made_in_the_form_takes_github_pushes(page: Page, driver: Driver) -> None:
    form = Connections(page).add("forge", SOURCE)
    form.input("Secret").fill(SECRET)
    form.open("Extra Fields")
    form.choose("Authentication", "github")
    form.input("Previous secret").fill(OLDER_SECRET)
    form.input("Dag prefix").fill("github")
    keep(page, "connection-webhook", form.dialog)
    form.save()

    for secret in (SECRET, OLDER_SECRET):
        assert driver.finished("github.push", push(driver.stack, "forge", secret)) == "success"


def touch(form: ConnectionForm) -> None:
    """Fill fields of each kind, then empty them again."""
    for label in ("Dag prefix", "Event type", "Delivery id", "Largest body"):
        form.input(label).fill("12")
        form.input(label).fill("")
    form.choose("While its Dag is paused", "run")
    form.unchoose("While its Dag is paused")


@pytest.mark.parametrize("source", ["untouched", "cleared"])
def test_a_field_left_empty_means_its_default(page: Page, driver: Driver, source: str) -> None:
    driver.wait_for_dags(f"{source}.created")
    form = Connections(page).add(source, SOURCE)
    form.input("Secret").fill(SECRET)
    form.open("Extra Fields")
    form.choose("Authentication", "api_key")
    if source == "cleared":
        touch(form)
    form.save()

    answer = post(driver.stack, f"{source}/created", json={}, headers={"X-API-Key": SECRET})

    assert connections.extra(driver.stack, source) == {"auth_type": "api_key"}
    assert answer.status_code == 202, answer.text
    run_id = f"webhook__{source}__{answer.json()['event_id']}"
    assert driver.finished(f"{source}.created", run_id) == "success"


def test_the_empty_prefix_is_written_as_json_and_survives_the_form(page: Page, driver: Driver) -> None:
    form = Connections(page).add("suite", SOURCE)
    form.input("User name (basic only)").fill("suite")
    form.input("Secret").fill(SECRET)
    form.write_json('{"auth_type": "basic", "dag_prefix": ""}')
    form.save()
    form = Connections(page).edit("suite")
    form.field("Description").get_by_role("textbox").fill("platform events")
    form.save()

    sample = catalog.find("users.created").sample
    answer = post(driver.stack, "suite/users/created", json=sample, auth=("suite", SECRET))

    assert answer.status_code == 202, answer.text
    run_id = f"webhook__suite__{answer.json()['event_id']}"
    assert driver.finished("users.created", run_id) == "success"


def test_reopened_a_connection_shows_no_secret(page: Page, stack: Stack) -> None:
    extra = {"auth_type": "github", "previous_secret": OLDER_SECRET}
    connections.create(stack, "reopened", extra, conn_type="webhook", password=SECRET)

    form = Connections(page).edit("reopened")

    expect(form.input("Secret")).to_have_value("***")
    form.open("Extra Fields")
    expect(form.input("Previous secret")).to_have_value("***")
    form.open("Extra Fields JSON")
    assert json.loads(read_editor(form.dialog)) == {"auth_type": "github", "previous_secret": "***"}
    assert SECRET not in page.content()
    assert OLDER_SECRET not in page.content()


def test_editing_another_field_keeps_what_is_hidden(page: Page, driver: Driver) -> None:
    # Airflow hides what is called like an API key, so the name of the header too.
    hidden = {"api_key_header": "X-Chaos-Key", "previous_secret": OLDER_SECRET}
    extra = {"auth_type": "api_key", "dag_prefix": "chaos", **hidden}
    connections.create(driver.stack, "edited", extra, conn_type="webhook", password=SECRET)
    form = Connections(page).edit("edited")
    form.open("Extra Fields")
    expect(form.input("API key header")).to_have_value("***")
    form.input("Dag prefix").fill("renamed")
    form.save()

    statuses = [
        post(driver.stack, "edited/tick", json={}, headers={"X-Chaos-Key": secret}).status_code
        for secret in (SECRET, OLDER_SECRET)
    ]

    assert statuses == [202, 202]
    assert connections.extra(driver.stack, "edited")["dag_prefix"] == "renamed"


def test_the_test_button_calls_a_target_made_in_the_form(page: Page, stack: Stack, echo: EchoServer) -> None:
    listed = Connections(page)
    form = listed.add("customers", TARGET)
    form.input("Host or base URL").fill("http://127.0.0.1/v2")
    form.input("Port").fill(str(echo.server_port))
    form.input(PASSWORD[TARGET]).fill(SECRET)
    form.open("Extra Fields")
    form.choose("Authentication", "bearer")
    write_editor(form.field("Default headers"), '{"X-Tenant": "north"}')
    keep(page, "connection-http", form.dialog)
    form.save()

    title, text = listed.test("customers")

    keep(page, "connection-test")
    assert title == WORKS
    assert text.endswith(f" {echo.url}/v2 -> 200")
    headers = calls(echo, "/v2")[-1]["headers"]
    assert (headers["Authorization"], headers["X-Tenant"]) == (f"Bearer {SECRET}", "north")


def test_the_test_button_says_why_a_target_cannot_be_called(page: Page, stack: Stack) -> None:
    port = free_port()
    extra = {"auth_type": "none"}
    connections.create(stack, "nobody", extra, conn_type="http_connector", host="http://127.0.0.1", port=port)

    title, text = Connections(page).test("nobody")

    assert title == FAILS
    assert text.startswith(f"HEAD http://127.0.0.1:{port}/: nothing listens there (connection refused)")


@pytest.mark.parametrize(
    ("auth_type", "says"),
    [
        ("github", (WORKS, "The source is open for senders with github authentication.")),
        (None, (FAILS, "`auth_type` is missing; write `none` if anybody may send.")),
    ],
    ids=["open", "closed"],
)
def test_the_test_button_checks_a_source(page: Page, stack: Stack, auth_type: str | None, says: Any) -> None:
    # Port 0, because the button of Airflow 3.3.1 and 3.3.2 refuses every Connection without a port:
    # https://github.com/apache/airflow/pull/73298
    extra = {**dict.fromkeys(FIELDS[SOURCE]), "auth_type": auth_type}
    connections.create(stack, "checked", extra, conn_type="webhook", password=SECRET, port=0)

    assert Connections(page).test("checked") == says


def test_the_trigger_form_runs_the_sample_it_shows(page: Page, driver: Driver, echo: EchoServer) -> None:
    before = len(calls(echo, "/people"))
    form = TriggerForm(page, "users.created")
    keep(page, "trigger-form", form.dialog)
    shown = json.loads(form.read("User created"))

    run_id = form.trigger()

    assert shown == catalog.find("users.created").sample
    assert driver.finished("users.created", run_id) == "success"
    assert driver.run("users.created", run_id)["conf"] == {"data": shown}
    [call] = calls(echo, "/people")[before:]
    assert json.loads(call["body"]) == {
        "username": shown["user"]["username"],
        "name": shown["user"]["displayName"],
        "email": shown["user"]["email"],
        "active": True,
    }


def test_the_trigger_form_sends_what_was_typed(page: Page, driver: Driver, echo: EchoServer) -> None:
    form = TriggerForm(page, "users.created")
    form.write("User created", '{"user": {"username": "typed.in.the.form"}}')

    run_id = form.trigger()

    assert driver.finished("users.created", run_id) == "success"
    assert json.loads(calls(echo, "/people")[-1]["body"])["username"] == "typed.in.the.form"


def test_the_trigger_form_of_a_tree_path_starts_with_its_sample(page: Page, driver: Driver) -> None:
    dag_id = tree.parse(IN_THE_FORM).dag_id
    driver.wait_for_dags(dag_id)
    form = TriggerForm(page, dag_id)
    known = catalog.find(IN_THE_FORM)
    assert known is not None
    shown = json.loads(form.read(known.schema["title"]))
    typed = {**shown, "odd": {"é": [1.5, None, {"<&>": "]"}]}}
    form.write(known.schema["title"], json.dumps(typed))

    run_id = form.trigger()

    assert shown == known.sample
    assert driver.finished(dag_id, run_id) == "success"
    assert driver.xcom(dag_id, run_id, "see") == typed


def test_the_page_of_a_run_shows_that_a_webhook_started_it(page: Page, driver: Driver) -> None:
    run_id = push(driver.stack, "github", PUSH_SECRET)
    driver.finished("github.push", run_id)

    page.goto(f"/dags/github.push/runs/{run_id}")

    expect(page.get_by_role("heading", name=run_id)).to_be_visible()
    expect(page.get_by_role("link", name="webhook github")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="tell_channel")).to_contain_text("Success")
    keep(page, "run")
