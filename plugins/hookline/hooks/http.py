"""Call an HTTP API with a Connection of type ``http_connector``."""

from __future__ import annotations

import json
import time
from collections.abc import Collection, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from hookline.exceptions import CallError, ConfigurationError
from hookline.http.body import json_content
from hookline.http.request import Request, compose
from hookline.http.response import Answer, Received, read, require_status
from hookline.http.target import Target, anonymous, from_fields

if TYPE_CHECKING:
    from airflow.sdk import Connection

    from hookline.http.transport import Transport


class HttpConnectorHook(BaseHook):
    """Sends one request at a time, authenticated as the Connection says, and reads the answer.

    Connections to the server stay open between calls; ``with`` or :meth:`close` ends them.

    :param http_conn_id: Connection of type ``http_connector``; None to call whole URLs without one.
    """

    conn_name_attr = "http_conn_id"
    default_conn_name = "http_connector_default"
    conn_type = "http_connector"
    hook_name = "HTTP Connector (Hookline)"

    def __init__(self, http_conn_id: str | None = default_conn_name, logger_name: str | None = None) -> None:
        super().__init__(logger_name)
        self.http_conn_id = http_conn_id

    def __enter__(self) -> HttpConnectorHook:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the server."""
        if "_transport" in self.__dict__:
            self._transport.close()
            del self._transport

    def call(
        self,
        method: str,
        path: str = "",
        *,
        url: str | None = None,
        body: Any = None,
        headers: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        expected_status: int | Collection[int] | None = None,
    ) -> Answer:
        """Send one request and return the answer. Nothing is sent twice, and redirects are not followed.

        :param method: for example ``"POST"``.
        :param path: below the Connection's base path; may hold a query.
        :param url: whole address instead of ``path``. A Connection that has credentials or default headers
            accepts only its own server here.
        :param body: sent as JSON, see :mod:`hookline.http.body`; None sends no body.
        :param headers: replace the Connection's headers of the same name.
        :param query: added to the address; a list repeats its name, None is left out.
        :param expected_status: the status, or the statuses, of success; 2xx without it.
        :raises ConfigurationError: the Connection or an argument cannot be used as it is.
        :raises NoAnswer: no connection, a broken one, or a timeout.
        :raises UnexpectedStatus: any other status.
        :raises UnreadableAnswer: the answer is too large, or not the JSON it says it is.
        """
        target = self._target(url)
        content = None if body is None else json_content(body)
        request = compose(target, method, path, address=url, content=content, fields=headers, query=query)
        received = self._send(request, target)
        require_status(request, received, expected_status, target.secrets | request.secrets)
        return read(received)

    def test_connection(self) -> tuple[bool, str]:
        """Send HEAD, then GET where HEAD does not do, to the base URL; for the Test button of the UI.

        Any answer but 401, 403 and 5xx is a success: an API need not have anything at its base URL.
        """
        try:
            target = self._target(None)
            for method in ("HEAD", "GET"):
                request = compose(target, method)
                status = self._transport.probe(request, target).status
                if status < 400:
                    break
        except (ConfigurationError, CallError) as error:
            return False, str(error)
        finally:
            self.close()
        if status in {401, 403}:
            return False, f"{request} -> {status}: the server is there but refuses these credentials"
        if status >= 500:
            return False, f"{request} -> {status}: the server is there but fails"
        return True, f"{request} -> {status}"

    def _send(self, request: Request, target: Target) -> Received:
        if target.verify is False and request.url.startswith("https:"):
            self.log.warning("TLS certificates are not verified: extra `verify` of %s", self.http_conn_id)
        started = time.monotonic()
        received = self._transport.send(request, target)
        self.log.info(
            "%s -> %d in %.2f s, %d bytes",
            request,
            received.status,
            time.monotonic() - started,
            len(received.content),
        )
        return received

    def _target(self, url: str | None) -> Target:
        if self.http_conn_id is not None:
            return self._connection_target
        if url is None:
            raise ConfigurationError("neither http_conn_id nor url is given; one of them says where to call")
        return anonymous(url)

    @cached_property
    def _connection_target(self) -> Target:
        from airflow.sdk.log import mask_secret

        try:
            target = _target_of(self.get_connection(str(self.http_conn_id)), self.conn_type)
        except ConfigurationError as error:
            raise ConfigurationError(f"Connection `{self.http_conn_id}`: {error}") from None
        for secret in target.secrets:
            mask_secret(secret)
        return target

    @cached_property
    def _transport(self) -> Transport:
        from hookline.http.transport import Transport

        return Transport()


def _target_of(connection: Connection, conn_type: str) -> Target:
    if connection.conn_type != conn_type:
        raise ConfigurationError(f"its type is {connection.conn_type!r}; make it {conn_type!r}")
    return from_fields(
        host=connection.host,
        schema=connection.schema,
        port=connection.port,
        login=connection.login,
        password=connection.password,
        extra=_extra(connection.extra),
    )


def _extra(text: str | None) -> dict[str, Any]:
    try:
        extra = json.loads(text or "{}")
    except ValueError:
        extra = None
    if not isinstance(extra, dict):
        raise ConfigurationError('its extra is not a JSON object such as {"auth_type": "none"}')
    return extra
