"""Remember what was signed.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

KNOWN = sa.text("replay_key IS NOT NULL")


def upgrade() -> None:
    op.add_column("hookline_event", sa.Column("replay_key", sa.String(64)))
    op.create_index(
        "hookline_event_replay_idx",
        "hookline_event",
        ["source", "replay_key"],
        postgresql_where=KNOWN,
        sqlite_where=KNOWN,
    )


def downgrade() -> None:
    op.drop_index("hookline_event_replay_idx", table_name="hookline_event")
    op.drop_column("hookline_event", "replay_key")
