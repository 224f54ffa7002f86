"""Let events find the tasks that wait for them.

Revision ID: 0008
Revises: 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from airflow.utils.sqlalchemy import UtcDateTime
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KNOWN = sa.text("correlation IS NOT NULL")
NEW = sa.text("NOT ready")


def upgrade() -> None:
    op.add_column("hookline_event", sa.Column("correlation", sa.String(200)))
    op.add_column("hookline_event", sa.Column("taken_by", sa.String(64)))
    op.create_index(
        "hookline_event_correlation_idx",
        "hookline_event",
        ["source", "correlation"],
        postgresql_where=KNOWN,
        sqlite_where=KNOWN,
    )
    op.create_table(
        "hookline_waiter",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("wait_id", sa.String(64), nullable=False),
        sa.Column("instance_id", sa.Uuid(), nullable=False),
        sa.Column("dag_id", sa.String(250), nullable=False),
        sa.Column("run_id", sa.String(250), nullable=False),
        sa.Column("task_id", sa.String(250), nullable=False),
        sa.Column("map_index", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("correlation", sa.String(200), nullable=False),
        sa.Column("event_type", sa.String(200)),
        sa.Column("condition", sa.Text()),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("within", sa.Float()),
        sa.Column("shared", sa.Boolean(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("own_event", sa.String(250)),
        sa.Column("ready", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="hookline_waiter_pkey"),
        sa.UniqueConstraint("wait_id", name="hookline_waiter_wait_id_key"),
    )
    op.create_index("hookline_waiter_instance_idx", "hookline_waiter", ["instance_id"])
    op.create_index("hookline_waiter_key_idx", "hookline_waiter", ["source", "correlation"])
    op.create_index(
        "hookline_waiter_new_idx", "hookline_waiter", ["seq"], postgresql_where=NEW, sqlite_where=NEW
    )
    op.create_table(
        "hookline_collected",
        sa.Column("waiter_seq", sa.BigInteger(), nullable=False),
        sa.Column("event_seq", sa.BigInteger(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("waiter_seq", "event_seq", name="hookline_collected_pkey"),
    )


def downgrade() -> None:
    op.drop_table("hookline_collected")
    op.drop_table("hookline_waiter")
    op.drop_index("hookline_event_correlation_idx", table_name="hookline_event")
    op.drop_column("hookline_event", "taken_by")
    op.drop_column("hookline_event", "correlation")
