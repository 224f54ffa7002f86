"""Public forms, over real HTTP and on both databases."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from hookline.database import engine
from hookline.forms import entry, token
from hookline.inbox.refusals import Refusal
from tests.unit.forms.conftest import GOOD, Somebody, file_at, stored
from tests.unit.forms.person import Person, hidden, listed, receipt
from tests.unit.ingress.server import Server


def is_recorded(reason: str) -> bool:
    """Tell whether a refusal is recorded, which it is within a second or so."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with engine().connect() as connection:
            if reason in set(connection.scalars(select(Refusal.reason))):
                return True
        time.sleep(0.05)
    return False


def test_a_form_becomes_an_event(person: Person) -> None:
    page = person.open("desk/fault")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "<title>Report a fault</title>" in page.text
    assert "We answer within a day." in page.text

    answer = person.send("desk/fault", GOOD)

    assert answer.status_code == 200
    [event] = stored()
    assert receipt(answer) == event["id"]
    assert event["data"] == {"name": "Ada", "urgency": 3}
    assert (event["source"], event["type"]) == ("desk", "fault")
    assert event["hookline"]["form"] == "public"
    assert "user" not in event["hookline"]
    assert "cookie" not in event["hookline"]["headers"]


def test_an_event_of_a_sender_is_not_marked(server: Server) -> None:
    content = b'{"name": "Ada", "urgency": 1, "hookline": {"form": "public"}}'
    assert server.post("desk/fault", content).status_code == 202
    assert "form" not in stored()[0]["hookline"]


@pytest.mark.parametrize(
    "path", ["plain/fault", "No_body/fault", "desk/nothing", "desk/any//thing", "desk/%ff"]
)
def test_there_is_no_form(person: Person, path: str) -> None:
    for answer in (person.open(path), person.send(path, GOOD)):
        assert answer.status_code in (400, 404)
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert stored() == []


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (
            "desk/anything",
            "The Dag `desk.anything` declares no schema of its data, or none that can be read.",
        ),
        (
            "desk/list",
            "The Dag `desk.list` makes no page. The data: a page asks for an object with properties.",
        ),
    ],
)
def test_what_a_page_cannot_show_is_said_to_its_owner(person: Person, path: str, reason: str) -> None:
    answer = person.open(path)
    assert answer.status_code == 503
    assert "owner" in answer.text
    assert reason not in answer.text
    assert is_recorded(reason)


def test_a_misspelt_source_has_no_form(person: Person) -> None:
    assert person.open("misspelt/fault").status_code == 503


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, ["Name is required.", "Urgency is required."]),
        (
            {"/name": "A", "/urgency": "9"},
            ["Name must have at least 2 characters.", "Urgency must be at most 5."],
        ),
        ({**GOOD, "/phone": "1"}, ["The form does not satisfy dependentRequired."]),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(
    person: Person, fields: Any, errors: list[str]
) -> None:
    person.open("desk/fault")
    answer = person.send("desk/fault", fields)
    assert answer.status_code == 422
    assert listed(answer) == errors
    for value in fields.values():
        assert f'value="{value}"' in answer.text
    assert stored() == []

    person.token = hidden(answer)["_token"]
    assert receipt(person.send("desk/fault", GOOD))


def test_a_form_that_is_sent_twice_is_one_event(person: Person) -> None:
    person.open("desk/fault")
    with ThreadPoolExecutor(2) as both:
        answers = list(both.map(lambda _: person.send("desk/fault", GOOD), range(2)))
    [event] = stored()
    assert {receipt(answer) for answer in answers} == {event["id"]}
    changed = person.send("desk/fault", {**GOOD, "/name": "Grace"})
    assert "what was sent first counts" in changed.text
    assert 'href="/hooks/forms/desk/fault"' in changed.text
    assert len(stored()) == 1


def test_a_file_is_stored_with_its_event(person: Person) -> None:
    assert 'enctype="multipart/form-data"' in person.open("desk/photo").text
    answer = person.send("desk/photo", {}, files={"/photo": ("ada.png", b"\x89PNG", "image/png")})
    [event] = stored()
    assert receipt(answer) == event["id"]
    assert event["data"] == {"photo": "ada.png"}
    assert event["hookline"]["files"][0]["field"] == "photo"
    assert file_at(event).read_bytes() == b"\x89PNG"


@pytest.mark.parametrize("path", ["desk/fault", "desk/photo"])
def test_a_file_nobody_asks_for_is_refused(person: Person, path: str) -> None:
    person.open(path)
    answer = person.send(path, GOOD, files={"/other": ("a.exe", b"MZ", "application/x-dosexec")})
    assert "The form has a file where none is expected." in listed(answer) or path == "desk/photo"
    assert answer.status_code == 422
    assert stored() == []


def without_token(person: Person) -> httpx.Response:
    person.token = ""
    return person.send("desk/fault", GOOD)


def altered(person: Person) -> httpx.Response:
    person.token = ("A" if person.token[0] != "A" else "B") + person.token[1:]
    return person.send("desk/fault", GOOD)


def of_another_page(person: Person) -> httpx.Response:
    person.open("slow/fault")
    return person.send("desk/fault", GOOD)


def in_another_browser(person: Person) -> httpx.Response:
    person.http.cookies.clear()
    return person.send("desk/fault", GOOD)


@pytest.mark.parametrize("attempt", [without_token, altered, of_another_page, in_another_browser])
def test_a_token_that_is_not_of_this_page_sends_nothing(person: Person, attempt: Any) -> None:
    person.open("desk/fault")
    answer = attempt(person)
    assert (answer.status_code, listed(answer)) == (422, [entry.UNBOUND])
    assert "Ada" not in answer.text
    assert stored() == []


def test_a_page_that_was_open_for_too_long_is_sent_again(
    person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.open("desk/fault")
    with monkeypatch.context() as later:
        later.setattr(token, "SECONDS", -1)
        answer = person.send("desk/fault", GOOD)
    assert (answer.status_code, listed(answer)) == (422, [entry.LATE])
    assert 'value="Ada"' in answer.text
    person.token = hidden(answer)["_token"]
    assert receipt(person.send("desk/fault", GOOD))


def test_nobody_fills_in_a_form_at_once(person: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(entry, "QUICKEST", 3600)
    person.open("desk/fault")
    answer = person.send("desk/fault", GOOD)
    assert (answer.status_code, listed(answer)) == (422, [entry.QUICK])
    monkeypatch.setattr(entry, "QUICKEST", 0)
    assert receipt(person.send("desk/fault", GOOD))


def test_a_program_that_fills_in_everything_is_refused(person: Person) -> None:
    person.open("desk/fault")
    assert person.send("desk/fault", {**GOOD, "website": "https://spam.example"}).status_code == 422
    assert stored() == []
    assert is_recorded(entry.TRAPPED)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b'{"_token": "x"}', "application/json", 415),
        (b"_token=%ff", "application/x-www-form-urlencoded", 400),
        (b"--x\r\n", "multipart/form-data; boundary=x", 400),
        (b"a=" + b"x" * 2_000_000, "application/x-www-form-urlencoded", 413),
        (b"&".join(b"a=1" for _ in range(2000)), "application/x-www-form-urlencoded", 400),
        (b"", "nonsense", 415),
    ],
)
def test_what_is_no_form_is_refused_politely(person: Person, content: bytes, kind: str, status: int) -> None:
    answer = person.http.post("/desk/fault", content=content, headers={"Content-Type": kind})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "text/html; charset=utf-8")


def test_other_methods_are_refused(person: Person) -> None:
    answer = person.http.put("/desk/fault")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


def test_head_has_the_head_of_the_page(person: Person) -> None:
    answer = person.http.head("/desk/fault")
    assert (answer.status_code, answer.content) == (200, b"")


def test_addresses_that_are_not_allowed_see_no_form(person: Person, somebody: Somebody) -> None:
    assert person.open("far/fault").status_code == 403
    assert somebody("192.0.2.7").open("far/fault").status_code == 200


def test_origins_are_for_other_pages_than_this(person: Person) -> None:
    person.open("guarded/fault")
    origin = {"Origin": str(person.http.base_url).removesuffix("/hooks/forms/")}
    assert receipt(person.send("guarded/fault", GOOD, headers=origin))


def test_the_gateway_has_no_login(person: Person) -> None:
    answer = person.open("inside/fault")
    assert answer.status_code == 404
    assert "Open it at Airflow" in answer.text
    assert stored() == []


def test_the_rate_of_the_source_counts_what_is_sent(person: Person) -> None:
    for _ in range(5):
        person.open("shared/fault")
        person.send("shared/fault", {})
    answers = []
    for _ in range(3):
        person.open("shared/fault")
        answers.append(person.send("shared/fault", GOOD))
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "retry-after" in answers[-1].headers


def test_a_client_opens_so_many_pages_and_no_more(somebody: Somebody, person: Person) -> None:
    script = somebody("192.0.2.99")
    statuses = [script.http.head(f"/desk/guess{number}").status_code for number in range(241)]
    assert (statuses[:240], statuses[240]) == ([404] * 240, 429)
    assert person.open("desk/fault").status_code == 200


def test_the_cookie_is_for_forms_only(person: Person) -> None:
    cookie = person.open("desk/fault").headers["set-cookie"]
    assert cookie.endswith("; Path=/hooks/forms/; HttpOnly; SameSite=Lax")
    again = person.http.get(
        "/desk/fault", headers={"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"}
    )
    assert again.headers["set-cookie"] == f"{cookie}; Secure"


def test_pages_have_their_own_policy(person: Person) -> None:
    for path in ("desk/fault", "desk/nothing"):
        headers = person.open(path).headers
        assert headers.get_list("content-security-policy")[0].startswith(
            "default-src 'none'; style-src 'sha256-"
        )
        assert "sandbox" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"


def test_a_script_is_limited_while_a_person_gets_through(somebody: Somebody) -> None:
    """50 requests a second from one address, each with a token of its own; ten a minute are taken."""
    script, someone = somebody("192.0.2.66"), somebody("198.51.100.7")
    someone.open("slow/fault")
    statuses = []
    began = time.monotonic()
    for number in range(100):
        script.open("slow/fault")
        statuses.append(script.send("slow/fault", {**GOOD, "/name": f"Spam {number}"}).status_code)
        if number == 75:
            assert receipt(someone.send("slow/fault", GOOD))
        time.sleep(max(0.0, began + (number + 1) / 50 - time.monotonic()))
    assert timedelta(seconds=time.monotonic() - began) < timedelta(seconds=30)
    assert (statuses.count(200), statuses.count(429)) == (10, 90)
    assert len(stored()) == 11
