"""Where Airflow's web UI shows the console (``airflow/plugins_manager.py``, ``external_views``)."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from hookline.console.page import MOUNT

NAME = "Hookline"
TABS = {
    "dag": "dags/{DAG_ID}",
    "dag_run": "runs/{DAG_ID}/{RUN_ID}",
    "task": "tasks/{DAG_ID}/{TASK_ID}",
    "task_instance": "tasks/{DAG_ID}/{TASK_ID}/{RUN_ID}/{MAP_INDEX}",
}
"""Path of each tab; Airflow fills the braces in."""


def views() -> list[dict[str, Any]]:
    """Return the entry of the navigation, and the tabs."""
    from airflow.configuration import conf

    base = urlsplit(conf.get("api", "base_url", fallback="") or "").path.rstrip("/") + MOUNT
    return [
        {"name": NAME, "href": f"{base}/", "url_route": "hookline", "destination": "nav"},
        *(
            {"name": NAME, "href": f"{base}/{path}", "url_route": f"hookline_{place}", "destination": place}
            for place, path in TABS.items()
        ),
    ]
