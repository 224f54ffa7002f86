"""Create what observation keeps.

Revision ID: 0010
Revises: 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from airflow.utils.sqlalchemy import UtcDateTime
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hookline_cursor",
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("log_id", sa.BigInteger(), nullable=False),
        sa.Column("log_id_between", sa.BigInteger(), nullable=False),
        sa.Column("log_id_before", sa.BigInteger(), nullable=False),
        sa.Column("run", sa.BigInteger(), nullable=False),
        sa.Column("seen_to", UtcDateTime(), nullable=False),
        sa.Column("thorough_at", UtcDateTime(), nullable=False),
        sa.Column("turned_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="hookline_cursor_pkey"),
    )
    op.create_table(
        "hookline_open_run",
        sa.Column("run", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("run", name="hookline_open_run_pkey"),
    )
    op.create_table(
        "hookline_transition",
        sa.Column("run", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("task_id", sa.String(250), nullable=False),
        sa.Column("map_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("try_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(20), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint(
            "run", "task_id", "map_index", "try_number", "name", name="hookline_transition_pkey"
        ),
    )
    op.create_index("hookline_transition_seen_at_idx", "hookline_transition", ["seen_at"])
    op.create_table(
        "hookline_step_webhook",
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("dag_id", sa.String(250), nullable=False),
        sa.Column("task_id", sa.String(250), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(20), nullable=False),
        sa.Column("author", sa.String(250)),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="hookline_step_webhook_pkey"),
    )
    op.create_index("hookline_step_webhook_dag_id_idx", "hookline_step_webhook", ["dag_id"])


def downgrade() -> None:
    for name in ("hookline_step_webhook", "hookline_transition", "hookline_open_run", "hookline_cursor"):
        op.drop_table(name)
