"""Runs the migrations on Airflow's metadata database."""

from __future__ import annotations

from airflow import settings
from alembic import context

from hookline.db_manager import HooklineDBManager

VERSION_TABLE = HooklineDBManager.version_table_name


def include_object(obj: object, *_args: object) -> bool:
    """Leave Airflow's own tables alone."""
    table = getattr(obj, "table", obj)
    return getattr(table, "name", "").startswith("hookline_")


if context.is_offline_mode():
    context.configure(
        url=settings.SQL_ALCHEMY_CONN,
        target_metadata=HooklineDBManager.metadata,
        version_table=VERSION_TABLE,
        include_object=include_object,
        literal_binds=True,
    )
    with context.begin_transaction():
        context.run_migrations()
else:
    assert settings.engine is not None, "airflow initialises its settings before it migrates"  # noqa: S101
    with settings.engine.connect() as connection:
        context.configure(
            connection=connection,
            target_metadata=HooklineDBManager.metadata,
            version_table=VERSION_TABLE,
            include_object=include_object,
            transaction_per_migration=True,
            render_as_batch=True,
        )
        with context.begin_transaction():
            context.run_migrations()
