"""Registers Hookline with Airflow.

Every Airflow process imports this file, so it imports nothing heavy: the web application is made only
where one is served. Airflow may find the file twice, in its plugins folder and through the
distribution's entry point; it is registered once.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

from airflow.plugins_manager import AirflowPlugin


class HooklinePlugin(AirflowPlugin):  # type: ignore[misc]  # untyped base
    """Mounts the web application under ``/hooks``."""

    name = "hookline"

    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:
        """Return the application; asked for by the api-server and ``airflow plugins`` only."""
        from hookline.server import PREFIX, create_app

        return [{"app": create_app(management=True), "url_prefix": PREFIX, "name": "Hookline"}]

    @cached_property
    def external_views(self) -> list[dict[str, Any]]:
        """Return the console, and its tabs on a Dag, a run, a task and a task instance."""
        from hookline.console.views import views

        return views()

    @cached_property
    def global_operator_extra_links(self) -> list[Any]:
        """Return the button of steps that have a webhook; asked for by the api-server only."""
        from hookline.console.link import StepWebhookLink

        return [StepWebhookLink()]

    @cached_property
    def fastapi_root_middlewares(self) -> list[dict[str, Any]]:
        """Return what lets browsers' requests from other origins reach the sources, and marks steps."""
        from hookline.console.marked import StepMarks
        from hookline.ingress.mounted import CrossOrigin
        from hookline.server import PREFIX

        return [
            {"middleware": CrossOrigin, "kwargs": {"path": f"{PREFIX}/in/"}, "name": "Hookline"},
            {"middleware": StepMarks, "name": "Hookline step marks"},
        ]


def _in_plugins_folder() -> bool:
    from airflow import settings

    folder = settings.PLUGINS_FOLDER
    return bool(folder) and Path(folder).resolve() == Path(__file__).resolve().parent


# A second plugin of the same name would show as an import error in the web UI.
ENTRY_POINT = None if _in_plugins_folder() else HooklinePlugin
"""What the distribution's entry point ``airflow.plugins`` names."""
