"""Calling an API that answers later, by a callback."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from hookline import parking
from hookline.exceptions import ConfigurationError
from hookline.operators.http import HttpCallOperator
from hookline.parking import Criteria

if TYPE_CHECKING:
    from airflow.sdk import Context

    from hookline.http.flow import Progress

ANSWER = "answer"


class HttpCallAndWaitOperator(HttpCallOperator):
    """Call an API, hand it the URL for its callback, and wait for the callback; no worker is held meanwhile.

    In the templates of the call there are ``callback_url`` and ``correlation``: the URL of the source with
    the correlation in its query, and the correlation alone. One of the two has to go out with the call, and
    the source's ``correlation`` has to find it in the callback: ``query:correlation`` where the API calls
    the URL as it is given, else for example ``body:reference``. A callback that is there before the call is
    answered counts. The call is sent once for each try.

    The XCom is the callback, a CloudEvent; the answer to the call is the XCom ``answer``.

    :param source: name of the source that takes the callback.
    :param event_type: the callback's type, exact or with ``*``; every type without it.
    :param condition: JMESPath over the callback's ``data`` that has to be true.
    :param timeout: longest wait for the callback, seconds or a timedelta; seven days by default.
    :param callback_path: what follows the source in the URL: the type, where the source reads it there.
    :param callback_base_url: where the other side reaches this Airflow or its gateway; ``[api] base_url``
        by default.
    :param kwargs: as for :class:`~hookline.operators.http.HttpCallOperator`.
    :raises ConfigurationError: the arguments cannot be meant, when the Dag is parsed.
    """

    template_fields: Sequence[str] = (
        *HttpCallOperator.template_fields, "source", "event_type", "condition", "callback_base_url",
    )  # fmt: skip

    def __init__(
        self,
        *,
        source: str,
        method: str = "POST",
        event_type: str | None = None,
        condition: str | None = None,
        timeout: timedelta | float = timedelta(days=7),
        callback_path: str = "callback",
        callback_base_url: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.source = source
        self.event_type = event_type
        self.condition = condition
        self.timeout = timeout if isinstance(timeout, timedelta) else timedelta(seconds=timeout)
        self.callback_path = callback_path
        self.callback_base_url = callback_base_url
        super().__init__(method=method, **{**kwargs, "deferrable": False})
        name = f"{type(self).__name__} `{self.task_id}`"
        self._criteria("x").check(name)
        if kwargs.get("deferrable"):
            raise ConfigurationError(f"{name}: a call that waits for its callback starts on a worker.")

    def _criteria(self, correlation: str) -> Criteria:
        return Criteria(
            source=self.source,
            event_type=self.event_type,
            correlation=correlation,
            condition=self.condition,
        )

    def _do_render_template_fields(
        self, parent: Any, template_fields: Any, context: Any, jinja_env: Any, seen_oids: set[int]
    ) -> None:
        # Here, since a mapped task is rendered by this method alone.
        if parent is self:
            source = self.render_template(self.source, context, jinja_env)
            base = self.render_template(self.callback_base_url, context, jinja_env)
            correlation = _correlation(context)
            path = "/".join(
                quote(part) for part in (source, *self.callback_path.strip("/").split("/")) if part
            )
            query = urlencode({"correlation": correlation})
            url = f"{str(base or _base_url()).rstrip('/')}/hooks/in/{path}?{query}"
            context = {**context, "callback_url": url, "correlation": correlation}
        super()._do_render_template_fields(parent, template_fields, context, jinja_env, seen_oids)

    def _go_on(self, context: Context, progress: Progress | None) -> dict[str, Any]:
        # Before the call: a wait that cannot be must not leave a call behind that nobody waits for.
        wait = self._criteria(_correlation(context)).of(context)
        answer = super()._go_on(context, progress)
        context["ti"].xcom_push(ANSWER, answer)
        self.log.info("Waits for %s", wait.described())
        parking.park_for_events(wait, self.timeout)

    def on_events(self, context: Context, event: Mapping[str, Any], hookline_wait: Any) -> Any:  # noqa: ARG002
        """Return the callback.

        :raises AirflowSensorTimeout: the time was up.
        """
        return parking.events(event, hookline_wait)


def _correlation(context: Mapping[str, Any]) -> str:
    # Each try has an id of its own (``TaskInstance.id``), and keeps it until its end.
    return str(context["ti"].id)


def _base_url() -> str:
    from airflow.sdk.configuration import conf

    return str(conf.get("api", "base_url", fallback="") or "http://localhost:8080")
