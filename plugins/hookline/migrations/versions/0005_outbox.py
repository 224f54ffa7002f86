"""Create the outbox.

Revision ID: 0005
Revises: 0004
"""

from __future__ import annotations

import sqlalchemy as sa
from airflow.utils.sqlalchemy import UtcDateTime
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
PENDING = "state = 'pending'"
INDICES = (
    ("hookline_delivery_due_idx", ["endpoint", "due_at", "seq"], PENDING),
    ("hookline_delivery_order_idx", ["endpoint", "seq"], PENDING),
    ("hookline_delivery_state_idx", ["state", "seq"], "state != 'delivered'"),
)


def upgrade() -> None:
    op.create_table(
        "hookline_delivery",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("delivery_id", sa.String(64), nullable=False),
        sa.Column("webhook", sa.String(250), nullable=False),
        sa.Column("endpoint", sa.String(250), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("dag_id", sa.String(250), nullable=False),
        sa.Column("run_id", sa.String(250), nullable=False),
        sa.Column("task_id", sa.String(250)),
        sa.Column("map_index", sa.Integer(), nullable=False),
        sa.Column("try_number", sa.Integer(), nullable=False),
        sa.Column("transition", sa.String(40), nullable=False),
        sa.Column("occurred_at", UtcDateTime(), nullable=False),
        sa.Column("added_at", UtcDateTime(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("due_at", UtcDateTime(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("reason", sa.Text()),
        sa.Column("ended_at", UtcDateTime()),
        sa.PrimaryKeyConstraint("seq", name="hookline_delivery_pkey"),
        sa.UniqueConstraint("delivery_id", name="hookline_delivery_delivery_id_key"),
    )
    for name, columns, state in INDICES:
        where = sa.text(state)
        op.create_index(name, "hookline_delivery", columns, postgresql_where=where, sqlite_where=where)
    op.create_index("hookline_delivery_run_idx", "hookline_delivery", ["dag_id", "run_id", "seq"])
    op.create_table(
        "hookline_attempt",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("delivery", BIG, nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("error", sa.Text()),
        sa.Column("request_headers", sa.Text(), nullable=False),
        sa.Column("response_headers", sa.Text()),
        sa.Column("response_body", sa.Text()),
        sa.PrimaryKeyConstraint("seq", name="hookline_attempt_pkey"),
    )
    op.create_index("hookline_attempt_delivery_idx", "hookline_attempt", ["delivery", "seq"])
    op.create_table(
        "hookline_endpoint",
        sa.Column("key", sa.String(250), nullable=False),
        sa.Column("conn_id", sa.String(250)),
        sa.Column("ordered", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(10), nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failing_since", UtcDateTime()),
        sa.Column("openings", sa.Integer(), nullable=False),
        sa.Column("probe_at", UtcDateTime()),
        sa.Column("full_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="hookline_endpoint_pkey"),
    )


def downgrade() -> None:
    for name in ("hookline_endpoint", "hookline_attempt", "hookline_delivery"):
        op.drop_table(name)
