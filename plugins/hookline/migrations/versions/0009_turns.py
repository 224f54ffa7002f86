"""Let jobs wait for their turn, and loops say how far they have come.

Revision ID: 0009
Revises: 0008
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hookline_turn",
        sa.Column("dag_id", sa.String(250), nullable=False),
        sa.Column("gather_key", sa.String(250), nullable=False),
        sa.Column("job_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("dag_id", "gather_key", name="hookline_turn_pkey"),
    )
    op.create_table(
        "hookline_progress",
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="hookline_progress_pkey"),
    )
    op.add_column("hookline_job", sa.Column("run_paused", sa.Boolean()))


def downgrade() -> None:
    op.drop_column("hookline_job", "run_paused")
    op.drop_table("hookline_progress")
    op.drop_table("hookline_turn")
