"""Asking a running Airflow: its REST API, its health, Hookline's readiness."""

from __future__ import annotations

import json
from pathlib import Path

from demo.errors import DemoError
from demo.rest import Answer, request_json
from demo.settings import ADMIN


class AirflowClient:
    """Airflow with the simple auth manager.

    Args:
        url: base URL, without a slash at the end.
        passwords: the auth manager's file of passwords by user.
    """

    def __init__(self, url: str, passwords: Path) -> None:
        self.url = url
        self._passwords = passwords
        self._tokens: dict[str, str] = {}

    def api(self, method: str, path: str, value: object = None) -> Answer:
        """Call Airflow's REST API as admin; ``path`` is what follows ``/api/v2``, ``value`` becomes JSON."""
        return request_json(method, f"{self.url}/api/v2{path}", value, token=self.token())

    def password(self, user: str = ADMIN) -> str:
        """Return the password of a user for Airflow's login page."""
        password: str = json.loads(self._passwords.read_text())[user]
        return password

    def token(self, user: str = ADMIN) -> str:
        """Return a JSON Web Token for Airflow's REST API.

        Args:
            user: a name from ``[core] simple_auth_manager_users``.

        Raises:
            DemoError: Airflow does not give one.
        """
        if user not in self._tokens:
            login = {"username": user, "password": self.password(user)}
            answer = request_json("POST", f"{self.url}/auth/token", login)
            if answer.status != 201:
                raise DemoError(
                    f"Airflow gave {user} no token (status {answer.status}): {answer.body[:200]!r}"
                )
            self._tokens[user] = answer.json()["access_token"]
        return self._tokens[user]

    def not_ready(self) -> list[str]:
        """Return the names of the parts that are not ready, as far as the api-server knows."""
        health = request_json("GET", f"{self.url}/api/v2/monitor/health").json()
        if not isinstance(health, dict):
            return ["api-server"]
        missing = [name for name, part in health.items() if part.get("status") != "healthy"]
        hookline = request_json("GET", f"{self.url}/hooks/health")
        # Airflow's user interface answers 200 with a page for every path that nobody serves.
        if hookline.status != 200 or not isinstance(hookline.json(), dict):
            missing.append("hookline")
        return missing
