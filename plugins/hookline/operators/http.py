"""Operators that call an HTTP API."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator, XComArg
from airflow.sdk.exceptions import AirflowFailException

from hookline.exceptions import ConfigurationError
from hookline.hooks import arguments, storage
from hookline.operators import worker_free

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hookline.hooks.lane import Later
    from hookline.http.call import Selector
    from hookline.http.flow import Progress
    from hookline.http.pagination import Pagination

LONGEST_SLEEP = 10.0
"""Seconds; a task that has to wait longer is deferred and holds no worker meanwhile."""


class HttpConnectorOperator(BaseOperator):
    """What the operators of this module share: where a call goes, and what becomes of its answer.

    The XCom is ``{"status": int, "headers": {lower-case name: text}, "body": parsed}``; headers that carry
    secrets are ``***``.

    :param http_conn_id: Connection of type ``http_connector``.
    :param url: whole address; needs no Connection. One of the two is required.
    :param path: below the Connection's base path.
    :param headers: added to the Connection's headers, or in their place.
    :param query: query parameters; a list repeats its name, None is left out.
    :param expected_status: the status, or the statuses, of success; 2xx without it.
    :param response_filter: what to keep of the body: JMESPath, or a function of the
        :class:`~hookline.http.response.Answer`.
    :param response_check: what has to be true of the answer: JMESPath over its body, or a function of it.
    :param pagination: how to get to the next page, see :mod:`hookline.http.pagination`.
    :param save_to: path in object storage where the body goes, see :mod:`hookline.hooks.storage`.
    :param idempotency_key: True sends an ``Idempotency-Key`` that stays the same over all tries of the task
        in its run; text sends that.
    :param deferrable: run in the triggerer, without a worker, where the task allows it; see
        :mod:`hookline.operators.worker_free`.
    :param log_response: also write the answer's body to the task's log.
    :raises ConfigurationError: the arguments cannot be meant, when the Dag is parsed.
    """

    method: str

    template_fields: Sequence[str] = (
        "http_conn_id", "url", "path", "headers", "query", "save_to", "idempotency_key",
    )  # fmt: skip
    template_fields_renderers: ClassVar[dict[str, str]] = {"body": "json", "headers": "json", "query": "json"}
    ui_color = "#e4f0e8"

    guards_events = True
    trigger = "hookline.triggers.http.HttpCallTrigger"
    deferrable = False  # until the arguments are there
    start_from_trigger: Any = worker_free.StartFromTrigger()
    start_trigger_args: Any = worker_free.StartTriggerArgs()

    def __init__(
        self,
        *,
        http_conn_id: str | None = None,
        url: str | None = None,
        path: str = "",
        headers: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        expected_status: int | Collection[int] | None = None,
        response_filter: Selector | None = None,
        response_check: Selector | None = None,
        pagination: Pagination | Callable[..., Any] | None = None,
        save_to: Any = None,
        idempotency_key: bool | str = False,
        deferrable: bool | None = None,
        log_response: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.http_conn_id = http_conn_id
        self.url = url
        self.path = path
        self.headers = headers
        self.query = query
        self.expected_status = expected_status
        self.response_filter = response_filter
        self.response_check = response_check
        self.pagination = pagination
        self.save_to = save_to
        self.idempotency_key = idempotency_key
        self.deferrable = worker_free.default() if deferrable is None else deferrable
        self.log_response = log_response
        self._require_sense()

    def _require_sense(self) -> None:
        if self.http_conn_id is None and self.url is None:
            raise ConfigurationError(
                f"{type(self).__name__} `{self.task_id}` has neither http_conn_id nor url; "
                "give one of them to say where to call"
            )
        try:
            arguments.check(
                {"http_conn_id": self.http_conn_id, **self.arguments()}, templated=self.template_fields
            )
        except ConfigurationError as error:
            raise ConfigurationError(f"{type(self).__name__} `{self.task_id}`: {error}") from None

    @classmethod
    def partial(cls, **kwargs: Any) -> Any:
        """Begin a mapped task (:meth:`airflow.sdk.BaseOperator.partial`); what is not mapped is checked."""
        try:
            arguments.check(kwargs, templated=cls.template_fields)
        except ConfigurationError as error:
            raise ConfigurationError(f"{cls.__name__} `{kwargs.get('task_id')}`: {error}") from None
        return super().partial(**kwargs)

    def arguments(self) -> dict[str, Any]:
        """Return what makes the call, by :data:`hookline.hooks.arguments.NAMES`."""
        return {name: getattr(self, name) for name in arguments.NAMES if hasattr(self, name)}

    def execute(self, context: Context) -> dict[str, Any]:
        """Make the call and return its answer for XCom.

        :raises CallError: see :meth:`hookline.hooks.http.HttpConnectorHook.call`.
        """
        if self.deferrable and (reason := worker_free.obstacle(self)):
            self.log.info("Runs on a worker, although deferrable: %s", reason)
        return self._go_on(context, None)

    def resume(self, context: Context, event: object, progress: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG002
        """Go on after a wait that was too long to sleep."""
        from hookline.http.flow import Progress

        return self._go_on(context, Progress(**progress))

    def execute_complete(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Take over from the triggerer what it could not do.

        :param event: ``{"fallback": reason}``, or ``{"failure": message}`` for one that no other try mends.
        :raises AirflowFailException: a failure.
        """
        if "failure" in event:
            raise AirflowFailException(event["failure"])
        self.log.info("Runs on a worker: %s", event["fallback"])
        return self._go_on(context, None)

    def _go_on(self, context: Context, progress: Progress | None) -> dict[str, Any]:
        from hookline.hooks import calling
        from hookline.hooks.http import HttpConnectorHook
        from hookline.hooks.lane import Later

        instance = context.get("ti")
        made = calling.make(
            {"http_conn_id": self.http_conn_id, **self.arguments()},
            arguments.Task.of(instance) if instance else None,
        )
        try:
            with HttpConnectorHook(self.http_conn_id) as hook:
                answer = hook.answer(made.call, save=made.save, progress=progress, patience=LONGEST_SLEEP)
        except Later as later:
            self._defer(later)
        if self.log_response:
            self.log.info("Body of the answer: %.10000s", answer.body)
        return answer.xcom()

    def _defer(self, later: Later) -> None:
        from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger

        self.log.info("%s; the worker is free until then", later)
        self.defer(
            trigger=TimeDeltaTrigger(timedelta(seconds=later.seconds)),
            method_name="resume",
            kwargs={"progress": later.progress.to_json()},
        )


class HttpGetOperator(HttpConnectorOperator):
    """Send a GET; what it asks for stands in ``query``."""

    method = "GET"


class HttpBodyOperator(HttpConnectorOperator):
    """What the operators with a body share.

    :param body: dictionary or list; templated in depth, None sends no body. See :mod:`hookline.http.body`.
    :param body_type: ``json``, ``urlencoded``, ``form_data`` (may hold files) or ``raw``.
    :param send_null: whether fields that are None are sent as null, or left out.
    """

    template_fields: Sequence[str] = (*HttpConnectorOperator.template_fields, "body")

    def __init__(
        self, *, body: Any = None, body_type: str = "json", send_null: bool = True, **kwargs: Any
    ) -> None:
        self.body = body
        self.body_type = body_type
        self.send_null = send_null
        super().__init__(**kwargs)
        for attachment in storage.attachments(body):
            # Airflow looks for outputs in dictionaries and lists, not inside other objects.
            XComArg.apply_upstream_relationship(self, attachment.path)


class HttpPostOperator(HttpBodyOperator):
    """Send a POST."""

    method = "POST"


class HttpPutOperator(HttpBodyOperator):
    """Send a PUT."""

    method = "PUT"


class HttpCallOperator(HttpBodyOperator):
    """Send any method with any body.

    :param method: for example ``"PATCH"``.
    """

    template_fields: Sequence[str] = (*HttpBodyOperator.template_fields, "method")

    def __init__(self, *, method: str, **kwargs: Any) -> None:
        self.method = method
        super().__init__(**kwargs)
