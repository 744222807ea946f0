"""Migration 0003: what an approval says beside its signature. There were none before."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    with op.batch_alter_table("approval") as table:
        table.add_column(sa.Column("given_at", sa.String(length=27), nullable=False))
        table.add_column(sa.Column("reason", sa.Text(), nullable=False))
        table.add_column(sa.Column("on_behalf", sa.Text(), nullable=True))
        table.add_column(sa.Column("evidence_sha256", sa.String(length=64), nullable=True))
