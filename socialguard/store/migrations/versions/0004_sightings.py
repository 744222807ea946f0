"""Migration 0004: what the watch saw."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "sighting",
        sa.Column("id", _SERIAL, nullable=False),
        sa.Column("account_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("subject", sa.String(length=256), nullable=False),
        sa.Column("severity", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("evidence", sa.String(length=64), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.Column("seen_at", sa.String(length=27), nullable=False),
        sa.Column("alert_id", _SERIAL, nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_sighting_account_id_account"),
        sa.PrimaryKeyConstraint("id", name="pk_sighting"),
        sa.UniqueConstraint("account_id", "kind", "subject", name="uq_sighting_account_id_kind_subject"),
    )
    op.create_index("ix_sighting_account_at", "sighting", ["account_id", "at"])
    op.create_index("ix_sighting_alert", "sighting", ["alert_id"])
