"""Alembic migrations of the ``hookline_*`` tables."""
