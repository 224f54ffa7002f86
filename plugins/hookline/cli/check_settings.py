"""Doctor's look at the installation and at the Airflow settings that stall event-driven work."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

from airflow import plugins_manager
from airflow.configuration import conf
from airflow.providers_manager import ProvidersManager

from hookline import config, storage
from hookline.cli.finding import Finding, fail, ok, warn
from hookline.exceptions import ConfigurationError
from hookline.health import database_state
from hookline.protocol.claims import INLINE_BYTES, Claim
from hookline.storage import StorageUnavailable

SAFE_POOL = 50
QUICK_SCHEDULER = 0.2


def findings() -> Iterator[Finding]:
    """Yield what the settings say; failures first matter most."""
    yield _database()
    yield _plugin()
    yield _provider()
    yield from _options()
    yield _storage()
    yield from _sqlite()
    yield from _pool()
    yield _scheduler()
    yield _test_button()
    yield from _all_admins()
    if not conf.get("api", "base_url", fallback=""):
        yield warn(
            "[api] base_url",
            "not set",
            "Set it to the URL people and senders use, so that links and `send` lead there.",
        )


def _database() -> Finding:
    state = database_state()
    if state == "ok":
        return ok("database", "reachable, tables are there")
    return fail("database", state, "Run `airflow db migrate`, and check [database] sql_alchemy_conn.")


def _plugin() -> Finding:
    loaded, errors = plugins_manager._get_plugins()  # noqa: SLF001  Airflow shows these in its web UI only
    mine = [plugin for plugin in loaded if plugin.name == "hookline"]
    doubled = [place for place, error in errors.items() if "hookline" in f"{place} {error}".lower()]
    if not mine:
        return fail("plugin", "not loaded", "Install airflow-hookline where the api-server runs.")
    if doubled:
        return warn("plugin", f"found twice: {doubled[0]}", "Remove one of the two.")
    return ok("plugin", f"loaded from {mine[0].source}")


def _provider() -> Finding:
    provider = ProvidersManager().providers.get("airflow-hookline")
    if provider is None:
        return fail(
            "provider",
            "not registered: no connection forms, tables or commands",
            "Install the distribution: pip install airflow-hookline",
        )
    return ok("provider", f"airflow-hookline {provider.version}")


def _options() -> Iterator[Finding]:
    for option in config.LEAST:
        try:
            config.get_float(option)
        except ConfigurationError as error:
            yield fail(f"[{config.SECTION}] {option}", str(error), "Change or remove it.")


def _storage() -> Finding:
    subject = f"[{config.SECTION}] storage_path"
    root = config.get_text("storage_path")
    if not root:
        return warn(
            subject,
            f"not set: files, and bodies of more than {INLINE_BYTES} bytes, are refused with 413",
            "Set it to a folder in object storage that api-servers and workers reach, e.g."
            " s3://conn_id@bucket/hookline.",
        )
    claim = Claim(f"{root.rstrip('/')}/doctor/{uuid.uuid4()}", b"")
    try:
        storage.put([claim])
    except StorageUnavailable as error:
        return fail(subject, f"cannot be written: {error}", "Check the path and its Connection.")
    storage.remove([claim.path])
    if root.startswith(("file:", "local:", "/")):
        return warn(
            subject, "written; a folder of this machine", "Workers on other machines need one they reach too."
        )
    return ok(subject, "written and removed a file")


def _sqlite() -> Iterator[Finding]:
    if conf.get_mandatory_value("database", "sql_alchemy_conn").startswith("sqlite"):
        yield warn(
            "[database] sql_alchemy_conn",
            "SQLite: Airflow's own processes lock each other out above a few requests at a time",
            "For more than a first look use PostgreSQL.",
        )


def _pool() -> Iterator[Finding]:
    if not conf.getboolean("database", "sql_alchemy_pool_enabled", fallback=True):
        return
    size = conf.getint("database", "sql_alchemy_pool_size", fallback=5)
    if size and size < SAFE_POOL:
        yield warn(
            "[database] sql_alchemy_pool_size",
            f"{size}: the api-server stands still when more requests than that arrive at once",
            f"Set it to {SAFE_POOL} or more on the api-server, within PostgreSQL's max_connections.",
        )
    else:
        yield ok("[database] sql_alchemy_pool_size", str(size))


def _scheduler() -> Finding:
    idle = conf.getfloat("scheduler", "scheduler_idle_sleep_time", fallback=1.0)
    subject = "[scheduler] scheduler_idle_sleep_time"
    if idle <= QUICK_SCHEDULER:
        return ok(subject, f"{idle:g} s")
    return warn(subject, f"{idle:g} s: each step of a run waits that long", "Set it to 0.1 for quick runs.")


def _all_admins() -> Iterator[Finding]:
    # airflow/api_fastapi/auth/managers/simple: its middleware adds a token to every request that reaches us.
    simple = conf.get("core", "auth_manager", fallback="").endswith("SimpleAuthManager")
    if simple and conf.getboolean("core", "simple_auth_manager_all_admins", fallback=False):
        yield warn(
            "[core] simple_auth_manager_all_admins",
            "True: it adds a second Authorization header to every request",
            "Set it to False; else `basic` and `bearer` sources refuse everybody.",
        )


def _test_button() -> Finding:
    if conf.get("core", "test_connection", fallback="Disabled").strip().lower() == "enabled":
        return ok("[core] test_connection", "enabled: Connections can be tested in the web UI")
    return warn(
        "[core] test_connection",
        "not enabled: the Test button of Connections does nothing",
        "Set it to Enabled where those who edit Connections are trusted.",
    )
