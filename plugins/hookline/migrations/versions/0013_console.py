"""Give every filter of the console an index; an event is looked up by its id alone.

Revision ID: 0013
Revises: 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

KEY, CORRELATION = "hookline_event_source_event_id_key", "hookline_event_correlation_idx"
NEW_KEY = "hookline_event_event_id_source_key"
KNOWN = sa.text("correlation IS NOT NULL")
SHELVED = "state IN ('held', 'quarantined', 'failed')"
INDICES = {
    "hookline_event_run_idx": ("hookline_event", ["run_id"], "run_id IS NOT NULL"),
    "hookline_event_shelved_idx": (
        "hookline_event",
        ["source", "state"],
        "state IN ('held', 'quarantined', 'failed')",
    ),
    "hookline_job_event_idx": ("hookline_job", ["event_id"], None),
    "hookline_job_kind_idx": ("hookline_job", ["kind", "seq"], "kind <> 'run'"),
    "hookline_delivery_added_idx": ("hookline_delivery", ["added_at"], None),
    "hookline_delivery_dag_idx": ("hookline_delivery", ["dag_id", "seq"], None),
    "hookline_delivery_webhook_idx": ("hookline_delivery", ["webhook", "seq"], None),
    "hookline_delivery_endpoint_idx": ("hookline_delivery", ["endpoint", "seq"], None),
}


def upgrade() -> None:
    with op.batch_alter_table("hookline_event") as table:
        table.drop_constraint(KEY, type_="unique")
        table.create_unique_constraint(NEW_KEY, ["event_id", "source"])
    _correlation("correlation", "source")
    for name, (table_name, columns, where) in INDICES.items():
        some = None if where is None else sa.text(where)
        op.create_index(name, table_name, columns, postgresql_where=some, sqlite_where=some)


def downgrade() -> None:
    for name, (table_name, *_) in INDICES.items():
        op.drop_index(name, table_name=table_name)
    _correlation("source", "correlation")
    with op.batch_alter_table("hookline_event") as table:
        table.drop_constraint(NEW_KEY, type_="unique")
        table.create_unique_constraint(KEY, ["source", "event_id"])


def _correlation(*columns: str) -> None:
    op.drop_index(CORRELATION, table_name="hookline_event")
    op.create_index(CORRELATION, "hookline_event", list(columns), postgresql_where=KNOWN, sqlite_where=KNOWN)
