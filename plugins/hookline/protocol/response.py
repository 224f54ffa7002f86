"""The answer to a request that a source or a task decides: what it may be, and how it travels.

Public answers share their origin with Airflow's session, so names of header fields and content types are
taken from lists: nothing sets a cookie, nothing steers a proxy (``X-Accel-Redirect``, ``X-Sendfile``), no
answer is a page.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hookline.exceptions import ConfigurationError

KEY = "hookline_response"
"""Key of the XCom by which a task's answer reaches the server."""
MAX_BYTES = 256 * 1024
MAX_VALUE = 2000
HEADERS = frozenset(
    {
        "content-language", "content-type", "etag", "idempotency-key", "last-modified", "link", "location",
        "request-id", "retry-after", "x-correlation-id", "x-request-id",
    }
)  # fmt: skip
"""Lower-case names; so are all that begin with ``x-hookline-``."""
JSON = "application/json"
TEXT = "text/plain"
TYPES = frozenset(
    {
        JSON, TEXT, "application/cloudevents+json", "application/x-www-form-urlencoded", "application/xml",
        "text/csv", "text/xml",
    }
)  # fmt: skip
_OWN = re.compile(r"x-hookline-[a-z0-9-]{1,50}\Z")
_VALUE = re.compile(r"[\x20-\x7e]*\Z")
_CHARSET = re.compile(r' *;? *charset="?(utf-8|us-ascii)"?\Z', re.IGNORECASE)
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Without meaning here: partial content, not modified, a proxy's own.
_NEVER = frozenset({205, 206, 304, 407})


@dataclass(frozen=True, slots=True)
class Response:
    """One answer.

    :param status: 2xx, 4xx, 5xx, or a redirect.
    :param headers: lower-case names; ``content-type`` is always among them where there is a body.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes = b""


def compose(
    status: Any = 200, headers: Any = None, body: Any = None, content_type: str | None = None
) -> Response:
    """Make an answer out of what an author gives.

    :param headers: names out of :data:`HEADERS`, in any case.
    :param body: a dictionary, list, number, boolean is sent as JSON, text as ``text/plain``, None not at all.
    :param content_type: out of :data:`TYPES`; wins over ``headers``.
    :raises ConfigurationError: with what is not allowed and what is.
    """
    fields = check_headers(headers)
    if content_type:
        fields["content-type"] = check_type(content_type)
    code = check_status(status)
    if code in _REDIRECTS and "location" not in fields:
        raise ConfigurationError(f"`status` {code} needs the header `Location`.")
    if body is None or code == 204:
        fields.pop("content-type", None)
        return Response(code, fields)
    if isinstance(body, str):
        content = body.encode("utf-8", "replace")
        fields.setdefault("content-type", f"{TEXT}; charset=utf-8")
    else:
        content = _json(body)
        fields.setdefault("content-type", JSON)
    if len(content) > MAX_BYTES:
        raise ConfigurationError(f"The body takes {len(content)} bytes; an answer may have {MAX_BYTES}.")
    return Response(code, fields, content)


def dump(response: Response) -> str:
    """Return the answer as the text that :func:`load` reads."""
    content = response.content.decode("utf-8")
    return json.dumps({"status": response.status, "headers": dict(response.headers), "body": content})


def load(text: Any) -> Response:
    """Read what a task left; it is checked again, since any task may write an XCom.

    :raises ConfigurationError: it is no answer, or one that is not allowed.
    """
    try:
        given = json.loads(text)
        status, headers, body = given["status"], given["headers"], given["body"]
    except (TypeError, ValueError, KeyError, RecursionError):
        raise ConfigurationError(f"The XCom `{KEY}` holds no answer.") from None
    if not isinstance(body, str):
        raise ConfigurationError(f"The XCom `{KEY}` holds no answer.")
    return compose(status, headers, body or None)


def check_status(status: Any) -> int:
    """Return the status.

    :raises ConfigurationError: no answer may have it.
    """
    if isinstance(status, bool) or not re.fullmatch(r"[2345][0-9]{2}", str(status)):
        raise ConfigurationError("`status` is a number out of 200 to 599.")
    code = int(status)
    if code in _NEVER or (300 <= code < 400 and code not in _REDIRECTS):
        raise ConfigurationError(f"`status` {code} means nothing to a sender; choose another one.")
    return code


def check_headers(headers: Any) -> dict[str, str]:
    """Return the header fields under lower-case names.

    :raises ConfigurationError: a name is not in the list, or a value is no printable ASCII.
    """
    if headers is None:
        return {}
    if not isinstance(headers, Mapping):
        raise ConfigurationError("`headers` is an object of names and texts.")
    fields: dict[str, str] = {}
    for name, value in headers.items():
        lower = str(name).lower()
        if lower not in HEADERS and not _OWN.match(lower):
            allowed = ", ".join(sorted(HEADERS))
            raise ConfigurationError(
                f"The header `{str(name)[:100]}` may not be set; allowed are {allowed} and x-hookline-…"
            )
        if isinstance(value, bool) or not isinstance(value, str | int) or not _fits(str(value)):
            raise ConfigurationError(f"The header `{lower}` takes printable ASCII of at most {MAX_VALUE}.")
        fields[lower] = check_type(str(value)) if lower == "content-type" else str(value)
    location = fields.get("location", "/")
    if not re.match(r"https?://|/(?![/\\])", location):
        raise ConfigurationError("`Location` is an http or https URL, or a path.")
    return fields


def check_type(content_type: str) -> str:
    """Return the content type as it is sent.

    :raises ConfigurationError: answers may not have it.
    """
    kind, mark, parameters = content_type.partition(";")
    kind = kind.strip().lower()
    if kind not in TYPES or (mark and not _CHARSET.match(parameters)):
        raise ConfigurationError(f"The content type is one of {', '.join(sorted(TYPES))}, in UTF-8.")
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _fits(value: str) -> bool:
    return len(value) <= MAX_VALUE and _VALUE.match(value) is not None


def _json(body: Any) -> bytes:
    try:
        return json.dumps(body, allow_nan=False).encode("ascii")
    except (TypeError, ValueError, RecursionError) as error:
        raise ConfigurationError(f"The body cannot be written as JSON: {error}") from None
