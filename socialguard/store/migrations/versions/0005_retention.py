"""Migration 0005: what each anchor took last; entries whose content may go, their hashes never."""

import sqlalchemy as sa
from alembic import op

from socialguard.store import dialect

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "anchor_held",
        sa.Column("anchor", sa.String(length=64), nullable=False),
        sa.Column("incarnation", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("outside", sa.Boolean(), nullable=False),
        sa.Column("at", sa.String(length=27), nullable=False),
        sa.PrimaryKeyConstraint("anchor", name="pk_anchor_held"),
    )
    dialect.replace_triggers(op.get_bind())
