"""Say who holds a job, so that it is not released when its Dag can run.

Revision ID: 0014
Revises: 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("hookline_job", sa.Column("held_by", sa.Text()))


def downgrade() -> None:
    with op.batch_alter_table("hookline_job") as table:
        table.drop_column("held_by")
