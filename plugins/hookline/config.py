"""Options of the ``[hookline]`` section, read when they are used."""

from __future__ import annotations

SECTION = "hookline"


def get_int(option: str) -> int:
    """Return a whole-number option; its default stands in ``provider.yaml``."""
    from airflow.configuration import conf

    return conf.getint(SECTION, option)


def get_float(option: str) -> float:
    """Return a number option; its default stands in ``provider.yaml``."""
    from airflow.configuration import conf

    return conf.getfloat(SECTION, option)


def get_bool(option: str) -> bool:
    """Return a yes-or-no option; its default stands in ``provider.yaml``."""
    from airflow.configuration import conf

    return conf.getboolean(SECTION, option)
