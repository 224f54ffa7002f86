"""Keep events without a Dag out of the index by Dag: an event has none while it is accepted.

Revision ID: 0012
Revises: 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

NAME = "hookline_event_dag_idx"
COLUMNS = ["dag_id", "received_at", "seq"]
TAKEN = sa.text("dag_id IS NOT NULL")


def upgrade() -> None:
    op.drop_index(NAME, table_name="hookline_event")
    op.create_index(NAME, "hookline_event", COLUMNS, postgresql_where=TAKEN, sqlite_where=TAKEN)


def downgrade() -> None:
    op.drop_index(NAME, table_name="hookline_event")
    op.create_index(NAME, "hookline_event", COLUMNS)
