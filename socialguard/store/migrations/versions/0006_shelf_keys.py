"""Migration 0006: keys of what other people wrote."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "shelf_root",
        sa.Column("gen", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("statement", sa.LargeBinary(), nullable=False),
        sa.Column("signer", sa.String(length=32), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("gen", name="pk_shelf_root"),
    )
    op.create_table(
        "shelf_key",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("shelf", sa.String(length=96), nullable=False),
        sa.Column("made_in", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_shelf_key"),
    )
    op.create_index("ix_shelf_key_shelf", "shelf_key", ["shelf"])
