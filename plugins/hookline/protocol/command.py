"""The command line with which a person sends a source an event: curl, and openssl where it signs."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from hookline.protocol.locator import Locator
from hookline.protocol.signatures.shell import BODY, ID, TIMES, URL, Shell, assigned, word
from hookline.protocol.source import Source

JSON = "application/json"
TYPE = "test"
"""Type of the event where nobody named one."""
NEW_ID = "ID=$(openssl rand -hex 16)"
CERTIFICATE = "It takes a client certificate too: add --cert and --key."
_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*\Z")
_SECRET = re.compile(r"\$\{?SECRET\b")
_WRITTEN = {
    "xml": ("application/xml", "<event><hello>world</hello></event>"),
    "form": ("application/x-www-form-urlencoded", "hello=world"),
    "text": ("text/plain", "hello"),
    "properties": ("text/plain", "hello=world"),
    "ndjson": ("application/x-ndjson", '{"hello": "world"}'),
    "file": ("application/octet-stream", "hello"),
}
"""Content type and body where a source reads bodies as one format, whatever they say they are."""


@dataclass(frozen=True, slots=True)
class Event:
    """What is to be sent.

    :param path: what follows the source's name in its URL.
    :param headers: beside the proof and the delivery id.
    """

    body: str
    path: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON
    query: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Command:
    """Lines for a shell.

    :param takes_secret: whether they read the secret from the variable ``SECRET``.
    :param missing: what a person has to write into them before the source takes it, or empty.
    """

    text: str
    takes_secret: bool
    missing: str = ""


def command(source: Source, url: str, event: Event | None = None, example: Any = None) -> Command:
    """Return the command line that sends an event.

    :param url: of the source, without a slash at its end.
    :param event: by default one that says as little as the source takes.
    :param example: data of a vendor's event, where no least one can be made.
    :raises ConfigurationError: only the sender itself can prove who it is.
    """
    missing = ""
    if event is None:
        event, missing = _least(source, example)
    method = next((name for name in source.methods if name != "GET"), "GET")
    url = "/".join(filter(None, [url, event.path.strip("/")]))
    query = dict(event.query)
    if method == "GET":
        query["hello"] = "world"
    if query:
        url += f"?{urlencode(query)}"
    shell = source.verifier.shell(url, method)
    headers: dict[str, Any] = {} if method == "GET" else {"Content-Type": (event.content_type,)}
    headers |= {name: (value,) for name, value in event.headers.items()}
    if source.event_id is not None and source.event_id.kind == "header":
        headers[source.event_id.argument] = (ID,)
    signing = {name.lower() for name in shell.headers}
    headers = {name: value for name, value in headers.items() if name.lower() not in signing}
    headers |= shell.headers
    lines = [assigned(URL, url)]
    if method != "GET":
        lines.append(_body(event, shell))
    elif any(BODY.name in line for line in shell.lines):
        lines.append(f"{BODY.name}=")
    if any(ID in value for value in headers.values()):
        lines.append(NEW_ID)
    lines += shell.lines
    sent = [word(f"{name}: ", *value) for name, value in headers.items()]
    options = [*shell.options, *(f"-H {one}" for one in sent)]
    if method != "GET":
        options.append(f"--data-binary {word(BODY)}")
    lines.append(" \\\n  ".join([f"curl -sS -X {method} {word(URL)}", *options]))
    if source.guard is not None and source.guard.certificate is not None:
        missing = f"{missing} {CERTIFICATE}".strip()
    text = "\n".join(lines)
    return Command(text, _SECRET.search(text) is not None, missing)


def _body(event: Event, shell: Shell) -> str:
    if not shell.time_in:
        return f"{BODY.name}={shlex.quote(event.body)}"
    head = shlex.quote(f"{event.body.rstrip().removesuffix('}')}, {json.dumps(shell.time_in)}: ")
    return f"{BODY.name}={head}\"{TIMES['ms']}\"'}}'"


def _least(source: Source, example: Any) -> tuple[Event, str]:
    """Return an event with a type in its place, and what is missing where that is not known."""
    where, missing = source.event_type, ""
    content_type, text = _WRITTEN.get(source.format or "json", (JSON, ""))
    data: Any = {"hello": "world"} if example is None else example
    if where.kind == "body" and example is None:
        names = _names(where) if not text else None
        if names is None:
            missing = f"Write the event's type into the body, where the source looks for it: {where}."
        else:
            data = _nested(names, TYPE) | data
    if source.batch is not None and not text:
        data, missing = _listed(source.batch, data, missing)
    placed = {"path": TYPE} if where.kind == "path" else {}
    return Event(
        text or json.dumps(data),
        **placed,
        headers={where.argument: TYPE} if where.kind == "header" else {},
        query={where.argument: TYPE} if where.kind == "query" else {},
        content_type=content_type,
    ), missing


def _names(where: Locator) -> list[str] | None:
    """Return the members that lead to the type, where an expression, or one of its choices, is so simple."""
    choices = (choice.strip() for choice in where.argument.split("||"))
    found = next((choice for choice in choices if _NAMES.match(choice)), None)
    return found.split(".") if found else None


def _nested(names: list[str], value: Any) -> dict[str, Any]:
    for name in reversed(names):
        value = {name: value}
    return dict(value)


def _listed(batch: str, data: Any, missing: str) -> tuple[Any, str]:
    if batch == "@":
        return [data], missing
    if _NAMES.match(batch):
        return _nested(batch.split("."), [data]), missing
    return data, missing or f"Write the events into the body, where the source looks for them: {batch}."
