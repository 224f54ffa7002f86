"""Who is logged in to Airflow, by the session that Airflow's own pages have."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from hookline.ingress.request import Scope

LOGIN = "/api/v2/auth/login"
"""Airflow's own way to the login page of whichever auth manager it has, and back."""


async def user(scope: Scope) -> str | None:
    """Return the name of whoever sends the request, None if nobody is logged in.

    Airflow leaves sub-applications without authentication; ``get_user`` is what its own routes depend on
    (``airflow/api_fastapi/core_api/security.py``). Only the session's cookie counts here.
    """
    from airflow.api_fastapi.core_api.security import get_user
    from fastapi import HTTPException, Request

    try:
        found = await get_user(Request(dict(scope)), None, None)
    except HTTPException:
        return None
    return str(found.get_name())


def login(base: str, path: str) -> str:
    """Return where to log in.

    :param base: path under which Airflow is served.
    :param path: where to go afterwards.
    """
    return f"{base}{LOGIN}?{urlencode({'next': path})}"
