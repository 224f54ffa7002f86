"""Exchanging one request for its answer with requests, synchronously.

The adapter is used without ``requests.Session.send``: that would read a redirect's whole body into memory
even if told not to follow it, look for credentials in ``.netrc``, and carry cookies from one call to the
next (``requests/sessions.py``). Proxies and CA bundles of the environment still count.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, cast

from hookline.http import egress, environment, exchange, failure, headers, tls
from hookline.http.deadline import within
from hookline.http.redirect import origin_of
from hookline.http.request import Request
from hookline.http.response import Received
from hookline.http.target import Target

if TYPE_CHECKING:
    import requests

    from hookline.http.dialing import Adapter
    from hookline.http.egress import Network
    from hookline.http.sink import SinkFor


class Transport:
    """Keeps connections open between calls; close it, or use it in a ``with`` statement."""

    def __init__(self) -> None:
        self._adapters: dict[tuple[Network, ...], Adapter] = {}

    def __enter__(self) -> Transport:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        for adapter in self._adapters.values():
            adapter.close()
        self._adapters.clear()

    def send(self, request: Request, target: Target, save: SinkFor | None = None) -> Received:
        """Send ``request`` within the limits of ``target`` and return the answer, whatever its status.

        :param save: may take the body; without a sink it is read into memory.
        :raises NoAnswer: no connection, a broken one, or the answer was not complete in time.
        :raises UnreadableAnswer: the body is larger than allowed.
        :raises EgressRefused: the address is not public, and not allowed.
        :raises ConfigurationError: a certificate does not exist, the request's body is too large.
        """
        reading = exchange.Reading(request, target)
        with self._opened(request, target, reading) as response:
            reading.begin(response.status_code, _headers(request, response), save)
            try:
                # Not iter_content: it waits until a whole chunk is there, however slowly the bytes drip.
                while chunk := response.raw.read1(exchange.CHUNK_BYTES, decode_content=False):
                    reading.take(chunk)
                reading.end()
            except BaseException:
                reading.abort()
                raise
            return reading.received()

    def probe(self, request: Request, target: Target) -> Received:
        """Send ``request`` and return the answer without its body; raises as :meth:`send` does."""
        with self._opened(request, target, exchange.Reading(request, target)) as response:
            return Received(response.status_code, _headers(request, response), b"")

    @contextlib.contextmanager
    def _opened(
        self, request: Request, target: Target, reading: exchange.Reading
    ) -> Iterator[requests.Response]:
        import requests
        import urllib3

        proxy = environment.proxy(target, request.url)
        if proxy:
            egress.require_name(origin_of(request).host, target.allowed_networks)
        try:
            with within(reading.pause):
                response = self._adapter(target).send(
                    requests.Request(
                        request.method,
                        request.url,
                        dict(request.headers),
                        data=exchange.body(request, target),
                    ).prepare(),
                    stream=True,
                    timeout=(target.connect_timeout, target.timeout),
                    cert=cast("Any", tls.context(target)),  # see Adapter
                    proxies={"http": proxy, "https": proxy} if proxy else {},
                )
                with contextlib.closing(response):
                    yield response
        except requests.exceptions.ProxyError:
            raise failure.proxy_failed(request) from None
        except requests.ConnectTimeout:
            raise failure.no_connection_in_time(request, target) from None
        except (requests.ReadTimeout, urllib3.exceptions.ReadTimeoutError):
            raise reading.late() from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidHeader):
            raise failure.unsendable(request) from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            # The original names the query, and with a proxy its password.
            if isinstance(failure.cause(error), TimeoutError):
                raise reading.late() from None
            unmade = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.NameResolutionError)
            connected = not any(isinstance(one, unmade) for one in failure.chain(error))
            raise failure.broken(request, error, connected=connected) from None

    def _adapter(self, target: Target) -> Adapter:
        from hookline.http.dialing import Adapter

        networks = target.allowed_networks
        if networks not in self._adapters:
            self._adapters[networks] = Adapter(networks)
        return self._adapters[networks]


def _headers(request: Request, response: requests.Response) -> dict[str, str]:
    fields = response.raw.headers.iteritems()
    try:
        return headers.received((name.encode("latin-1"), value.encode("latin-1")) for name, value in fields)
    except ValueError:
        raise failure.malformed_head(request) from None
