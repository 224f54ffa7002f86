"""The sensor of the inbound side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseSensorOperator

from hookline import parking
from hookline.parking import Criteria

if TYPE_CHECKING:
    from airflow.sdk import Context


class WebhookSensor(BaseSensorOperator):
    """Wait for an event of a source; nothing polls, and no worker and no triggerer is held.

    The XCom is the event, a CloudEvent as in ``dag_run.conf`` of an event Dag; with ``count`` a list of them,
    oldest first.

    :param source: name of the source.
    :param event_type: exact, or a pattern in which ``*`` is any text; every type without it.
    :param correlation: what the source's ``correlation`` has to find in the event; usually a template.
    :param condition: JMESPath over the event's ``data`` that has to be true.
    :param timeout: seconds, or a timedelta; ``[sensors] default_timeout`` by default. Airflow's scheduler
        looks every ``[scheduler] trigger_timeout_check_interval``, and until then an event still counts.
    :param soft_fail: skip the task when the time is up, instead of failing it.
    :param since: events received before do not count: a time, ISO 8601 text, or ``"wait"`` for the moment
        when the task begins to wait; by default the start of the run: when it was triggered or, of a run of a
        schedule, when it began.
    :param count: how many different events to wait for.
    :param within: seconds, or a timedelta, that lie between the first and the last of them at most.
    :param shared: whether other waiting tasks may have the same event; False gives each event to one task,
        to the one that waits longest.
    :raises ConfigurationError: the arguments cannot be meant, when the Dag is parsed.
    """

    template_fields: Sequence[str] = ("source", "event_type", "correlation", "condition", "since")
    ui_color = "#e4e9f0"

    def __init__(
        self,
        *,
        source: str,
        event_type: str | None = None,
        correlation: Any = None,
        condition: str | None = None,
        since: datetime | str | None = None,
        count: int = 1,
        within: timedelta | float | None = None,
        shared: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.source = source
        self.event_type = event_type
        self.correlation = correlation
        self.condition = condition
        self.since = since
        self.count = count
        self.within = within
        self.shared = shared
        self.criteria().check(f"{type(self).__name__} `{self.task_id}`")

    def criteria(self) -> Criteria:
        """Return what is waited for, as far as it is rendered."""
        return Criteria(
            source=self.source,
            event_type=self.event_type,
            correlation=self.correlation,
            condition=self.condition,
            since=self.since,
            count=self.count,
            within=self.within,
            shared=self.shared,
        )

    def execute(self, context: Context) -> Any:
        """Park the task until the server has what it waits for.

        :raises AirflowFailException: a template came out as something that cannot be waited for.
        """
        wait = self.criteria().of(context)
        self.log.info("Waits for %s", wait.described())
        parking.park_for_events(wait, timedelta(seconds=self.timeout))

    def on_events(self, context: Context, event: Mapping[str, Any], hookline_wait: Any) -> Any:  # noqa: ARG002
        """Return what came.

        :raises AirflowSensorTimeout: the time was up.
        """
        return parking.events(event, hookline_wait)
