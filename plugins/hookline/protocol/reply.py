"""How a source answers an event it took: the extras ``respond`` and ``respond…``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote_plus
from xml.sax.saxutils import escape

from hookline.exceptions import ConfigurationError
from hookline.protocol import response
from hookline.protocol.response import JSON, TEXT, Response

OPTIONS = frozenset({"respond", "respond_timeout", "response_status", "response_headers", "response_body"})
SECONDS = 10.0
MAX_SECONDS = 300.0
MAX_TEMPLATE = 4096
PLACEHOLDERS = ("event_id", "status", "duplicate", "source", "type")
_PLACEHOLDER = re.compile(r"\{([a-z_]{1,40})\}")
compact = json.JSONEncoder(separators=(",", ":")).encode
"""Made once: ``json.dumps`` with separators would make an encoder for each answer."""
_SAMPLE: dict[str, Any] = dict.fromkeys(PLACEHOLDERS, "a") | {"duplicate": False}


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to an event that was taken.

    :param finished: whether the request waits for the event's run.
    :param seconds: how long it waits at most.
    :param status: HTTP status, or None for Hookline's own.
    :param headers: further header fields, lower-case names.
    :param template: the body with placeholders, or None for Hookline's own.
    """

    finished: bool = False
    seconds: float = SECONDS
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    template: str | None = None

    @property
    def plain(self) -> bool:
        """Whether this is Hookline's own answer, given at once."""
        return not (self.finished or self.status or self.headers or self.template is not None)

    def make(self, status: int, values: Mapping[str, Any]) -> Response:
        """Return the answer.

        :param status: the HTTP status where the source sets none.
        :param values: what the placeholders stand for; all of it is the body where the source sets none.
        """
        code = self.status or status
        fields = dict(self.headers)
        if code == 204:
            fields.pop("content-type", None)
            return Response(code, fields)
        if self.template is None:
            fields["content-type"] = JSON
            shown = {name: value for name, value in values.items() if name not in ("source", "type")}
            return Response(code, fields, compact(shown).encode("ascii"))
        return Response(code, fields, fill(self.template, fields["content-type"], values))


def parse(extra: Mapping[str, Any]) -> Reply:
    """Read the extras of a Connection.

    :raises ConfigurationError: with the first thing that is wrong and how to put it right.
    """
    respond = extra.get("respond", "accepted")
    if respond not in ("accepted", "finished"):
        raise ConfigurationError("`respond` must be one of accepted, finished.")
    status = extra.get("response_status")
    if status is not None and not re.fullmatch(r"20[0-4]", str(status)):
        raise ConfigurationError("`response_status` is one of 200, 201, 202, 203, 204: the event was taken.")
    headers = response.check_headers(_object(extra.get("response_headers")))
    template = extra.get("response_body")
    if template is not None:
        headers["content-type"] = _check_template(template, headers.get("content-type"))
    return Reply(
        finished=respond == "finished",
        seconds=_seconds(extra.get("respond_timeout", SECONDS)),
        status=None if status is None else int(status),
        headers=headers,
        template=template,
    )


def fill(template: str, content_type: str, values: Mapping[str, Any]) -> bytes:
    """Return the template with its placeholders replaced, each written as the content type needs it."""
    encode = _encoder(content_type)
    text = _PLACEHOLDER.sub(lambda found: encode(values.get(found[1], "")), template)
    return text.encode("utf-8", "replace")


def _encoder(content_type: str) -> Any:
    kind = content_type.partition(";")[0]

    def encode(value: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if kind.endswith("json"):
            return json.dumps(str(value))[1:-1]
        if kind.endswith("xml"):
            return escape(str(value), {'"': "&quot;", "'": "&apos;"})
        return quote_plus(str(value)) if kind.endswith("urlencoded") else str(value)

    return encode


def _check_template(template: Any, content_type: str | None) -> str:
    if not isinstance(template, str) or len(template) > MAX_TEMPLATE:
        raise ConfigurationError(f"`response_body` is text of at most {MAX_TEMPLATE} characters.")
    for name in _PLACEHOLDER.findall(template):
        if name not in PLACEHOLDERS:
            known = ", ".join(f"{{{one}}}" for one in PLACEHOLDERS)
            raise ConfigurationError(f"`response_body` has the unknown placeholder `{{{name}}}`; {known}.")
    is_json = _is_json(template)
    if content_type is None:
        return JSON if is_json else f"{TEXT}; charset=utf-8"
    if content_type.endswith("json") and not is_json:
        raise ConfigurationError("`response_body` is no JSON; write placeholders within quotes.")
    return content_type


def _is_json(template: str) -> bool:
    try:
        json.loads(fill(template, JSON, _SAMPLE))
    except (ValueError, RecursionError):
        return False
    return True


def _object(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise ConfigurationError('`response_headers` is a JSON object such as {"Link": "…"}.') from None


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,4}(\.[0-9]{1,3})?", str(value)):
        raise ConfigurationError("`respond_timeout` is a number of seconds.")
    if not 0 < float(value) <= MAX_SECONDS:
        raise ConfigurationError(f"`respond_timeout` is more than 0 and at most {MAX_SECONDS:g} seconds.")
    return float(value)
