"""The tables of `archive.db`: an index over the segments, rebuilt from them; it has no migrations."""

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
)

from socialguard.store.tables import Digest, Instant, Serial
from socialguard.store.tables import metadata as main_metadata

SCHEMA_VERSION = 1

metadata = MetaData(naming_convention=main_metadata.naming_convention)

archive_meta = Table("archive_meta", metadata, Column("schema_version", Integer, primary_key=True))

segment = Table(
    "segment",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("seq_lo", BigInteger, nullable=False),
    Column("seq_hi", BigInteger, nullable=False),
    Column("lines", Integer, nullable=False),
    Column("root", Digest, nullable=False),
    Column("file_name", Text, nullable=False),
    Column("closed_at", Instant, nullable=False),
)
page = Table(
    "page",
    metadata,
    Column("seq", Serial, primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("stream", String(32), nullable=False),
    Column("fetched_at", Instant, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("segment_id", Serial, ForeignKey("segment.id")),
    Index("ix_page_segment", "segment_id"),
)
item = Table(
    "item",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("account_id", String(64), nullable=False),
    Column("network_id", String(128), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("own", Boolean, nullable=False),
    Column("author_id", String(128)),
    Column("reply_to", String(128)),
    Column("created_at", Instant, nullable=False),
    Column("url", Text),
    Column("first_page", Serial, ForeignKey("page.seq"), nullable=False),
    Index("uq_item_account_network", "account_id", "network_id", unique=True),
    Index("ix_item_account_created", "account_id", "created_at"),
)
version = Table(
    "version",
    metadata,
    Column("item_id", Serial, ForeignKey("item.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("content_hash", Digest, nullable=False),
    Column("salt", LargeBinary),
    Column("text", Text),
    Column("content", Text),
    Column("seen_at", Instant, nullable=False),
)
metric = Table(
    "metric",
    metadata,
    Column("item_id", Serial, ForeignKey("item.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("taken_at", Instant, primary_key=True),
    Column("value", BigInteger, nullable=False),
)
profile = Table(
    "profile",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("taken_at", Instant, primary_key=True),
    Column("content", Text, nullable=False),
)
cursor = Table(
    "cursor",
    metadata,
    Column("account_id", String(64), primary_key=True),
    Column("stream", String(32), primary_key=True),
    Column("gap", Integer, primary_key=True),
    Column("newest", String(128)),
    Column("next", Text),
    Column("head", String(128)),
    Column("closed_at", Instant),
)
blob = Table(
    "blob",
    metadata,
    Column("sha256", Digest, primary_key=True),
    Column("size", BigInteger, nullable=False),
    Column("content_type", String(64), nullable=False),
    Column("source_url", Text),
    Column("stored_at", Instant, nullable=False),
)
tombstone = Table(
    "tombstone",
    metadata,
    Column("item_id", Serial, ForeignKey("item.id"), primary_key=True),
    Column("reason", String(32), nullable=False),
    Column("seen_at", Instant, nullable=False),
)
archive_import = Table(
    "import",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("sha256", Digest, nullable=False),
    Column("source", Text, nullable=False),
    Column("imported_at", Instant, nullable=False),
    Column("items", Integer, nullable=False),
)
