"""Create the tables of replays.

Revision ID: 0011
Revises: 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from airflow.utils.sqlalchemy import UtcDateTime
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INDICES = {
    "hookline_replay_running_idx": ("due_at", "state = 'running'"),
    "hookline_replay_planned_idx": ("created_at", "state = 'planned'"),
}


def upgrade() -> None:
    op.create_table(
        "hookline_replay",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("selection", sa.Text(), nullable=False),
        sa.Column("version", sa.String(10), nullable=False),
        sa.Column("data", sa.Text()),
        sa.Column("rate", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("gone", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(500), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime()),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("seq", name="hookline_replay_pkey"),
        sqlite_autoincrement=True,
    )
    for name, (column, state) in INDICES.items():
        where = sa.text(state)
        op.create_index(name, "hookline_replay", [column], postgresql_where=where, sqlite_where=where)
    op.create_table(
        "hookline_replay_item",
        sa.Column("replay", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event_seq", sa.BigInteger(), nullable=False),
        sa.Column("dag_id", sa.String(250), nullable=False),
        sa.Column("job_seq", sa.BigInteger()),
        sa.PrimaryKeyConstraint("replay", "position", name="hookline_replay_item_pkey"),
    )


def downgrade() -> None:
    op.drop_table("hookline_replay_item")
    op.drop_table("hookline_replay")
