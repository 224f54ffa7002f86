"""Let people search the inbox.

Revision ID: 0007
Revises: 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

WAITING = sa.text("state != 'dispatched'")
INDICES = {
    "hookline_event_time_idx": ["received_at", "seq"],
    "hookline_event_source_idx": ["source", "received_at", "seq"],
    "hookline_event_type_idx": ["event_type", "received_at", "seq"],
    "hookline_event_dag_idx": ["dag_id", "received_at", "seq"],
}


def upgrade() -> None:
    for name, columns in INDICES.items():
        op.create_index(name, "hookline_event", columns)
    op.create_index(
        "hookline_event_waiting_idx",
        "hookline_event",
        ["state", "received_at", "seq"],
        postgresql_where=WAITING,
        sqlite_where=WAITING,
    )


def downgrade() -> None:
    for name in (*INDICES, "hookline_event_waiting_idx"):
        op.drop_index(name, table_name="hookline_event")
