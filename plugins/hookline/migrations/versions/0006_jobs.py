"""Create the table of jobs.

Revision ID: 0006
Revises: 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from airflow.utils.sqlalchemy import UtcDateTime
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDICES = {
    "source": (["source", "seq"], None),
    "type": (["event_type", "seq"], None),
    "dag": (["dag_id", "seq"], None),
    "run": (["run_id"], None),
    "created": (["created_at"], None),
    "state": (["state", "seq"], "state <> 'done'"),
    "pending": (["due_at", "seq"], "state = 'pending'"),
    "held": (["dag_id", "seq"], "state = 'held'"),
    "gathering": (["dag_id", "gather_key", "event_seq"], "state = 'gathering'"),
    "origin": (["origin_seq"], "origin_seq IS NOT NULL"),
}


def upgrade() -> None:
    op.create_table(
        "hookline_job",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False
        ),
        sa.Column("event_seq", sa.BigInteger()),
        sa.Column("source", sa.String(100), nullable=False),
        sa.Column("event_id", sa.String(250), nullable=False),
        sa.Column("event_type", sa.String(250), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("url", sa.Text()),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("target", sa.String(1500), nullable=False),
        sa.Column("dag_id", sa.String(250)),
        sa.Column("run_id", sa.String(250)),
        sa.Column("task_id", sa.String(250)),
        sa.Column("map_index", sa.Integer()),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("gather_key", sa.String(250)),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("origin_seq", sa.BigInteger()),
        sa.Column("body", sa.Text()),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name="hookline_job_pkey"),
    )
    first = sa.text("origin_seq IS NULL")
    op.create_index(
        "hookline_job_target_key",
        "hookline_job",
        ["event_seq", "kind", "target"],
        unique=True,
        postgresql_where=first,
        sqlite_where=first,
    )
    for name, (columns, where) in INDICES.items():
        some = None if where is None else sa.text(where)
        op.create_index(
            f"hookline_job_{name}_idx", "hookline_job", columns, postgresql_where=some, sqlite_where=some
        )


def downgrade() -> None:
    op.drop_table("hookline_job")
