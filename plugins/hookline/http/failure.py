"""Why no answer came, and what to do, in one sentence without the query or any secret."""

from __future__ import annotations

import os
import socket
import ssl
from pathlib import Path

from hookline.exceptions import ConfigurationError, NoAnswer
from hookline.http.request import Request
from hookline.http.target import Target

PERHAPS_DONE = "the request may have been carried out"


def require_ca_bundle(verify: bool | str) -> None:
    """Raise ``ConfigurationError`` if ``verify`` names a CA bundle that is not there."""
    if isinstance(verify, str) and not Path(verify).exists():
        raise ConfigurationError(
            f"the CA bundle {verify} does not exist on this machine; correct the Connection's verify, or "
            "REQUESTS_CA_BUNDLE of this process"
        )


def no_answer(request: Request, target: Target, error: Exception) -> NoAnswer:
    """Return the error that stands for one of requests, urllib3 or the operating system."""
    return NoAnswer(f"{request}: {_reason(target, error)}")


def _reason(target: Target, error: Exception) -> str:
    import requests
    import urllib3

    match error:
        case requests.exceptions.ProxyError():
            return "the proxy did not connect; check HTTP_PROXY, HTTPS_PROXY and NO_PROXY of this process"
        case requests.ConnectTimeout():
            return (
                f"no connection within {target.connect_timeout:g} s, nothing was sent; check host, port and "
                "firewall, or raise the Connection's connect_timeout"
            )
        case requests.ReadTimeout() | urllib3.exceptions.ReadTimeoutError():
            return f"no answer within {target.timeout:g} s, {PERHAPS_DONE}; raise the Connection's timeout"
        case requests.exceptions.InvalidURL() | requests.exceptions.InvalidHeader():
            return "the address or a header cannot be sent, nothing was sent; check host, path and headers"
        case urllib3.exceptions.DecodeError():
            return "the answer's compression is broken, and the request was carried out"
    return _broken(_cause(error))


def _broken(cause: BaseException) -> str:
    match cause:
        case socket.gaierror():
            return "the host name is not known, nothing was sent; check the host for a slip"
        case ConnectionRefusedError():
            return "nothing listens there (connection refused), nothing was sent; check host and port"
        case ssl.SSLCertVerificationError():
            return (
                f"the certificate is not trusted ({cause.verify_message.rstrip('.')}), nothing was sent; "
                "set the Connection's verify to the path of the CA bundle that signed it"
            )
        case ssl.SSLError():
            return f"TLS failed ({cause.reason}); check whether this port speaks https"
        case OSError() if cause.errno:
            return f"the connection failed ({os.strerror(cause.errno)}), {PERHAPS_DONE}"
    return f"the connection broke ({type(cause).__name__}), {PERHAPS_DONE}"


def _cause(error: BaseException) -> BaseException:
    reason = getattr(error, "reason", None)
    inner = [item for item in (reason, *error.args, error.__cause__) if isinstance(item, BaseException)]
    return _cause(inner[0]) if inner else error
