"""From the payload to what is sent and where: the filter, the headers and the body of a definition."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hookline.exceptions import ConfigurationError
from hookline.outbox.message import MOST_BYTES, Endpoint
from hookline.protocol import expression
from hookline.steps import template
from hookline.steps.definition import StepWebhook, Unusable

MAX_HEADER = 1000
TRACE = "traceparent"


@dataclass(frozen=True)
class Made:
    """What is sent.

    :param size: bytes of the body, 0 where it is the payload.
    """

    endpoint: Endpoint
    body: Any
    size: int


def compose(
    webhook: StepWebhook | Unusable, document: dict[str, Any], carrier: Mapping[str, str] | None = None
) -> Made | None:
    """Return what a webhook sends of a payload; None where its filter is not true.

    :param carrier: the run's trace, of which its messages are a part (https://www.w3.org/TR/trace-context/).
    :raises ConfigurationError: it cannot be used as it is.
    """
    if isinstance(webhook, Unusable):
        raise ConfigurationError(webhook.problem)
    if webhook.filter is not None and not _true(expression.search(webhook.filter, document)):
        return None
    body, size = _body(webhook, document)
    return Made(_endpoint(webhook, document, carrier), body, size)


def _endpoint(webhook: StepWebhook, document: Any, carrier: Mapping[str, str] | None) -> Endpoint:
    headers = {name: _header(text, document) for name, text in webhook.headers.items()}
    if carrier and TRACE in carrier and not any(name.lower() == TRACE for name in headers):
        headers[TRACE] = carrier[TRACE]
    return Endpoint(
        conn_id=webhook.conn_id,
        url=webhook.url,
        path=webhook.path,
        method=webhook.method,
        auth=webhook.auth,
        headers=headers,
        ordered=webhook.ordered,
    )


def _header(text: str, document: Any) -> str:
    # What data says must neither end the field nor be refused for its script.
    filled = template.text(str(text), document)[:MAX_HEADER]
    return "".join(char if " " <= char <= "~" else "?" for char in filled).strip()


def _body(webhook: StepWebhook, document: dict[str, Any]) -> tuple[Any, int]:
    if webhook.body is None:
        return document, 0
    if isinstance(webhook.body, str):
        made = expression.search(webhook.body, document)
    else:
        made = template.fill(webhook.body, document)
    size = 0
    try:
        # Piece by piece: a short expression can make a body without end.
        for piece in json.JSONEncoder(allow_nan=False).iterencode(made):
            size += len(piece)
            if size > MOST_BYTES:
                raise ConfigurationError(f"its body is over the {MOST_BYTES} bytes that any may have")
    except (TypeError, ValueError, RecursionError):
        raise ConfigurationError("its body is no JSON") from None
    return made, size


def _true(value: Any) -> bool:
    # Truth as in JMESPath's own specification: zero is true.
    return not (value is None or value is False or value in ("", [], {}))
