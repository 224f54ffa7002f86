"""One suite for both lanes: action, body type, authentication, null policy, against what requests sends."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from standardwebhooks import Webhook

from hookline.hooks.storage import Attachment
from hookline.operators.http import HttpCallOperator, HttpGetOperator, HttpPostOperator, HttpPutOperator
from tests.conformance.http import bare
from tests.conformance.http.conftest import Got, Server
from tests.conformance.http.lanes import Lane, Make, Triggerer, through_a_worker

ACTIONS: dict[str, tuple[str, Make]] = {
    "post": ("POST", HttpPostOperator),
    "put": ("PUT", HttpPutOperator),
    "call PATCH": ("PATCH", partial(HttpCallOperator, method="PATCH")),
    "call DELETE": ("DELETE", partial(HttpCallOperator, method="DELETE")),
}
FLAT = {"name": "Zoë & co", "n": 7, "part": 1.5, "on": True, "none": None, "empty": "", "list": ["a", 2]}
BODIES: dict[str, Any] = {
    "raw": "Zoë says\nhello",
    "json": {**FLAT, "deep": {"none": None, "items": [None, {"none": None, "x": 1}]}},
    "urlencoded": FLAT,
    "form_data": FLAT,
}
WITHOUT_NULL: dict[str, Any] = {
    **BODIES,
    "json": {
        **{name: value for name, value in FLAT.items() if value is not None},
        "deep": {"items": [None, {"x": 1}]},
    },
    "urlencoded": {name: value for name, value in FLAT.items() if value is not None},
    "form_data": {name: value for name, value in FLAT.items() if value is not None},
}
# A raw body has no place for a secret: test_what_has_no_place_is_refused.
SENSIBLE = [
    (body_type, kind)
    for body_type in BODIES
    for kind in bare.AUTHENTICATION
    if (body_type, kind) != ("raw", "client_secret")
]
BY_THE_CLIENT = {"user-agent", "accept", "accept-encoding", "connection"}
BOUNDARY = re.compile(r"boundary=(\S+)")


def comparable(got: Got) -> tuple[Any, ...]:
    """Return method, target, headers and body, without what two equal requests may differ in."""
    headers = {name: value for name, value in got.headers.items() if name not in BY_THE_CLIENT}
    body = got.body
    if found := BOUNDARY.search(headers.get("content-type", "")):
        body = body.replace(found[1].encode(), b"BOUNDARY")
        headers["content-type"] = headers["content-type"].replace(found[1], "BOUNDARY")
        headers["content-length"] = str(len(body))
        require_signature(got)
        for name in ("x-signature", "webhook-signature"):
            headers.pop(name, None)  # it covers the boundary
    return got.method, got.target, headers, body


def require_signature(got: Got) -> None:
    """Verify a signature against the body that came, as the other side does."""
    if "webhook-signature" in got.headers:
        # Not Webhook.verify: that also wants the body to be JSON.
        moment = datetime.fromtimestamp(int(got.headers["webhook-timestamp"]), UTC)
        made = Webhook(bare.KEY).sign(got.headers["webhook-id"], moment, got.body.decode())
        assert got.headers["webhook-signature"] == made
    if "x-signature" in got.headers:
        signed = got.headers["x-time"].encode() + b"." + got.body
        made = hmac.new(bare.SECRET.encode(), signed, hashlib.sha256).hexdigest()
        assert got.headers["x-signature"] == f"sha256={made}"


def send_bare(server: Server, method: str, path: str, *parts: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {"headers": {}, "params": {}}
    for part in parts:
        for name, value in part.items():
            arguments[name] = {**arguments[name], **value} if name in ("headers", "params") else value
    with requests.Session() as session:
        session.trust_env = False
        session.request(method, f"{server.url}/v2/{path}", timeout=5, **arguments)


@pytest.mark.parametrize("send_null", [True, False], ids=["null", "no null"])
@pytest.mark.parametrize(("body_type", "kind"), SENSIBLE, ids=" ".join)
@pytest.mark.parametrize("action", ACTIONS)
def test_an_operator_sends_what_requests_sends(  # noqa: PLR0917  one for each dimension
    server: Server,
    connect: Callable[..., str],
    lane: Lane,
    action: str,
    body_type: str,
    kind: str,
    send_null: bool,
) -> None:
    method, make = ACTIONS[action]
    conn_id = connect(f"{server.url}/v2", **bare.AUTHENTICATION[kind])
    query = {"q": "a b&c=ü", "id": [1, 2]}

    lane(
        make,
        http_conn_id=conn_id,
        path="users",
        query=query,
        headers={"X-Trace": "{{ run_id }}"},
        body=BODIES[body_type],
        body_type=body_type,
        send_null=send_null,
    )
    wanted = (BODIES if send_null else WITHOUT_NULL)[body_type]
    send_bare(
        server,
        method,
        "users",
        {"params": query, "headers": {"X-Trace": "run"}},
        bare.body(body_type, wanted, kind),
        bare.options(kind, server.got[0].headers),
    )

    assert comparable(server.got[0]) == comparable(server.got[1])


@pytest.mark.parametrize("kind", [kind for kind in bare.AUTHENTICATION if kind != "client_secret"])
def test_get_sends_what_requests_sends(
    server: Server, connect: Callable[..., str], lane: Lane, kind: str
) -> None:
    conn_id = connect(f"{server.url}/v2", **bare.AUTHENTICATION[kind])

    lane(HttpGetOperator, http_conn_id=conn_id, path="users?page=2", query={"q": "~", "none": None})
    send_bare(
        server, "GET", "users?page=2", {"params": {"q": "~"}}, bare.options(kind, server.got[0].headers)
    )

    assert comparable(server.got[0]) == comparable(server.got[1])


@pytest.mark.parametrize(
    ("make", "arguments"),
    [
        (HttpGetOperator, {}),
        (HttpPostOperator, {"body": "text", "body_type": "raw"}),
        (HttpPostOperator, {"body": [1]}),
    ],
    ids=["GET", "raw", "a JSON list"],
)
def test_what_has_no_place_is_refused(
    server: Server, connect: Callable[..., str], lane: Lane, make: Make, arguments: dict[str, Any]
) -> None:
    conn_id = connect(f"{server.url}/v2", **bare.AUTHENTICATION["client_secret"])

    with pytest.raises(Exception, match="client_secret"):
        lane(make, http_conn_id=conn_id, **arguments)

    assert server.got == []


ODD = ["a b/mü/50%", "a%20b/x%2Fy", "-._~!$&'()*+,;=:@/[x]|^`{}\"<>", "", "users?x=%2F&y=a+b&z"]


@pytest.mark.parametrize("path", ODD)
def test_odd_addresses_reach_the_wire_alike(
    server: Server, connect: Callable[..., str], monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    conn_id = connect(f"{server.url}/v2")

    for lane in (through_a_worker, Triggerer(monkeypatch)):
        lane(HttpPostOperator, http_conn_id=conn_id, path=path)

    assert comparable(server.got[0]) == comparable(server.got[1])


def test_files_are_sent_as_requests_sends_them(
    server: Server, connect: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "repört.pdf").write_bytes(b"%PDF" + b"x" * 200_000)
    (tmp_path / "b.txt").write_text("two")
    conn_id = connect(server.url)
    files = [f"file://{tmp_path}/repört.pdf", f"file://{tmp_path}/b.txt"]

    through_a_worker(
        HttpPostOperator,
        http_conn_id=conn_id,
        body_type="form_data",
        body={
            "title": "two files",
            "docs[]": [Attachment(files[0]), Attachment(files[1], name="c.csv", content_type="text/csv")],
            "blob": b"\x00\x01",
        },
    )
    parts = [
        ("title", (None, "two files")),
        ("docs[]", ("repört.pdf", (tmp_path / "repört.pdf").read_bytes(), "application/pdf")),
        ("docs[]", ("c.csv", b"two", "text/csv")),
        ("blob", ("blob", b"\x00\x01", "application/octet-stream")),
    ]
    with requests.Session() as session:
        session.trust_env = False
        session.post(server.url, files=parts, timeout=5)

    assert comparable(server.got[0]) == comparable(server.got[1])


@pytest.mark.parametrize(
    "data",
    [
        {"path": "/etc/passwd"},
        {"path": "/etc/passwd", "name": "a", "content_type": "b", "size": 1, "sha256": "c"},
        {"__attachment__": ["/etc/passwd", None, None, None]},
    ],
    ids=["path", "saved file", "what travels"],
)
def test_data_never_is_a_file(
    server: Server, connect: Callable[..., str], lane: Lane, data: dict[str, Any]
) -> None:
    conn_id = connect(server.url)

    with pytest.raises(Exception, match=r"body\.file"):
        lane(
            HttpPostOperator,
            http_conn_id=conn_id,
            body_type="form_data",
            body={"file": "{{ dag_run.conf['data'] }}"},
            native=True,
            conf={"data": data},
        )

    assert server.got == []
