"""How the stack's Airflow is set up, and why.

Whatever ``AIRFLOW__SECTION__OPTION`` the caller's environment has wins over the defaults here, except for
what makes the stack this stack, its folder and its database: a shell that points to somebody's Airflow must
not have the demo migrate that database.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from demo.ports import LOOPBACK, free_port

ADMIN = "admin"
PASSWORDS = "passwords.json"
SHELL = "environment.sh"
DATABASE_OPTIONS = ("database.sql_alchemy_conn", "database.sql_alchemy_conn_async")


def variable(option: str) -> str:
    """Return the environment variable of ``section.option``."""
    return "AIRFLOW__" + option.upper().replace(".", "__")


def defaults(
    *, home: Path, dags_folder: Path, port: int, base_url: str, secrets: Mapping[str, str]
) -> dict[str, str]:
    """Return the options a caller may change, as ``section.option`` to value."""
    path = urlsplit(base_url).path.rstrip("/")
    return {
        "core.dags_folder": str(dags_folder),
        "core.load_examples": "False",
        # Empty: Hookline is registered by its distribution's entry point, and twice would be an import error.
        "core.plugins_folder": str(home / "plugins"),
        "core.executor": "LocalExecutor",
        # Worker processes. Their start costs CPU, so a few per core; more only take memory.
        "core.parallelism": str(min(16, max(4, 2 * (os.cpu_count() or 1)))),
        # An event that arrives right after a Dag was parsed starts it.
        "core.dags_are_paused_at_creation": "False",
        # The Test button of a Connection. Off by default, because who may edit Connections can make the
        # server call hosts with it; in the demo that is the person at the keyboard.
        "core.test_connection": "Enabled",
        # One user, with a password made for this home. `simple_auth_manager_all_admins` would save the login,
        # but it adds an Authorization header to every request, also to those of a sender who brings his own.
        "core.simple_auth_manager_users": f"{ADMIN}:admin",
        "core.simple_auth_manager_passwords_file": str(home / PASSWORDS),
        # The default looks the machine's name up in DNS, which hangs where there is none.
        "core.hostname_callable": "socket.gethostname",
        "core.execution_api_server_url": f"http://{LOOPBACK}:{port}{path}/execution/",
        # The same for all components: they decrypt each other's Connections and verify each other's tokens.
        "core.fernet_key": secrets["fernet_key"],
        "api.secret_key": secrets["secret_key"],
        "api_auth.jwt_secret": secrets["jwt_secret"],
        "api.host": LOOPBACK,
        "api.port": str(port),
        "api.base_url": base_url,
        # With the default pool (5 + 10), 24 or more concurrent REST triggers make the api-server stand
        # still: its event loop waits for a connection that is held by threads waiting for the loop. 90 was
        # enough for 64 clients.
        "database.sql_alchemy_pool_size": "90",
        # How long the scheduler sleeps when there was nothing to do. 1 s by default; at 0.1 s the median from
        # POST to a finished run fell from 1.64 s to 0.39 s, for 0.16 of a core.
        "scheduler.scheduler_idle_sleep_time": "0.1",
        # How long a worker may take to see that its task has ended, 5 s by default, during which it takes no
        # other and a task that parked itself is not woken.
        "workers.min_heartbeat_interval": "1",
        # A new or changed Dag file is seen within seconds instead of minutes.
        "dag_processor.refresh_interval": "2",
        "dag_processor.bundle_refresh_check_interval": "1",
        "dag_processor.dag_bundle_storage_path": str(home / "bundles"),
        # The logs are files in the home, where the api-server reads them; the log servers that pass them
        # between machines are not started. A port nobody listens on, so that the api-server does not ask the
        # log server of another Airflow on this machine.
        "logging.worker_log_server_port": str(free_port()),
        "logging.trigger_log_server_port": str(free_port()),
        "logging.base_log_folder": str(home / "logs"),
        # The components' output goes to files.
        "logging.colored_console_log": "False",
    }


def environment(
    caller: Mapping[str, str],
    *,
    home: Path,
    dags_folder: Path,
    port: int,
    database_url: str,
    secrets: Mapping[str, str],
) -> dict[str, str]:
    """Return the complete environment of every component and every ``airflow`` command of the stack."""
    base_url = caller.get(variable("api.base_url"), f"http://{LOOPBACK}:{port}")
    options = defaults(home=home, dags_folder=dags_folder, port=port, base_url=base_url, secrets=secrets)
    result = {
        variable(option): value for option, value in options.items() if not _is_set(caller, variable(option))
    }
    result.update(caller)
    for option in DATABASE_OPTIONS:
        result.pop(variable(option), None)
    result.update(
        {
            "AIRFLOW_HOME": str(home),
            "AIRFLOW_CONFIG": str(home / "airflow.cfg"),
            variable("database.sql_alchemy_conn"): database_url,
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), caller.get("PATH", os.defpath)]),
            # Logs are complete when a component is killed.
            "PYTHONUNBUFFERED": "1",
            # Components talk to each other on loopback, never through a proxy.
            "no_proxy": _without_proxy(caller),
            "NO_PROXY": _without_proxy(caller),
        }
    )
    return result


def exports(ours: Mapping[str, str], base: Mapping[str, str]) -> str:
    """Return shell commands that turn an environment like ``base`` into ``ours``."""
    changed = {name: value for name, value in ours.items() if base.get(name) != value}
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in sorted(changed.items()))


def overridden(caller: Mapping[str, str]) -> list[str]:
    """Return the names of the variables in ``caller`` that the stack does not use."""
    names = [variable(option) + suffix for option in DATABASE_OPTIONS for suffix in ("", "_CMD", "_SECRET")]
    return [name for name in ("AIRFLOW_HOME", "AIRFLOW_CONFIG", *names) if name in caller]


def _is_set(caller: Mapping[str, str], name: str) -> bool:
    return any(name + suffix in caller for suffix in ("", "_CMD", "_SECRET"))


def _without_proxy(caller: Mapping[str, str]) -> str:
    named = caller.get("no_proxy") or caller.get("NO_PROXY") or ""
    return ",".join([*filter(None, [named]), LOOPBACK, "localhost"])
