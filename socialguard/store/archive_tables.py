"""The tables of `archive.db`: an index over the segments, rebuilt from them; it has no migrations.

Item ids, version numbers and snapshot numbers count up from 1 in the order in which things were kept."""

from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    text,
)

from socialguard.store.tables import Digest, Serial
from socialguard.store.tables import metadata as main_metadata

SCHEMA_VERSION: Final = 3

# Microseconds since 1970: a third of what a text takes, in a table of millions of rows.
Instant: Final = BigInteger

VERSIONS: Final = 1 << 20
"""More versions than an item ever has."""

metadata = MetaData(naming_convention=main_metadata.naming_convention)

archive_meta = Table("archive_meta", metadata, Column("schema_version", Integer, primary_key=True))

segment = Table(
    "segment",
    metadata,
    Column("number", Serial, primary_key=True, autoincrement=False),  # the line of MANIFEST.jsonl, from 1
    Column("line_sha256", Digest, nullable=False),
    Column("seq_lo", BigInteger, nullable=False),
    Column("seq_hi", BigInteger, nullable=False),
    Column("at", Instant, nullable=False),  # of its newest page
)
# What one transaction kept, as the lines that its segment will get; gone when they are in one.
page = Table(
    "page",
    metadata,
    Column("seq", Serial, primary_key=True, autoincrement=False),
    Column("shelf", String(96), nullable=False),
    Column("at", Instant, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
)
item = Table(
    "item",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=False),
    Column("account_id", String(64), nullable=False),
    Column("network_id", String(256), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("own", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("versions", Integer, nullable=False),
    Column("snapshots", Integer, nullable=False),
    # Newest first, as networks give them: SQLite fills its pages only when keys come in the index's order.
    Index("uq_item_account_id_network_id", "account_id", text("network_id desc"), unique=True),
    Index("ix_item_account_id_created_at", "account_id", text("created_at desc")),
)
# What an item said: all that its hash covers is in `text`, `content` and the item. `id` is that of the item times
# VERSIONS, plus the version's number: those of one item stand together, and need no index of their own.
version = Table(
    "version",
    metadata,
    Column("id", Serial, primary_key=True, autoincrement=False),
    Column("sha256", LargeBinary(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("author_name", Text, nullable=False),
    Column("seen_at", Instant, nullable=False),
)
# A snapshot of an item's metrics, all of them, taken when one had changed.
metric = Table(
    "metric",
    metadata,
    Column("item_id", Serial, ForeignKey("item.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("taken_at", Instant, nullable=False),
    Column("counts", Text, nullable=False),
    sqlite_with_rowid=False,
)
attachment = Table(
    "attachment",
    metadata,
    Column("item_id", Serial, ForeignKey("item.id"), primary_key=True),
    Column("key", String(512), primary_key=True),
    Column("url", Text),
    Column("sha256", Digest),
    Index("ix_attachment_sha256", "sha256"),
    sqlite_with_rowid=False,
)
blob = Table(
    "blob",
    metadata,
    Column("sha256", Digest, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("content_type", String(128), nullable=False),
)
profile = Table(
    "profile",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("taken_at", Instant, primary_key=True),
    Column("content", Text, nullable=False),
)
# One gap of a stream: what lies between `since` and `newest`, read down to `next`.
cursor = Table(
    "cursor",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("stream", String(32), primary_key=True),
    Column("gap", Integer, primary_key=True),
    Column("since", Text),
    Column("newest", Text),
    Column("next", Text),
    Column("open", Boolean, nullable=False),
    Column("reached_limit", Boolean, nullable=False),
    Column("read_at", Instant, nullable=False),
)
tombstone = Table(
    "tombstone",
    metadata,
    Column("item_id", Serial, ForeignKey("item.id"), primary_key=True),
    Column("reason", String(32), nullable=False),
    Column("seen_at", Instant, nullable=False),
)
# Shelves of others whose key is destroyed: nothing is kept on them any more.
shredded = Table(
    "shredded",
    metadata,
    Column("shelf", String(96), primary_key=True),
    Column("at", Instant, nullable=False),
)
