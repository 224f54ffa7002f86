"""One attempt at a delivery: from its row to a result, whatever happens."""

from __future__ import annotations

import asyncio
import json
import random
import time
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog

from hookline.connections import BackendUnavailable
from hookline.delivery.claim_check import ClaimCheck, TooLarge
from hookline.delivery.settings import Settings
from hookline.delivery.targets import Targets
from hookline.exceptions import CallError, ConfigurationError, UndecodedAnswer
from hookline.http import auth, headers
from hookline.http.body import Content
from hookline.http.body.json import encode
from hookline.http.failure import no_answer_in_time
from hookline.http.request import Request, compose
from hookline.http.response import Received, unexpected
from hookline.http.storable import storable
from hookline.outbox.message import Endpoint
from hookline.outbox.results import Result
from hookline.protocol import redelivery, retry_after
from hookline.protocol.redelivery import Outcome
from hookline.storage import StorageUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hookline.http.async_transport import AsyncTransport
    from hookline.http.target import Target

log = structlog.get_logger(__name__)

KEEP_CHARS = 4096
"""Of an answer's body."""
READ_BYTES = 2 * KEEP_CHARS
"""More than is kept, so that a secret is not cut before it is found."""
KEEP_HEADERS = 50
KEEP_HEADER_CHARS = 500
REASON_CHARS = 1000


@lru_cache(maxsize=1024)
def endpoint_of(target: str) -> Endpoint:
    """Return the endpoint that a row's ``target`` holds."""
    return Endpoint(**json.loads(target))


def trace_id(target: str) -> str | None:
    """Return the trace id that goes with a row's ``target``, 32 hexadecimal digits, or None."""
    try:
        parent = endpoint_of(target).headers.get("traceparent", "").split("-")
    except (ValueError, TypeError, ConfigurationError):
        return None
    return parent[1] if len(parent) == 4 else None


def compose_delivery(target: Target, endpoint: Endpoint, delivery_id: str, payload: str) -> Request:
    """Return the request of one attempt, signed now.

    :param payload: JSON.
    :raises ConfigurationError: it cannot be sent as it is.
    """
    fields = auth.SCHEMES[target.auth_type].fields(target)
    if fields:
        content = encode(payload, send_null=True, fields=fields)
    else:
        content = Content("application/json", (payload.encode(),))
    return compose(
        target,
        endpoint.method,
        endpoint.path,
        address=endpoint.url,
        content=content,
        fields={**endpoint.headers, "webhook-id": delivery_id},
    )


async def attempt(
    row: Any, targets: Targets, transport: AsyncTransport, settings: Settings, large: ClaimCheck
) -> Result:
    """Send a delivery once.

    :param row: of :class:`~hookline.outbox.models.Delivery`.
    :raises BackendUnavailable: a secrets backend does not answer; nothing was sent.
    """
    started_at, started = datetime.now(UTC), time.monotonic()
    request: Request | None = None
    received: Received | None = None
    secrets: frozenset[str] = frozenset()
    try:
        endpoint = endpoint_of(row.target)
        target = await targets.get(endpoint)
        secrets = target.secrets
        request = compose_delivery(target, endpoint, row.delivery_id, await large.message(row))
        secrets |= request.secrets
        try:
            received = await _exchange(request, target, transport, settings.timeout)
        except UndecodedAnswer as error:
            received = error.received  # its status says enough
        outcome = _outcome(request, received, secrets)
        if target.auth_type == "oauth2" and received.status in target.expired_status:
            await targets.refused(endpoint, target)
    except TooLarge as error:
        outcome = Outcome(reason=str(error), final=True)
    except StorageUnavailable as error:
        outcome = Outcome(reason=str(error), ours=True)
    except (CallError, ConfigurationError) as error:
        outcome = Outcome(reason=_readable(str(error), secrets))
    except BackendUnavailable:
        raise
    except Exception as error:  # a delivery that cannot be tried is a failed one, and no other waits for it
        log.exception("attempt failed", delivery=row.delivery_id)
        outcome = Outcome(reason=f"it could not be tried ({type(error).__name__}); the log says more")
    return Result(
        seq=row.seq,
        endpoint=row.endpoint,
        started_at=started_at,
        ended_at=datetime.now(UTC),
        seconds=round(time.monotonic() - started, 6),
        outcome=outcome,
        decision=redelivery.decide(settings.schedule, outcome, row.failures, random.random()),  # noqa: S311
        request_headers=_shown(request.headers, secrets) if request else "{}",
        response_headers=_shown(received.headers, secrets) if received else None,
        response_body=_beginning(received, secrets) if received else None,
    )


async def _exchange(request: Request, target: Target, transport: AsyncTransport, seconds: float) -> Received:
    try:
        async with asyncio.timeout(seconds):
            return await transport.send(request, target, excerpt=READ_BYTES)
    except TimeoutError:
        raise no_answer_in_time(request, seconds, "timeout and [hookline] delivery_timeout") from None


def _outcome(request: Request, received: Received, secrets: Iterable[str]) -> Outcome:
    status = received.status
    if 200 <= status < 300:
        return Outcome(status)
    asked = retry_after.parse(received.header("retry-after"), datetime.now(UTC))
    return Outcome(status, _readable(str(unexpected(request, received, secrets)), secrets), asked)


def _readable(reason: str, secrets: Iterable[str]) -> str:
    text: str = storable(headers.redacted(reason, secrets))
    return text[:REASON_CHARS]


def _shown(fields: Any, secrets: Iterable[str]) -> str:
    some = dict(list(fields.items())[:KEEP_HEADERS])
    shown = {
        name[:KEEP_HEADER_CHARS]: headers.redacted(value, secrets)[:KEEP_HEADER_CHARS]
        for name, value in headers.masked(some).items()
    }
    return json.dumps(shown)


def _beginning(received: Received, secrets: Iterable[str]) -> str:
    if not received.content:
        return ""
    text: str = storable(headers.redacted(received.text(), secrets))
    return text[:KEEP_CHARS]
