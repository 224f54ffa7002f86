"""OAuth 2.0 against a real provider: consent in a browser, calls, expiry, rotation, revocation."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from demo.stack import Stack, airflow
from tests.e2e import browser as browsers
from tests.e2e.driver import Driver, wait_for
from tests.e2e.oauth import SECRET, OAuthProvider, running

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

LIFETIME = 10.0


@pytest.fixture(scope="module")
def provider(
    stack: Stack, oauth_port: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OAuthProvider]:
    """The provider, with the callback URL of the stack registered."""
    folder = tmp_path_factory.mktemp("provider")
    with running(folder, oauth_port, f"{stack.url}/hooks/oauth/callback") as started:
        yield started


def connect(stack: Stack, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        airflow("hookline", "connect", *arguments),
        env=stack.env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def link(command: subprocess.Popen[str]) -> str:
    for line in command.stdout or ():
        if found := re.search(r"http\S+/auth\?\S+", line):
            return found[0]
    raise AssertionError("no link was printed")


def consent(url: str) -> tuple[str, str]:
    """Consent as a person does; return the last page's address and text."""
    with browsers.launched(browsers.find()) as chromium:
        page = chromium.new_page()
        page.goto(url)
        page.get_by_placeholder("Enter any login").fill("ada")
        page.get_by_placeholder("and password").fill("secret")
        page.get_by_role("button", name="Sign-in").click()
        page.get_by_role("button", name="Continue").click()
        page.wait_for_url("**/hooks/oauth/callback**")
        page.locator("h1").wait_for()
        browsers.keep(page, "oauth-connected")
        return page.url, page.inner_text("body")


@pytest.fixture(scope="module")
def connected(stack: Stack, provider: OAuthProvider) -> str:
    """Connect ``crm``; return the address the browser came back to."""
    command = connect(stack, "crm")
    try:
        address, text = consent(link(command))
        output, _ = command.communicate(timeout=30)
    finally:
        command.kill()
    assert "crm is connected" in text
    assert command.returncode == 0, output
    assert re.search(r"crm is connected: scope .*contacts.*, token valid until .* and renewed before", output)
    assert SECRET not in output
    return address


def called(driver: Driver) -> tuple[str, str]:
    """Run ``oauth.call``; return its run and its state."""
    driver.wait_for_dags("oauth.call")
    run_id = driver.trigger("oauth.call", {}).json()["dag_run_id"]
    return run_id, driver.finished("oauth.call", run_id, 120)


def test_a_token_of_a_consent_is_sent(connected: str, driver: Driver) -> None:
    run_id, state = called(driver)

    assert state == "success"
    assert driver.xcom("oauth.call", run_id, "worker")["body"] == {"client": "crm-client"}


def test_the_state_works_once(connected: str) -> None:
    again = requests.get(connected, timeout=10)

    assert again.status_code == 400
    assert "works once" in again.text
    assert parse_qs(urlsplit(connected).query)["state"][0] not in again.text


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=abc",
        "code=abc&state=forged",
        f"code=abc&state={'x' * 5000}",
        "error=access_denied&state=%3Cscript%3E",
    ],
    ids=["nothing", "no state", "forged state", "endless state", "markup"],
)
def test_a_forged_state_is_refused(stack: Stack, query: str) -> None:
    answer = requests.get(f"{stack.url}/hooks/oauth/callback?{query}", timeout=10)

    assert answer.status_code == 400
    assert "<script" not in answer.text
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["cache-control"] == "no-store"


def test_an_expired_token_is_renewed_and_rotated(
    connected: str, provider: OAuthProvider, driver: Driver
) -> None:
    def refreshes() -> int:
        return provider.grants().get("crm-client refresh_token", 0)

    before = refreshes()
    # After two the first token has expired. A refresh token used a second time would end the consent.
    wait_for(lambda: refreshes() >= before + 2, 6 * LIFETIME, "two refreshes")

    _, state = called(driver)

    assert state == "success"


def test_fifty_tasks_that_need_a_token_cause_one_grant(provider: OAuthProvider, driver: Driver) -> None:
    driver.wait_for_dags("oauth.many")

    run_id = driver.trigger("oauth.many", {}).json()["dag_run_id"]

    assert driver.finished("oauth.many", run_id, 180) == "success"
    assert provider.grants()["machine-client client_credentials"] == 1


def test_client_credentials_need_nobody(stack: Stack, provider: OAuthProvider) -> None:
    command = connect(stack, "machine")

    output, _ = command.communicate(timeout=60)

    assert command.returncode == 0
    assert "machine is connected" in output


@pytest.mark.parametrize(
    ("conn_id", "says"),
    [("nothing", "There is no Connection `nothing`"), ("echo", "its auth_type is none, not oauth2")],
)
def test_what_cannot_be_connected_says_why(stack: Stack, conn_id: str, says: str) -> None:
    command = connect(stack, conn_id)

    output, _ = command.communicate(timeout=60)

    assert command.returncode == 1
    assert says in output


def test_a_consent_taken_back_says_who_must_do_what(
    connected: str, provider: OAuthProvider, driver: Driver
) -> None:
    provider.revoke()

    run_id, state = called(driver)

    assert state == "failed"
    for task in ("worker", "free"):
        wait_for(
            lambda task=task: "`airflow hookline connect crm`" in driver.log("oauth.call", run_id, task),
            10,
            "the sentence",
        )


def test_the_doctor_says_who_must_consent(connected: str, stack: Stack) -> None:
    report = subprocess.run(
        airflow("hookline", "doctor"), env=stack.env, capture_output=True, text=True, timeout=60, check=False
    )

    assert "airflow hookline connect crm" in " ".join(report.stdout.split())


def test_no_secret_is_in_any_log(connected: str, stack: Stack) -> None:
    code = parse_qs(urlsplit(connected).query)["code"][0]

    for file in stack.home.path.rglob("*.log*"):
        text = file.read_text(errors="replace")
        assert SECRET not in text, file
        if (
            file.name != "api-server.log"
        ):  # its access log has the browser's return, with a code that is used up
            assert code not in text, file
