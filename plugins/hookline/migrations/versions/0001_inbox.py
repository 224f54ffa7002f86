"""Create the inbox.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

import sqlalchemy as sa
from airflow.utils.sqlalchemy import UtcDateTime
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hookline_event",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("event_id", sa.String(250), nullable=False),
        sa.Column("event_type", sa.String(200), nullable=False),
        sa.Column("candidates", sa.String(2000), nullable=False),
        sa.Column("run_paused", sa.Boolean(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("dag_id", sa.String(250)),
        sa.Column("run_id", sa.String(250)),
        sa.PrimaryKeyConstraint("seq", name="hookline_event_pkey"),
        sa.UniqueConstraint("source", "event_id", name="hookline_event_source_event_id_key"),
    )
    for name, columns, state in (
        ("hookline_event_pending_idx", ["seq"], "pending"),
        ("hookline_event_held_idx", ["candidates", "seq"], "held"),
    ):
        where = sa.text(f"state = '{state}'")
        op.create_index(name, "hookline_event", columns, postgresql_where=where, sqlite_where=where)


def downgrade() -> None:
    op.drop_table("hookline_event")
