"""Why no answer came, and what to do, in one sentence without the query or any secret."""

from __future__ import annotations

import os
import socket
import ssl
from collections.abc import Iterator

from hookline.exceptions import NoAnswer, UndecodedAnswer
from hookline.http.request import Request
from hookline.http.response import Received
from hookline.http.target import Target

PERHAPS_DONE = "the request may have been carried out"
NOT_SENT = "nothing was sent"


def no_connection_in_time(request: Request, target: Target) -> NoAnswer:
    """Return the error for a connection that did not come about in time."""
    return NoAnswer(
        f"{request}: no connection within {target.connect_timeout:g} s, {NOT_SENT}; check host, port and "
        "firewall, or raise the Connection's connect_timeout",
    )


def no_answer_in_time(request: Request, seconds: float, extra: str) -> NoAnswer:
    """Return the error for an answer that does not begin, or pauses too long; ``extra`` names the limit."""
    return NoAnswer(
        f"{request}: no answer within {seconds:g} s, {PERHAPS_DONE}; raise the Connection's {extra}"
    )


def incomplete(request: Request, status: int, seconds: float, extra: str) -> NoAnswer:
    """Return the error for a body that takes too long; ``extra`` names the limit."""
    return NoAnswer(
        f"{request} -> {status}, but the body was not complete after {seconds:g} s; "
        f"raise the Connection's {extra}"
    )


def proxy_failed(request: Request) -> NoAnswer:
    """Return the error for a proxy that does not do its part."""
    return NoAnswer(
        f"{request}: the proxy did not connect; check HTTP_PROXY, HTTPS_PROXY and NO_PROXY of this process, "
        "or the Connection's proxy",
    )


def unsendable(request: Request) -> NoAnswer:
    """Return the error for an address or header that the client does not take."""
    return NoAnswer(
        f"{request}: the address or a header cannot be sent, {NOT_SENT}; check host, path and headers",
        final=True,
    )


def broken_encoding(request: Request, received: Received) -> UndecodedAnswer:
    """Return the error for a body that cannot be decompressed."""
    return UndecodedAnswer(
        f"{request}: the answer's compression is broken ({received.unread}), and the request was carried out",
        received,
    )


def unreadable_body(request: Request, reason: object) -> NoAnswer:
    """Return the error for a body that turns out while it is sent to be none that can be."""
    return NoAnswer(f"{request}: {reason}; it was begun, and {PERHAPS_DONE}", final=True)


def malformed_head(request: Request) -> NoAnswer:
    """Return the error for an answer whose header fields no client should read."""
    return NoAnswer(f"{request}: a header of the answer holds a control character, {PERHAPS_DONE}")


def broken(request: Request, error: BaseException, *, connected: bool = True) -> NoAnswer:
    """Return the error for a connection that broke, or was not made, by its innermost cause."""
    done = PERHAPS_DONE if connected else NOT_SENT
    match innermost := cause(error):
        case socket.gaierror():
            reason = f"the host name is not known, {NOT_SENT}; check the host for a slip"
        case ConnectionRefusedError():
            reason = f"nothing listens there (connection refused), {NOT_SENT}; check host and port"
        case ssl.SSLCertVerificationError():
            return NoAnswer(
                f"{request}: the certificate is not trusted ({innermost.verify_message.rstrip('.')}), "
                f"{NOT_SENT}; set the Connection's verify to the path of the CA bundle that signed it",
                final=True,
            )
        case ssl.SSLError():
            reason = (
                f"TLS failed ({innermost.reason}); check whether this port speaks https, and whether it "
                "wants a client certificate"
            )
        case OSError() if innermost.errno:
            reason = f"the connection failed ({os.strerror(innermost.errno)}), {done}"
        case _:
            reason = f"the connection broke ({type(innermost).__name__}), {done}"
    return NoAnswer(f"{request}: {reason}")


def cause(error: BaseException) -> BaseException:
    """Return the innermost error, which says what happened."""
    return list(chain(error))[-1]


def chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was made of, to the innermost."""
    yield error
    reason = getattr(error, "reason", None)
    for inner in (reason, *error.args, error.__cause__, error.__context__):
        if isinstance(inner, BaseException) and inner is not error:
            yield from chain(inner)
            return
