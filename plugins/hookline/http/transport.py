"""Sending a request and reading its answer with requests, synchronously.

The adapter is used without ``requests.Session.send``: that would read a redirect's whole body into memory
even if told not to follow it, look for credentials in ``.netrc``, and carry cookies from one call to the
next (``requests/sessions.py``). Proxies and CA bundles of the environment still count.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hookline.exceptions import NoAnswer, UnreadableAnswer
from hookline.http import failure
from hookline.http.request import Request
from hookline.http.response import Received
from hookline.http.target import Target

if TYPE_CHECKING:
    import requests

CHUNK_BYTES = 64 * 1024


class Transport:
    """Keeps connections open between calls; close it, or use it in a ``with`` statement."""

    def __init__(self) -> None:
        import requests

        self._session = requests.Session()

    def __enter__(self) -> Transport:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def send(self, request: Request, target: Target) -> Received:
        """Send ``request`` within the limits of ``target`` and return the answer, whatever its status.

        :raises NoAnswer: no connection, a broken one, or the answer was not complete in time.
        :raises UnreadableAnswer: the body is larger than ``max_response_bytes``.
        :raises ConfigurationError: the CA bundle does not exist.
        """
        deadline = time.monotonic() + target.connect_timeout + target.timeout
        with self._opened(request, target) as response:
            return Received(
                response.status_code, dict(response.headers), _content(response, request, target, deadline)
            )

    def probe(self, request: Request, target: Target) -> Received:
        """Send ``request`` and return the answer without its body; raises as :meth:`send` does."""
        with self._opened(request, target) as response:
            return Received(response.status_code, dict(response.headers), b"")

    @contextlib.contextmanager
    def _opened(self, request: Request, target: Target) -> Iterator[requests.Response]:
        import requests
        import urllib3

        environment = self._session.merge_environment_settings(request.url, {}, True, target.verify, None)
        verify = environment["verify"] or False
        failure.require_ca_bundle(verify)
        try:
            response = self._session.get_adapter(request.url).send(
                requests.Request(request.method, request.url, request.headers, data=request.body).prepare(),
                stream=True,
                timeout=(target.connect_timeout, target.timeout),
                verify=verify,
                proxies=environment["proxies"],
            )
            with contextlib.closing(response):
                yield response
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            # The original names the query, and with a proxy its password.
            raise failure.no_answer(request, target, error) from None


def _content(response: requests.Response, request: Request, target: Target, deadline: float) -> bytes:
    content = bytearray()
    # Not iter_content: it waits until a whole chunk is there, however slowly the bytes drip.
    while chunk := response.raw.read1(CHUNK_BYTES, decode_content=True):
        content += chunk
        if len(content) > target.max_response_bytes:
            raise UnreadableAnswer(
                f"{request} -> {response.status_code}, but it is over {target.max_response_bytes} bytes; "
                "ask for less, or raise max_response_bytes of the Connection"
            )
        if time.monotonic() > deadline:
            raise NoAnswer(
                f"{request} -> {response.status_code}, but the body was not complete after "
                f"{target.connect_timeout + target.timeout:g} s; raise the Connection's timeout"
            )
    return bytes(content)
