"""Create the tables of OAuth 2.0.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

import sqlalchemy as sa
from airflow.utils.sqlalchemy import UtcDateTime
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hookline_token",
        sa.Column("conn_id", sa.String(250), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("secrets", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("scope", sa.Text()),
        sa.Column("obtained_at", UtcDateTime()),
        sa.Column("refreshed_at", UtcDateTime()),
        sa.Column("expires_at", UtcDateTime()),
        sa.Column("refresh_at", UtcDateTime()),
        sa.Column("lease_owner", sa.String(64)),
        sa.Column("lease_until", UtcDateTime()),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.PrimaryKeyConstraint("conn_id", name="hookline_token_pkey"),
    )
    op.create_index("hookline_token_refresh_at_idx", "hookline_token", ["refresh_at"])
    op.create_table(
        "hookline_consent",
        sa.Column("state_hash", sa.String(64), nullable=False),
        sa.Column("conn_id", sa.String(250), nullable=False),
        sa.Column("verifier", sa.Text(), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("state_hash", name="hookline_consent_pkey"),
    )
    op.create_index("hookline_consent_expires_at_idx", "hookline_consent", ["expires_at"])


def downgrade() -> None:
    op.drop_table("hookline_consent")
    op.drop_table("hookline_token")
