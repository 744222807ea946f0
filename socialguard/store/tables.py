"""Every table of `socialguard.db`, each with its one writer (docs/architecture.md).

Types are the few that SQLite and PostgreSQL share: instants are text `YYYY-MM-DDTHH:MM:SS.ffffffZ`, which sorts
as time does; JSON is text; ids are text unless the database counts them; money is millionths of a unit.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from socialguard import errors

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Bytes(LargeBinary):
    """Bytes and nothing else: SQLite keeps whatever it is given, and what was put there instead is Tampered."""

    def result_processor(self, dialect: object, coltype: object) -> Any:  # Any: as SQLAlchemy types it
        """Return what reads a stored value."""

        def read(value: object) -> bytes | None:
            if value is None or isinstance(value, bytes):
                return value
            raise errors.Tampered(what="The database", detail="it holds a value of another kind than was written.")

        return read


# BigInteger counts up by itself on PostgreSQL, and on SQLite only as INTEGER.
Serial: Final = BigInteger().with_variant(Integer(), "sqlite")
Instant: Final = String(27)
Digest: Final = String(64)

# ── audit ────────────────────────────────────────────────────────────────────────────────────────────────

audit_entry = Table(
    "audit_entry",
    metadata,
    Column("seq", BigInteger, nullable=False),
    Column("leaf", Bytes, nullable=False),
    Column("leaf_hash", Bytes, nullable=False),
    # Read off the leaf for listing and look-up; `audit verify` holds them against it.
    Column("ts", Instant, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("account", String(64)),
    Column("outcome", String(32), nullable=False),
    Column("corr", String(64)),
    Column("fingerprint", Digest),
    # A log that was begun again after an incident keeps the rows of the old one; each counts seq from 0.
    Column("incarnation", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("incarnation", "seq"),
    Index("ix_audit_entry_fingerprint", "fingerprint"),
    Index("ix_audit_entry_account_seq", "account", "seq"),
    Index("ix_audit_entry_corr", "corr"),
)
audit_head = Table(
    "audit_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, nullable=False),
    Column("frontier", Bytes, nullable=False),
    Column("last_ts", Instant, nullable=False),
    Column("incarnation", Integer, nullable=False),
)
audit_reason = Table(
    "audit_reason",
    metadata,
    Column("incarnation", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("salt", Bytes, nullable=False),
    Column("reason", Text, nullable=False),
)
checkpoint = Table(
    "checkpoint",
    metadata,
    Column("incarnation", Integer, primary_key=True, autoincrement=False),
    Column("size", BigInteger, primary_key=True, autoincrement=False),
    Column("note", Bytes, nullable=False),
    # The right edge of the tree at this size: it determines the root, and lets a check start here.
    Column("frontier", Bytes, nullable=False),
    Column("made_at", Instant, nullable=False),
)
anchor_queue = Table(
    "anchor_queue",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("anchor", String(64), nullable=False),
    Column("incarnation", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("last_error", Text),
)
# What each anchor took last, and whether it lay outside this machine then.
anchor_held = Table(
    "anchor_held",
    metadata,
    Column("anchor", String(64), primary_key=True),
    Column("incarnation", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("outside", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
)

# ── registry ─────────────────────────────────────────────────────────────────────────────────────────────

client = Table(
    "client",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("created_at", Instant, nullable=False),
)
account = Table(
    "account",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("network", String(32), nullable=False),
    Column("handle", String(256), nullable=False),
    Column("user_id", String(128), nullable=False),
    Column("origin", String(256), nullable=False),
    Column("client", String(64), ForeignKey("client.name"), nullable=False),
    Column("short_name", String(64), nullable=False),
    Column("attended", Boolean, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("followers", BigInteger),
    Column("zone", String(64), nullable=False),
    Column("contact", Text),
    Column("state", String(32), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("identity_checked_at", Instant),
    Column("identity_checked_gen", Integer),
    Column("inspection", Text),
    Index("ix_account_network_handle", "network", "handle"),
    Index("ix_account_short_name", "short_name"),
)
label = Table(
    "label",
    metadata,
    Column("account_id", String(64), ForeignKey("account.id"), primary_key=True),
    Column("name", String(64), primary_key=True),
    Index("ix_label_name", "name"),
)
member = Table(
    "member",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", String(16), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("contact", Text),
    Column("created_at", Instant, nullable=False),
)
manifest = Table(
    "manifest",
    metadata,
    Column("epoch", Integer, primary_key=True, autoincrement=False),
    Column("body", Bytes, nullable=False),
    Column("sha256", Digest, nullable=False),
    Column("signatures", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)
grant = Table(
    "grant_right",
    metadata,
    Column("member_id", String(64), ForeignKey("member.id"), primary_key=True),
    Column("account_id", String(64), ForeignKey("account.id"), primary_key=True),
    Column("right", String(16), primary_key=True),
)
policy = Table(
    "policy",
    metadata,
    Column("sha256", Digest, primary_key=True),
    Column("source", Text, nullable=False),
    Column("applied_at", Instant, nullable=False),
)
campaign = Table(
    "campaign",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("starts_at", Instant),
    Column("ends_at", Instant),
    Column("utm", Text),
)

# ── vault ────────────────────────────────────────────────────────────────────────────────────────────────

credential = Table(
    "credential",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("account_id", String(64), ForeignKey("account.id"), nullable=False),
    Column("gen", Integer, nullable=False),
    Column("context", Bytes, nullable=False),
    Column("nonce", Bytes, nullable=False),
    Column("ciphertext", Bytes, nullable=False),
    Column("signer", String(32), nullable=False),
    Column("signature", Bytes, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
    Column("expires_at", Instant),
    Column("state", String(32), nullable=False),
    UniqueConstraint("account_id", "gen"),
)
wrap = Table(
    "wrap",
    metadata,
    Column("credential_id", String(64), ForeignKey("credential.id"), primary_key=True),
    Column("recipient", String(32), primary_key=True),
    Column("sealed", Bytes, nullable=False),
)
# What others wrote is kept under keys of its own (vault/shelf_keys.py): one root, and a key for each account and
# month.
shelf_root = Table(
    "shelf_root",
    metadata,
    Column("gen", Integer, primary_key=True, autoincrement=False),
    Column("statement", Bytes, nullable=False),
    Column("signer", String(32), nullable=False),
    Column("signature", Bytes, nullable=False),
)
shelf_key = Table(
    "shelf_key",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("shelf", String(96), nullable=False),
    Column("made_in", Integer, nullable=False),  # the generation of the root then: what is newer gets another key
    Column("sealed", Bytes, nullable=False),
    Index("ix_shelf_key_shelf", "shelf"),
)

# ── ledger ───────────────────────────────────────────────────────────────────────────────────────────────

draft = Table(
    "draft",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("text", Text, nullable=False),
    Column("payload", Text, nullable=False),
    Column("author", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
)
delivery = Table(
    "delivery",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("draft_id", Serial, ForeignKey("draft.id"), nullable=False),
    Column("account_id", String(64), ForeignKey("account.id"), nullable=False),
    Column("act", String(16), nullable=False),
    Column("content", Text, nullable=False),
    Column("nonce", String(64), nullable=False),
    Column("fingerprint", Digest, nullable=False),
    Column("submitter", String(64), nullable=False),
    Column("signature", Bytes, nullable=False),
    Column("state", String(16), nullable=False),
    Column("state_reason", Text, nullable=False),
    Column("due", Instant, nullable=False),
    Column("not_before", Instant),
    Column("wall_time", String(32)),
    Column("zone", String(64)),
    Column("max_late", Integer, nullable=False),
    Column("target", String(128)),
    Column("after_id", String(32), ForeignKey("delivery.id")),
    Column("campaign_id", String(64), ForeignKey("campaign.id")),
    Column("options", Text, nullable=False),
    Column("attempt_id", String(32)),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("fingerprint"),
    Index("ix_delivery_state_due", "state", "due"),
    Index("ix_delivery_due", "due", "id"),
    Index("ix_delivery_account_state", "account_id", "state"),
    Index("ix_delivery_after_id", "after_id"),
)
attempt = Table(
    "attempt",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("delivery_id", String(32), ForeignKey("delivery.id"), nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("deadline", Instant, nullable=False),
    Column("host", String(64), nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("pid_started", String(32), nullable=False),
    Column("remote_id", String(128)),
    Column("outcome", String(32)),
    Column("detail", Text),
    Column("finished_at", Instant),
    Index("ix_attempt_delivery", "delivery_id"),
)
receipt = Table(
    "receipt",
    metadata,
    Column("delivery_id", String(32), ForeignKey("delivery.id"), primary_key=True),
    Column("account_id", String(64), ForeignKey("account.id"), nullable=False),
    Column("network_id", String(128), nullable=False),
    Column("url", Text, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("how", String(32), nullable=False),
    UniqueConstraint("account_id", "network_id", "delivery_id"),
    Index("ix_receipt_account_published", "account_id", "published_at"),
)
confirmation = Table(
    "confirmation",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("delivery_id", String(32), ForeignKey("delivery.id"), nullable=False),
    Column("fingerprint", Digest, nullable=False),
    Column("context", String(64)),
    Column("how", String(32), nullable=False),
    Column("member", String(64), nullable=False),
    Column("confirmed_at", Instant, nullable=False),
    Index("ix_confirmation_delivery", "delivery_id"),
)
approval = Table(
    "approval",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("fingerprint", Digest, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("member", String(64), nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("expires_at", Instant),
    Column("signature", Bytes, nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("on_behalf", Text),
    Column("evidence_sha256", Digest),
    Index("ix_approval_fingerprint", "fingerprint"),
)
stop = Table(
    "stop",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("scope", String(128), nullable=False),  # all, account:<id>, client:<name>, label:<name>
    Column("reason", Text, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("since", Instant, nullable=False),
    Column("lifted_at", Instant),
    Column("lifted_by", String(64)),
    Column("lift_signature", Bytes),
    Index("ix_stop_scope", "scope"),
)
usage = Table(
    "usage",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("booked_at", Instant, nullable=False),
    Column("account_id", String(64), ForeignKey("account.id"), nullable=False),
    Column("client", String(64), nullable=False),
    Column("operation", String(32), nullable=False),
    Column("calls", Integer, nullable=False),
    Column("amount_micros", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("delivery_id", String(32)),
    Index("ix_usage_booked", "booked_at"),
    # Budgets are asked on the way of a post: most calls are free, and need not be read for a sum.
    Index(
        "ix_usage_paid",
        "booked_at",
        "client",
        "currency",
        "amount_micros",
        # For PostgreSQL: `dialect.narrow_indexes`. Named here it would load that dialect, and asyncio,
        # in every command.
        sqlite_where=text("amount_micros <> 0"),
    ),
)

# ── guard ────────────────────────────────────────────────────────────────────────────────────────────────

context = Table(
    "context",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("operator", String(64), nullable=False),
    Column("confirmed", Text, nullable=False),
    Column("last_target", String(64)),
    Column("confirmed_at", Instant, nullable=False),
    Column("used_at", Instant, nullable=False),
)
affinity_fit = Table(
    "affinity_fit",
    metadata,
    Column("account_id", String(64), ForeignKey("account.id"), primary_key=True),
    Column("model", Bytes, nullable=False),
    Column("fitted_at", Instant, nullable=False),
)

# ── store ────────────────────────────────────────────────────────────────────────────────────────────────

lease = Table(
    "lease",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("token", String(32), nullable=False),
    Column("host", String(64), nullable=False),
    Column("boot_id", String(64), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("pid_started", String(32), nullable=False),
    Column("expires_at", Instant, nullable=False),
)
duty_run = Table(
    "duty_run",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("last_run", Instant),
    Column("last_ok", Instant),
    Column("next_run", Instant),
    Column("lag_ms", BigInteger),
    Column("error", Text),
)

# ── alerts, watch, insight ───────────────────────────────────────────────────────────────────────────────

alert = Table(
    "alert",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("account_id", String(64)),
    Column("delivery_id", String(32)),
    Column("message", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("seen_at", Instant),
)
alert_delivery = Table(
    "alert_delivery",
    metadata,
    Column("alert_id", Serial, ForeignKey("alert.id"), primary_key=True),
    Column("channel", String(64), primary_key=True),
    Column("sent_at", Instant),
    Column("error", Text),
)
watch_cursor = Table(
    "watch_cursor",
    metadata,
    Column("account_id", String(64), ForeignKey("account.id"), primary_key=True),
    Column("position", Text, nullable=False),
)
baseline = Table(
    "baseline",
    metadata,
    Column("account_id", String(64), ForeignKey("account.id"), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("value", Text, nullable=False),
    Column("taken_at", Instant, nullable=False),
)
# What the watch saw on an account that nothing of ours did, each once; what it is about is `subject`.
sighting = Table(
    "sighting",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("account_id", String(64), ForeignKey("account.id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("subject", String(256), nullable=False),
    Column("severity", String(16), nullable=False),
    Column("detail", Text, nullable=False),
    Column("evidence", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("alert_id", Serial),
    UniqueConstraint("account_id", "kind", "subject"),
    Index("ix_sighting_account_at", "account_id", "at"),
    Index("ix_sighting_alert", "alert_id"),
)
budget = Table(
    "budget",
    metadata,
    Column("scope", String(128), primary_key=True),
    Column("period", String(16), primary_key=True),
    Column("limit_micros", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
)
outcome = Table(
    "outcome",
    metadata,
    Column("id", Serial, primary_key=True),
    Column("campaign_id", String(64), ForeignKey("campaign.id")),
    Column("account_id", String(64)),
    Column("day", String(10), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("value_micros", BigInteger, nullable=False),
    Column("currency", String(3)),
    Column("source", Text, nullable=False),
)
rate = Table(
    "rate",
    metadata,
    Column("scope", String(128), primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("value_micros", BigInteger, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("valid_from", String(10), primary_key=True),
)
