"""The button of a task instance that leads to what became of its step webhooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk import BaseOperatorLink
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from hookline import config
from hookline.console.page import MOUNT
from hookline.database import autocommit
from hookline.observe.models import Registered
from hookline.steps.declared import KEY

if TYPE_CHECKING:
    from airflow.sdk.types import TaskInstanceKey


def address(dag_id: str, task_id: str, run_id: str, map_index: int) -> str:
    """Return the console's page of a task instance."""
    parts = (dag_id, task_id, run_id, str(map_index))
    return f"{config.base_url()}{MOUNT}/tasks/{'/'.join(quote(part, safe='') for part in parts)}"


class StepWebhookLink(BaseOperatorLink):
    """Shown for steps that have a webhook; Airflow's web UI leaves out a link that is None.

    A global link: Airflow asks for it on the server, also where no worker lived to leave one.
    """

    @property
    def name(self) -> str:
        """What the button says."""
        return "Step webhooks"

    def get_link(self, operator: Any, *, ti_key: TaskInstanceKey) -> str:
        """Return the address; empty where the step has no webhook."""
        if not self._has(operator, ti_key):
            return ""
        return address(ti_key.dag_id, ti_key.task_id, ti_key.run_id, ti_key.map_index)

    @staticmethod
    def _has(operator: Any, key: TaskInstanceKey) -> bool:
        declared = (getattr(operator.dag, "default_args", None) or {}).get(KEY)
        if isinstance(declared, dict) and key.task_id in declared.get("steps", ()):
            return True
        # Of a group or a whole Dag too: the page says what there is.
        query = select(Registered.name).where(Registered.dag_id == key.dag_id).limit(1)
        try:
            with autocommit() as connection:
                return connection.execute(query).first() is not None
        except SQLAlchemyError:  # Airflow's other links do not depend on Hookline's tables
            return False
