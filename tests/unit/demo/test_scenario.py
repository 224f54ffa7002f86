"""The demo's senders, its receiver, and what it prints."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from demo import checks
from demo.echo import BODY_BOUND, KEPT, EchoServer
from demo.outcome import Outcome
from demo.rest import request, request_json
from demo.scenario import basic, known, sign_as_github
from demo.table import table


def test_a_push_is_signed_as_github_documents_it() -> None:
    headers = sign_as_github(b"Hello, World!", "It's a Secret to Everybody")
    assert headers["X-Hub-Signature-256"] == (
        "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
    )


def test_basic_authentication_is_encoded_as_the_rfc_shows_it() -> None:
    assert basic("Aladdin", "open sesame") == {"Authorization": "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="}


@pytest.mark.parametrize("dag_id", ["github.push", "users.created"])
def test_the_catalog_has_what_is_sent(dag_id: str) -> None:
    assert known(dag_id).sample


@pytest.fixture
def echo() -> Iterator[EchoServer]:
    """A receiver in this process."""
    with EchoServer() as server:
        yield server


class TestTheReceiver:
    def test_numbers_what_it_receives(self, echo: EchoServer) -> None:
        answers = [request_json("POST", f"{echo.url}/people", {"n": n}).json() for n in range(2)]
        assert answers == [{"ok": True, "id": 1}, {"ok": True, "id": 2}]

    def test_remembers_method_path_headers_and_body(self, echo: EchoServer) -> None:
        request("PUT", f"{echo.url}/a?b=c", body=b"text", headers={"X-One": "1"})
        answer = request_json("GET", f"{echo.url}/__received").json()
        (received,) = answer["received"]
        assert answer["total"] == 1
        assert (received["method"], received["path"], received["body"]) == ("PUT", "/a?b=c", "text")
        assert received["headers"]["X-One"] == "1"

    def test_forgets_the_oldest(self, echo: EchoServer) -> None:
        for _ in range(KEPT + 1):
            echo.remember("GET", "/", {}, b"")
        received = echo.received()
        assert (received["total"], len(received["received"]), received["received"][0]["id"]) == (
            KEPT + 1,
            KEPT,
            2,
        )

    def test_refuses_what_is_too_large(self, echo: EchoServer) -> None:
        answer = request("POST", f"{echo.url}/", headers={"Content-Length": str(BODY_BOUND + 1)})
        assert answer.status == 413


def outcome(**changes: str) -> Outcome:
    made = {"event_id": "e", "dag_id": "d", "run_id": "r", "state": "success", "page": "p"}
    return Outcome(**{**made, "call": "POST http://127.0.0.1:1/people", "status": "200", **changes})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        pytest.param({}, "", id="all went well"),
        pytest.param(
            {"state": "failed"}, "the run of d should have succeeded but is failed", id="run failed"
        ),
        pytest.param({"state": "missing"}, "the run of d should have succeeded but is missing", id="no run"),
        pytest.param({"call": ""}, "the echo receiver did not get its call", id="call did not arrive"),
        pytest.param({"status": "500"}, "the echo receiver did not get its call", id="call was refused"),
    ],
)
def test_an_outcome_names_its_problem(changes: dict[str, str], problem: str) -> None:
    assert outcome(**changes).problem.endswith(problem)
    assert bool(outcome(**changes).problem) == bool(problem)


TITLES, ROWS = ("Dag", "state"), [("github.push", "success"), ("users.created", "failed")]


@pytest.mark.parametrize(
    ("width", "printed"),
    [
        pytest.param(
            80,
            "  Dag            state\n"
            "  -------------  -------\n"
            "  github.push    success\n"
            "  users.created  failed",
            id="columns where there is room",
        ),
        pytest.param(
            20,
            "  Dag    github.push\n  state  success\n\n  Dag    users.created\n  state  failed",
            id="blocks where there is not",
        ),
    ],
)
def test_a_table_fits_the_terminal(width: int, printed: str) -> None:
    assert table(TITLES, ROWS, width) == printed


PARTS = {name: [sys.executable, "-c", f"exit({name == 'bad'})"] for name in ("bad", "good")}


@pytest.mark.parametrize(
    "lanes",
    [[PARTS], [{name: command} for name, command in PARTS.items()]],
    ids=["one after the other", "side by side"],
)
def test_a_part_that_fails_does_not_hide_the_next(
    lanes: list[checks.Parts], capsys: pytest.CaptureFixture[str]
) -> None:
    code = checks.run(*lanes)
    printed = capsys.readouterr().out
    assert code == 1
    assert [line.split()[-1] for line in printed.splitlines() if line.startswith("  good")] == ["ok"]
    assert "1 of 2 parts failed" in printed


def test_of_two_lanes_each_part_says_all_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    checks.run({"one": [sys.executable, "-c", "print('a'); print('b')"]}, {"two": [sys.executable, "-c", ""]})

    assert "--- one: what it said\na\nb\n" in capsys.readouterr().out


def test_an_unknown_benchmark_is_told_with_those_there_are() -> None:
    with pytest.raises(SystemExit, match=r"no benchmark 'nope'\. There are: "):
        checks.benchmarks("nope")
