"""``airflow hookline call``: try a Connection from the command line, or see what it would send."""

from __future__ import annotations

import json
import re
import sys
from argparse import Namespace
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.utils.cli import suppress_logs_and_warning
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

from hookline.exceptions import HooklineError, TryLater, UnexpectedStatus
from hookline.hooks import calling
from hookline.hooks.calling import Made
from hookline.hooks.http import HttpConnectorHook
from hookline.http import headers
from hookline.http.body import Content
from hookline.http.request import Request
from hookline.http.response import Answer, Received, read

SHOWN_BYTES = 64 * 1024
# A terminal would obey them.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
NO_TOKEN = "(access token)"  # noqa: S105  stands where one would


@suppress_logs_and_warning
@providers_configuration_loaded
def call(args: Namespace) -> None:
    """Send one request and print the answer, or print the request alone.

    :raises SystemExit: it cannot be sent as it is, or the call failed.
    """
    given = {
        "method": args.method or ("GET" if args.data is None else "POST"),
        "path": args.path or "",
        "url": args.url,
        "body": _body(args.data, args.body_type),
        "body_type": args.body_type,
        "send_null": True,
        "headers": dict(_pair(header, ":", "--header") for header in args.header or ()),
        "query": _query(args.query or ()),
        "expected_status": None,
        "response_filter": None,
        "response_check": None,
        "pagination": None,
        "save_to": args.save_to,
        "idempotency_key": args.idempotency_key or False,
    }
    try:
        made = calling.make(given, None)
        with HttpConnectorHook(args.conn_id) as hook:
            if args.dry_run:
                target = hook.target(args.url)
                if target.auth_type == "oauth2" and not target.access_token:
                    target = replace(target, access_token=NO_TOKEN)
                request = made.call.request(target)
                print(_shown_request(request, target.secrets | request.secrets))
                return
            _send(hook, made, args.url)
    except (HooklineError, AirflowNotFoundException) as error:
        raise SystemExit(f"{error}") from None


def _send(hook: HttpConnectorHook, made: Made, url: str | None) -> None:
    received: list[Received] = []
    failed = None
    try:
        answer = hook.finish(made, on_received=received.append)
    except (UnexpectedStatus, TryLater) as error:
        if not received:
            raise
        failed, answer = error, _as_it_came(received[0])
    print(headers.redacted(_shown_answer(answer), hook.target(url).secrets), flush=True)
    if failed is not None:
        print(failed, file=sys.stderr)
        raise SystemExit(1)


def _as_it_came(received: Received) -> Answer:
    try:
        return read(received)
    except HooklineError:  # not what its content type says
        return Answer(received.status, received.headers, received.text())


def _body(data: str | None, body_type: str) -> Any:
    if data is None:
        return None
    text = sys.stdin.read() if data == "-" else _read(data[1:]) if data.startswith("@") else data
    if body_type == "raw":
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SystemExit(f"--data is not JSON: {error}. Send text as it is with --body-type raw.") from None


def _read(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except OSError as error:
        raise SystemExit(f"`{file}` cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise SystemExit(f"`{file}` is not UTF-8.") from None


def _pair(text: str, separator: str, option: str) -> tuple[str, str]:
    name, found, value = text.partition(separator)
    if not found or not name:
        raise SystemExit(f"{option} {text!r} is no `name{separator}value`.")
    return name.strip(), value.strip()


def _query(pairs: Iterable[str]) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    for pair in pairs:
        name, value = _pair(pair, "=", "--query")
        query.setdefault(name, []).append(value)
    return query


def _shown_request(request: Request, secrets: Iterable[str]) -> str:
    masked = headers.masked(request.headers)
    lines = [f"{name}: {masked[name.lower()]}" for name in request.headers]
    head = "\n".join([f"{request.method} {request.url}", *lines])
    return headers.redacted(f"{head}\n\n{_text(request.body)}".rstrip(), secrets)


def _text(content: Content | None) -> str:
    if content is None:
        return ""
    if content.data is None:
        size = "unknown size" if content.length is None else f"{content.length} bytes"
        return f"({content.media_type}, {size})"
    text = content.data[:SHOWN_BYTES].decode("utf-8", "replace")
    return text if len(content.data) <= SHOWN_BYTES else f"{text}… ({len(content.data)} bytes)"


def _shown_answer(answer: Answer) -> str:
    shown = answer.xcom()
    lines = [f"{name}: {value}" for name, value in shown["headers"].items()]
    body = shown["body"]
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    return _CONTROLS.sub("\ufffd", "\n".join([f"{answer.status}", *lines, "", text[:SHOWN_BYTES]]))
