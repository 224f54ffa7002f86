"""Options of the ``[hookline]`` section, read when they are used."""

from __future__ import annotations

import math

from hookline.exceptions import ConfigurationError

SECTION = "hookline"
LEAST = {
    "poll_interval": 0.1,
    "hold_interval": 0.1,
    "source_cache_seconds": 0.0,
    "max_body_bytes": 1.0,
    "request_timeout": 1.0,
    "refused_body_bytes": 0.0,
    "delivery_timeout": 0.1,
    "delivery_concurrency": 1.0,
    "delivery_endpoint_concurrency": 1.0,
    "delivery_max_bytes": 1.0,
    "delivery_breaker_failures": 1.0,
    "delivery_breaker_pause": 0.1,
    "delivery_disable_after": 1.0,
}
"""The numeric options, each with its smallest value: less would spin, or shut every sender out."""


def get_int(option: str) -> int:
    """Return a whole-number option; its default stands in ``provider.yaml``.

    :raises ConfigurationError: it is no number, or less than ``LEAST`` allows.
    """
    number = get_float(option)
    if not number.is_integer():
        raise ConfigurationError(f"[{SECTION}] {option} is {number:g}; it must be a whole number.")
    return int(number)


def get_float(option: str) -> float:
    """Return a number option; its default stands in ``provider.yaml``.

    :raises ConfigurationError: it is no finite number, or less than ``LEAST`` allows.
    """
    from airflow.configuration import conf

    text = conf.get_mandatory_value(SECTION, option)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number) or number < LEAST[option]:
        raise ConfigurationError(
            f"[{SECTION}] {option} is `{text}`; it must be a number of at least {LEAST[option]:g}."
        )
    return number


def get_bool(option: str) -> bool:
    """Return a yes-or-no option; its default stands in ``provider.yaml``."""
    from airflow.configuration import conf

    return conf.getboolean(SECTION, option)


def get_text(option: str) -> str:
    """Return an option as text, without white space around it; its default stands in ``provider.yaml``."""
    from airflow.configuration import conf

    return str(conf.get(SECTION, option, fallback="") or "").strip()


def secret_key() -> str:
    """Return ``[api] secret_key``, which Airflow wants to be the same on all replicas."""
    from airflow.configuration import conf

    return conf.get_mandatory_value("api", "secret_key")


def base_url() -> str:
    """Return ``[api] base_url``, where people reach the web UI, without a slash at its end."""
    from airflow.configuration import conf

    return str(conf.get("api", "base_url", fallback="") or "http://localhost:8080").rstrip("/")


def settling() -> float:
    """Return how many seconds a worker may need to see that its task has ended, and one more."""
    from airflow.configuration import conf

    return conf.getint("workers", "min_heartbeat_interval") + 1.0
