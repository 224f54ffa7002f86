"""Call an HTTP API with a Connection of type ``http_connector``."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseHook

from hookline.exceptions import CallError, ConfigurationError
from hookline.hooks import calling, token
from hookline.hooks.lane import WorkerLane
from hookline.hooks.target import of_connection, of_url
from hookline.http import CONN_TYPE
from hookline.http.call import Call, Selector
from hookline.http.flow import Flow, Progress
from hookline.http.lane import drive

if TYPE_CHECKING:
    from hookline.hooks.calling import Made
    from hookline.http.pagination import Changes, Pagination
    from hookline.http.response import Answer, Received
    from hookline.http.sink import SinkFor
    from hookline.http.target import Target
    from hookline.http.transport import Transport

PATIENCE = 60.0
"""Seconds that :meth:`HttpConnectorHook.call` sleeps at most between two attempts."""


class HttpConnectorHook(BaseHook):
    """Calls an HTTP API, authenticated as the Connection says, and reads the answer.

    Connections to the server stay open between calls; ``with`` or :meth:`close` ends them.

    :param http_conn_id: Connection of type ``http_connector``; None to call whole URLs without one.
    """

    conn_name_attr = "http_conn_id"
    default_conn_name = "http_connector_default"
    conn_type = CONN_TYPE
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
        body_type: str = "json",
        send_null: bool = True,
        headers: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        expected_status: int | Collection[int] | None = None,
        response_filter: Selector | None = None,
        response_check: Selector | None = None,
        pagination: Pagination | Callable[[Answer], Changes | None] | None = None,
        save_to: Any = None,
        idempotency_key: str | None = None,
    ) -> Answer:
        """Make one call and return its answer.

        It is sent again after a connection error, a timeout and the statuses of
        :mod:`hookline.http.retry`, if its method is idempotent or it has an ``Idempotency-Key``.

        :param method: for example ``"POST"``.
        :param path: below the Connection's base path; may hold a query.
        :param url: whole address instead of ``path``. A Connection that has credentials or default headers
            accepts only its own server here.
        :param body: see :mod:`hookline.http.body`; None sends no body.
        :param body_type: ``json``, ``urlencoded``, ``form_data`` or ``raw``.
        :param send_null: whether fields that are None are sent as null, or left out.
        :param headers: replace the Connection's headers of the same name.
        :param query: added to the address; a list repeats its name, None is left out.
        :param expected_status: the status, or the statuses, of success; 2xx without it.
        :param response_filter: JMESPath over the body, or a function of the ``Answer``: what to keep.
        :param response_check: JMESPath or function that has to be true.
        :param pagination: how to get to the next page: a rule of :mod:`hookline.http.pagination`, or a
            function of the ``Answer``.
        :param save_to: path in object storage for the answer's body, see :mod:`hookline.hooks.storage`.
        :param idempotency_key: text by which the other side knows a repeated request; each call of a task
            has its own.
        :raises ConfigurationError: the Connection or an argument cannot be used as it is; nothing is sent.
        :raises NoAnswer: no connection, a broken one, or a timeout.
        :raises TryLater: the other side, or the Connection's ``rate_limit``, asks for a longer wait than
            :data:`PATIENCE`.
        :raises UnexpectedStatus: any other status.
        :raises UnexpectedAnswer: ``response_check`` does not hold.
        :raises UnreadableAnswer: the answer is too large, or not what its content type says.
        """
        return self.finish(
            calling.make(
                {
                    "http_conn_id": self.http_conn_id,
                    "method": method,
                    "path": path,
                    "url": url,
                    "body": body,
                    "body_type": body_type,
                    "send_null": send_null,
                    "headers": headers,
                    "query": query,
                    "expected_status": expected_status,
                    "response_filter": response_filter,
                    "response_check": response_check,
                    "pagination": pagination,
                    "save_to": save_to,
                    "idempotency_key": idempotency_key,
                },
                None,
            )
        )

    def finish(self, made: Made, *, on_received: Callable[[Received], None] | None = None) -> Answer:
        """Carry out a call now, or not at all; raises as :meth:`call` does.

        :param on_received: is given the last answer, also where the call fails.
        """
        lane = self._lane(made.call.address, PATIENCE, resumes=False)
        try:
            return self._driven(lane, made.call, made.save, None)
        finally:
            if on_received and lane.received is not None:
                on_received(lane.received)

    def answer(
        self,
        call: Call,
        *,
        save: SinkFor | None = None,
        progress: Progress | None = None,
        patience: float = PATIENCE,
    ) -> Answer:
        """Carry out ``call``, or go on with it.

        :param save: where the body of a successful answer goes.
        :param progress: where an earlier :class:`~hookline.hooks.lane.Later` left off.
        :param patience: longest sleep in seconds.
        :raises Later: a longer wait is asked for; a turn under the rate is taken already.
        """
        return self._driven(self._lane(call.address, patience, resumes=True), call, save, progress)

    def _lane(self, url: str | None, patience: float, *, resumes: bool) -> WorkerLane:
        target = self.target(url)
        name = self.http_conn_id or str(target.origin)
        return WorkerLane(name, target, self._transport, self.log, patience, resumes=resumes)

    def _driven(
        self, lane: WorkerLane, call: Call, save: SinkFor | None, progress: Progress | None
    ) -> Answer:
        try:
            return drive(Flow(call, lane.target, save=save, progress=progress).steps(), lane)
        finally:
            if self.http_conn_id is not None:
                self._connection_target = lane.target  # with the token that was renewed meanwhile

    def test_connection(self) -> tuple[bool, str]:
        """Send HEAD, then GET where HEAD does not do, to the base URL; for the Test button of the UI.

        Any answer but 401, 403 and 5xx is a success: an API need not have anything at its base URL.
        """
        try:
            target = self.target(None)
            for method in ("HEAD", "GET"):
                request = Call(method).request(target)
                status = self._transport.probe(request, target).status
                if status < 400:
                    break
        except (ConfigurationError, CallError) as error:
            return False, str(error)
        finally:
            self.close()
        if status in {401, 403}:
            return False, f"{request} -> {status}: the server is there but refuses these credentials"
        if status >= 500 and status != 501:
            return False, f"{request} -> {status}: the server is there but fails"
        return True, f"{request} -> {status}"

    def target(self, url: str | None = None) -> Target:
        """Return where calls go and how they authenticate.

        :param url: whole address of the call, for a hook without Connection.
        :raises ConfigurationError: the Connection cannot be used as it is, or there is neither.
        """
        if self.http_conn_id is not None:
            return self._connection_target
        if url is None:
            raise ConfigurationError("neither http_conn_id nor url is given; one of them says where to call")
        return of_url(url)

    @cached_property
    def _connection_target(self) -> Target:
        conn_id = str(self.http_conn_id)
        target = of_connection(conn_id, self.get_connection(conn_id))
        if target.auth_type == "oauth2" and (ready := token.ready(conn_id)):
            target = replace(target, access_token=ready.value)
        return target

    @cached_property
    def _transport(self) -> Transport:
        from hookline.http.transport import Transport

        return Transport()
