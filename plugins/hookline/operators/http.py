"""Operators that call an HTTP API."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator

from hookline.exceptions import ConfigurationError
from hookline.hooks.http import HttpConnectorHook

if TYPE_CHECKING:
    from airflow.sdk import Context


class HttpConnectorOperator(BaseOperator):
    """What the operators of this module share: where a call goes, and what becomes of its answer.

    The XCom is ``{"status": int, "headers": {lower-case name: text}, "body": parsed}``; headers that carry
    secrets are ``***``.

    :param http_conn_id: Connection of type ``http_connector``.
    :param url: whole address; needs no Connection. One of the two is required.
    :param path: below the Connection's base path.
    :param body: dictionary or list, sent as JSON; templated in depth, None sends no body.
    :param headers: added to the Connection's headers, or in their place.
    :param query: query parameters; a list repeats its name, None is left out.
    :param expected_status: the status, or the statuses, of success; 2xx without it.
    :param log_response: also write the answer's body to the task's log.
    :raises ConfigurationError: neither ``http_conn_id`` nor ``url``, when the Dag is parsed.
    """

    method: ClassVar[str]

    template_fields: Sequence[str] = ("http_conn_id", "url", "path", "body", "headers", "query")
    template_fields_renderers: ClassVar[dict[str, str]] = {"body": "json", "headers": "json", "query": "json"}
    ui_color = "#e4f0e8"

    def __init__(
        self,
        *,
        http_conn_id: str | None = None,
        url: str | None = None,
        path: str = "",
        body: Any = None,
        headers: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        expected_status: int | Collection[int] | None = None,
        log_response: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if http_conn_id is None and url is None:
            raise ConfigurationError(
                f"{type(self).__name__} `{self.task_id}` has neither http_conn_id nor url; "
                "give one of them to say where to call"
            )
        self.http_conn_id = http_conn_id
        self.url = url
        self.path = path
        self.body = body
        self.headers = headers
        self.query = query
        self.expected_status = expected_status
        self.log_response = log_response

    def execute(self, context: Context) -> dict[str, Any]:  # noqa: ARG002  the interface of Airflow
        """Send the call once and return its answer for XCom.

        :raises CallError: see :meth:`hookline.hooks.http.HttpConnectorHook.call`.
        """
        with HttpConnectorHook(self.http_conn_id) as hook:
            answer = hook.call(
                self.method,
                self.path,
                url=self.url,
                body=self.body,
                headers=self.headers,
                query=self.query,
                expected_status=self.expected_status,
            )
        if self.log_response:
            self.log.info("Body of the answer: %.10000s", answer.body)
        return answer.xcom()


class HttpPostOperator(HttpConnectorOperator):
    """Send a POST with a JSON body."""

    method = "POST"
