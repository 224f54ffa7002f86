"""Hookline's own tables: a MetaData of its own, so that Airflow's migrations never see them."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from sqlalchemy import MetaData, literal, select, union_all
from sqlalchemy.orm import DeclarativeBase

if TYPE_CHECKING:
    from sqlalchemy import FromClause


class Base(DeclarativeBase):
    """Base of all models; names of constraints are fixed, so that migrations can name them."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "pk": "%(table_name)s_pkey",
        }
    )


def names(of: Collection[str]) -> FromClause:
    """Return a table of some names, at least one, with the column ``name``, to ask about all at once."""
    return union_all(*(select(literal(name).label("name")) for name in of)).subquery("asked")
