"""Migration 0002: find what was paid without reading what was free."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    paid = sa.text("amount_micros <> 0")
    columns = ["booked_at", "client", "currency", "amount_micros"]
    op.create_index("ix_usage_paid", "usage", columns, sqlite_where=paid, postgresql_where=paid)
