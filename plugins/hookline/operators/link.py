"""Asking somebody outside, and waiting for the answer without a worker."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException

from hookline import parking
from hookline.exceptions import ConfigurationError
from hookline.protocol import link, order

if TYPE_CHECKING:
    from airflow.sdk import Context

PLACEHOLDER = "{resume_url}"
WEEK = timedelta(days=7)


class ResumeUrl(str):
    """A link, and what the task has to wait for: ``park(url.wait, method=…, timeout=…)``.

    :param wait: for :func:`hookline.parking.park`; it holds the link's digest, not the link.
    """

    __slots__ = ("wait",)

    wait: dict[str, Any]


def resume_url(
    context: Mapping[str, Any],
    *,
    title: str = "",
    description: str = "",
    fields: Mapping[str, Any] | None = None,
    source: str | None = None,
    expires_in: timedelta = WEEK,
    base_url: str | None = None,
) -> ResumeUrl:
    """Return a link that lets this try of this task go on, once.

    :param context: the task's.
    :param title: of the page, what is asked.
    :param description: further text on the page.
    :param fields: JSON Schema of the answer, an object; the page is a form then.
    :param source: name of a source; who answers proves itself as its senders do, and there is no page.
    :param base_url: what stands before ``/hooks``; ``[hookline] public_url`` or ``[api] base_url`` if None.
    :raises ConfigurationError: no page can ask for the fields, or nobody knows the address.
    """
    token, digest = link.make(context["ti"].id)
    url = ResumeUrl(f"{_base(base_url)}/hooks/resume/{token}")
    url.wait = {
        "kind": link.KIND,
        "digest": digest,
        "expires": (datetime.now(UTC) + expires_in).isoformat(),
        "title": title,
        "description": description,
        "fields": _checked(fields),
        "source": source,
    }
    return url


class SendResumeLinkOperator(BaseOperator):
    """Send a link to somebody, and wait until it is answered; the XCom is the answer.

    ``{resume_url}`` in ``path``, ``query``, ``headers`` and ``body`` stands for the link. Without a
    Connection and a URL the link is the XCom ``resume_url`` of this task: whoever reads XComs has it.

    :param http_conn_id: Connection of type ``http_connector`` by which the link is sent.
    :param url: whole address to send it to; needs no Connection.
    :param expires_in: for how long the link works; then the task fails.
    """

    template_fields: Sequence[str] = (
        "http_conn_id", "url", "path", "headers", "query", "body", "title", "description", "source",
        "base_url",
    )  # fmt: skip
    template_fields_renderers: ClassVar[dict[str, str]] = {"body": "json", "headers": "json"}
    ui_color = "#e4e9f0"

    def __init__(
        self,
        *,
        http_conn_id: str | None = None,
        url: str | None = None,
        method: str = "POST",
        path: str = "",
        headers: Mapping[str, Any] | None = None,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        body_type: str = "json",
        title: str = "",
        description: str = "",
        fields: Mapping[str, Any] | None = None,
        source: str | None = None,
        expires_in: timedelta = WEEK,
        base_url: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.http_conn_id = http_conn_id
        self.url = url
        self.method = method
        self.path = path
        self.headers = headers
        self.query = query
        self.body = {"resume_url": PLACEHOLDER} if body is None else body
        self.body_type = body_type
        self.title = title
        self.description = description
        self.fields = fields
        self.source = source
        self.expires_in = expires_in
        self.base_url = base_url
        try:
            _checked(fields)
        except ConfigurationError as error:
            raise ConfigurationError(f"{type(self).__name__} `{self.task_id}`: {error}") from None

    def execute(self, context: Context) -> Any:
        """Send the link and park the task.

        :raises CallError: it could not be sent; the next try sends another one.
        """
        try:
            made = resume_url(
                context,
                title=self.title,
                description=self.description,
                fields=self.fields,
                source=self.source,
                expires_in=self.expires_in,
                base_url=self.base_url,
            )
        except ConfigurationError as error:
            raise AirflowFailException(str(error)) from None
        if self.http_conn_id or self.url:
            self._send(made)
        else:
            context["ti"].xcom_push("resume_url", str(made))
        parking.park(made.wait, method=link.METHOD, timeout=self.expires_in)

    def on_answer(self, context: Context, event: Mapping[str, Any], hookline_wait: Any) -> Any:  # noqa: ARG002
        """Return the answer.

        :raises AirflowSensorTimeout: the link has expired.
        """
        return parking.answer(event)

    def _send(self, made: ResumeUrl) -> None:
        from hookline.hooks.http import HttpConnectorHook

        with HttpConnectorHook(self.http_conn_id) as hook:
            hook.call(
                self.method,
                _filled(self.path, made),
                url=self.url,
                body=_filled(self.body, made),
                body_type=self.body_type,
                headers=_filled(self.headers, made),
                query=_filled(self.query, made),
            )


def _filled(value: Any, made: str) -> Any:
    if isinstance(value, str):
        return value.replace(PLACEHOLDER, str(made))
    if isinstance(value, Mapping):
        return {key: _filled(one, made) for key, one in value.items()}
    return [_filled(one, made) for one in value] if isinstance(value, list | tuple) else value


def _base(given: str | None) -> str:
    from airflow.sdk.configuration import conf

    base = (
        given or conf.get("hookline", "public_url", fallback="") or conf.get("api", "base_url", fallback="")
    )
    if not base:
        raise ConfigurationError(
            "Nobody knows where the link is to lead: set [hookline] public_url, or `base_url` of the task."
        )
    return str(base).rstrip("/")


def _checked(fields: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if fields is None:
        return None
    from hookline.pages.form import build
    from hookline.pages.posted import CannotShow

    noted: dict[str, Any] = order.noted(fields)
    try:
        uploads = build(noted).uploads
    except CannotShow as error:
        raise ConfigurationError(f"`fields` makes no page. {error}") from None
    if uploads:
        raise ConfigurationError("`fields` has a file, and a link takes none; use a form.")
    return noted
