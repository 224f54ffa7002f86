"""``airflow hookline call``: the request as it would be sent, without secrets, and the answer."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.http.bare import KEY
from tests.conformance.http.conftest import Server, answer, in_turn, json_answer

Run = Callable[..., Any]
Connect = Callable[..., str]
Captured = pytest.CaptureFixture[str]
SECRET = 'p"ä/ss w+&ö'
FORMS = (SECRET, "p%22", 'p\\"', "\\u00e4", base64.b64encode(f"ann:{SECRET}".encode()).decode(), KEY, KEY[6:])

AUTHENTICATION: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({"auth_type": "none"}, "POST {url}/users?q=1"),
    "basic": ({"auth_type": "basic", "login": "ann", "password": SECRET}, "Authorization: ***"),
    "bearer": ({"auth_type": "bearer", "password": "t0k3n"}, "Authorization: ***"),
    "api_key": ({"auth_type": "api_key", "password": "t0k3n"}, "X-API-Key: ***"),
    "api_key in a header of another name": (
        {"auth_type": "api_key", "password": "t0k3n", "api_key_header": "X-Access"}, "X-Access: ***",
    ),
    "api_key in the query": (
        {"auth_type": "api_key", "password": SECRET, "key_query": "key"}, "POST {url}/users?q=1&key=***",
    ),
    "client_secret": (
        {"auth_type": "client_secret", "login": "ann", "password": SECRET},
        '{{"n":1,"client_id":"ann","client_secret":"***"}}',
    ),
    "hmac": ({"auth_type": "hmac", "password": SECRET}, "X-Signature: ***"),
    "standard_webhooks": ({"auth_type": "standard_webhooks", "password": KEY}, "webhook-signature: ***"),
    "oauth2": (
        {
            "auth_type": "oauth2", "login": "ann", "password": SECRET, "access_token": "t0k3n",
            "grant": "client_credentials", "oauth_exchange_url": "https://login.example.com/token",
        },
        "Authorization: ***",
    ),
    "a header of the Connection's": (
        {"auth_type": "none", "headers": {"X-Auth-Token": "t0k3n"}}, "X-Auth-Token: ***",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", AUTHENTICATION)
def test_a_dry_run_shows_the_request_and_no_secret(
    hookline: Run, server: Server, connect: Connect, capsys: Captured, name: str
) -> None:
    fields, shown = AUTHENTICATION[name]
    conn_id = connect(server.url, **fields)
    arguments = ("call", "--conn-id", conn_id, "--path", "users", "--query", "q=1", "--data", '{"n": 1}')

    hookline(*arguments, "--dry-run")

    said = capsys.readouterr().out
    assert shown.format(url=server.url) in said
    assert not [form for form in (*FORMS, "t0k3n") if form in said]
    assert server.got == []


def test_a_dry_run_shows_what_is_sent(
    hookline: Run, server: Server, connect: Connect, capsys: Captured
) -> None:
    arguments = (
        "call", "--conn-id", connect(f"{server.url}/v2"), "--method", "PATCH", "--path", "a b",
        "--query", "q=ü", "--query", "q=2", "--header", "X-Trace: 1", "--idempotency-key", "k",
        "--data", '{"a": null}', "--body-type", "urlencoded",
    )  # fmt: skip

    hookline(*arguments, "--dry-run")
    shown = capsys.readouterr().out.rstrip("\n").split("\n")
    hookline(*arguments)

    got = server.got[0]
    assert shown[0] == f"{got.method} {server.url}{got.target}" == f"PATCH {server.url}/v2/a%20b?q=%C3%BC&q=2"
    fields = dict(line.split(": ", 1) for line in shown[1 : shown.index("")])
    assert {name.lower(): value for name, value in fields.items()}.items() <= got.headers.items()
    assert fields["X-Trace"] == "1"
    assert shown[-1].encode() == got.body == b"a="


@pytest.mark.parametrize(
    ("data", "sent"),
    [(None, ("GET", b"")), ("{}", ("POST", b"{}")), ("@{file}", ("POST", b"[1]")), ("-", ("POST", b"[2]"))],
    ids=["no data", "JSON", "a file", "standard input"],
)
def test_where_the_data_comes_from(  # noqa: PLR0917  one for each fixture
    hookline: Run,
    server: Server,
    connect: Connect,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    data: str | None,
    sent: tuple[str, bytes],
) -> None:
    file = tmp_path / "data.json"
    file.write_text("[1]")
    monkeypatch.setattr("sys.stdin", io.StringIO("[2]"))
    more = () if data is None else ("--data", data.format(file=file) if "@" in data else data)

    hookline("call", "--conn-id", connect(server.url), *more)

    assert (server.got[0].method, server.got[0].body) == sent


def test_the_answer_is_shown_without_secrets(
    hookline: Run, server: Server, connect: Connect, capsys: Captured
) -> None:
    server.respond = json_answer({"you sent": "Bearer t0k3n"}, Set_Cookie="sid=s3cret")

    hookline("call", "--conn-id", connect(server.url, auth_type="bearer", password="t0k3n"))

    said = capsys.readouterr().out
    assert said.startswith("200\n")
    assert '"you sent": "Bearer ***"' in said
    assert "set-cookie: ***" in said
    assert "t0k3n" not in said


def test_an_answer_cannot_steer_the_terminal(
    hookline: Run, server: Server, connect: Connect, capsys: Captured
) -> None:
    server.respond = answer(200, {"Content-Type": "text/plain"}, b"\x1b]0;owned\x07a\tb\nc\xc2\x9b31m")

    hookline("call", "--conn-id", connect(server.url))

    assert capsys.readouterr().out.endswith("\ufffd]0;owned\ufffda\tb\nc\ufffd31m\n")


def test_a_failure_is_shown_and_the_exit_code(
    hookline: Run, server: Server, connect: Connect, capsys: Captured
) -> None:
    server.respond = answer(422, {"Content-Type": "text/plain"}, b"no name")

    with pytest.raises(SystemExit) as raised:
        hookline("call", "--conn-id", connect(server.url))

    assert raised.value.code == 1
    assert "422" in (said := capsys.readouterr().out)
    assert "no name" in said


def test_a_redirect_is_followed_and_a_failure_tried_again(
    hookline: Run, server: Server, connect: Connect, capsys: Captured
) -> None:
    server.respond = in_turn(answer(503), answer(302, {"Location": "/there"}), json_answer({"n": 1}))

    hookline("call", "--conn-id", connect(server.url))

    assert [got.target for got in server.got] == ["/", "/", "/there"]
    assert capsys.readouterr().out.startswith("200\n")


def test_the_last_answer_is_shown_where_the_call_fails(
    hookline: Run, server: Server, connect: Connect, capsys: Captured
) -> None:
    server.respond = json_answer({"error": "busy"}, 503, X_Trace="7")

    with pytest.raises(SystemExit) as raised:
        hookline("call", "--conn-id", connect(server.url, max_attempts=2))

    said = capsys.readouterr()
    assert raised.value.code == 1
    assert said.out.startswith("503\n")
    assert "x-trace: 7" in said.out.lower()
    assert "-> 503" in said.err
    assert len(server.got) == 2


def test_a_wait_that_is_too_long_is_said(
    hookline: Run, server: Server, connect: Connect, monkeypatch: Any, tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW__HOOKLINE__THROTTLE_PATH", str(tmp_path))
    conn_id = connect(server.url, rate_limit="1/hour")
    hookline("call", "--conn-id", conn_id)

    with pytest.raises(SystemExit) as raised:
        hookline("call", "--conn-id", conn_id)

    assert "rate_limit 1/hour: try again in 3" in str(raised.value.code)


def test_the_answer_can_be_saved(
    hookline: Run, server: Server, connect: Connect, tmp_path: Path, capsys: Captured
) -> None:
    server.respond = answer(200, {"Content-Type": "application/pdf"}, b"%PDF")

    hookline("call", "--conn-id", connect(server.url), "--save-to", f"{tmp_path}/a.pdf")

    assert (tmp_path / "a.pdf").read_bytes() == b"%PDF"
    assert '"name": "a.pdf"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "neither http_conn_id nor url"),
        (("--conn-id", "nobody"), "nobody"),
        (("--conn-id", "crm", "--data", "{"), "--data is not JSON"),
        (("--conn-id", "crm", "--data", "@/no/such"), "`/no/such` cannot be read: No such file"),
        (("--conn-id", "crm", "--header", "X"), "--header 'X' is no `name:value`"),
        (("--conn-id", "crm", "--query", "=1"), "--query '=1' is no `name=value`"),
        (("--conn-id", "crm", "--path", "../x"), ". or .. segment"),
        (("--conn-id", "crm", "--header", "Host: x"), "Host is written by Hookline itself"),
        (("--conn-id", "crm", "--url", "https://elsewhere.example/x"), "another Connection"),
        (("--url", "http://169.254.169.254/latest"), "is not a public address"),
        (("--conn-id", "crm", "--method", "GE T"), "is not an HTTP method"),
        (("--conn-id", "crm", "--save-to", "nonsense://x"), "is no path in object storage"),
    ],
)
def test_what_cannot_be_sent_says_why(
    hookline: Run, server: Server, connect: Connect, arguments: tuple[str, ...], says: str
) -> None:
    connect(server.url, auth_type="bearer", password="t0k3n")

    with pytest.raises(SystemExit) as raised:
        hookline("call", *arguments)
    assert says in str(raised.value.code)
    assert "t0k3n" not in str(raised.value.code)
