"""Credentials at rest: stored sealed, used only for an intent that the log already holds.

`Vault.store` writes the next generation in the caller's transaction, with its `credential.write` entry; the one
before is destroyed in the same transaction, so it is never gone before the new one is there. `Vault.use` believes
nothing that the manifest, a signature or a floor does not confirm: two rows swapped, one rolled back, a bit
flipped, a wrap added by an outsider, an origin changed, each is `Tampered`.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Protocol

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from socialguard import clock, errors
from socialguard.audit import leaf
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.log import AuditLog
from socialguard.canon import jcs
from socialguard.model.account import Account
from socialguard.model.credential import Credential
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import SignedAccount
from socialguard.store.prepared import Prepared
from socialguard.store.tables import audit_entry, audit_head, wrap
from socialguard.store.tables import credential as table
from socialguard.vault import credential_row
from socialguard.vault.credential_row import SealedCredential, row_id
from socialguard.vault.keys import KeyPair
from socialguard.vault.marks import Marks

WRITE: Final = "credential.write"
"""The action of the entry that each new generation leaves in the log."""

_NEWEST: Final = Prepared(
    select(table).where(table.c.account_id == bindparam("account")).order_by(table.c.gen.desc()).limit(1)
)
_TERM: Final = Prepared(
    select(table.c.gen, table.c.expires_at)
    .where(table.c.account_id == bindparam("account"))
    .order_by(table.c.gen.desc())
    .limit(1)
)
_WRAPS: Final = Prepared(select(wrap.c.recipient, wrap.c.sealed).where(wrap.c.credential_id == bindparam("id")))
_INTENT: Final = Prepared(
    select(audit_entry.c.seq).where(
        audit_entry.c.seq == bindparam("seq"),
        audit_entry.c.account == bindparam("account"),
        audit_entry.c.outcome == leaf.INTENT,
        audit_entry.c.incarnation == select(audit_head.c.incarnation).scalar_subquery(),
    )
)
_LOGGED: Final = Prepared(
    select(audit_entry.c.corr, audit_entry.c.leaf).where(
        audit_entry.c.corr.in_([bindparam("own"), bindparam("following")]), audit_entry.c.action == WRITE
    )
)
_USED: Final = Prepared(
    update(table).where(
        table.c.account_id == bindparam("account"),
        table.c.gen
        == select(func.max(table.c.gen)).where(table.c.account_id == bindparam("account")).scalar_subquery(),
    )
)
_HIGHEST: Final = Prepared(select(func.max(table.c.gen)).where(table.c.account_id == bindparam("account")))
_STATE: Final = Prepared(
    update(table).where(
        table.c.account_id == bindparam("account"),
        table.c.gen
        == select(func.max(table.c.gen)).where(table.c.account_id == bindparam("account")).scalar_subquery(),
    )
)
_ROW: Final = Prepared(insert(table))
_WRAP: Final = Prepared(insert(wrap))
_NO_WRAPS: Final = Prepared(
    delete(wrap).where(
        wrap.c.credential_id.in_(select(table.c.id).where(table.c.account_id == bindparam("account")))
    )
)
_NO_ROWS: Final = Prepared(delete(table).where(table.c.account_id == bindparam("account")))
_WRITTEN: Final = Prepared(
    select(audit_entry.c.seq).where(audit_entry.c.corr == bindparam("id"), audit_entry.c.action == WRITE)
)


class GenerationPin(Protocol):
    """Where the highest generation of each credential is remembered, outside the workspace."""

    def generation(self, account: str) -> int:
        """Return the highest generation seen of an account's credential, 0 before the first."""
        ...

    def pin_generation(self, account: str, gen: int) -> None:
        """Remember a generation durably before returning."""
        ...


@dataclass(frozen=True, slots=True)
class Holding:
    """What can be told about a stored credential without opening it. `state` is `active`,
    `revocation_pending` or `revoked`; `recipients` are key ids."""

    gen: int
    state: str
    created_at: datetime
    last_used_at: datetime | None
    expires_at: datetime | None
    signer: str
    recipients: tuple[str, ...]


class Vault:
    """The credentials of one manifest."""

    def __init__(self, manifest: Manifest, pins: GenerationPin, log: AuditLog, marks: Marks | None = None) -> None:
        self.manifest = manifest
        self._marks = marks
        self._pins = pins
        self._log = log

    def store(
        self, connection: Connection, account_id: str, credential: Credential, writer: KeyPair, actor: Actor
    ) -> int:
        """Seal a credential as the next generation, log it, destroy the one before; return the generation.

        The caller pins the generation after its commit. Raises UsageError where `writer` may not."""
        signed = self._signed(account_id)
        gen = self._next_generation(connection, account_id)
        row = credential_row.seal(self.manifest, signed, gen, credential, writer)
        self._mark(account_id, gen, credential)
        self._forget(connection, account_id)
        self._insert(connection, account_id, row, credential)
        proof = row.sha256()
        self._log.append(
            connection,
            Entry(
                action=WRITE,
                outcome="ok",
                actor=replace(actor, proof=proof),
                account=account_id,
                # The row's id, so that the floor of `use` is one look-up however long the log is.
                corr=row_id(account_id, gen),
                obj={"gen": gen, "kind": credential.kind, "recipients": sorted(row.wraps)},
            ),
        )
        return gen

    def use(self, connection: Connection, account: Account, reader: KeyPair, *, intent: int) -> Credential:
        """Return the credential of `account`, opened with `reader`'s key, for the logged intent of index `intent`.

        Raises Tampered for whatever is not as signed, logged or pinned, or an intent that is not in the log;
        NotFound where there is no credential, or none for this key."""
        self._require_intent(connection, account.id, intent)
        return self._open(connection, account, reader, logged=True)

    def use_to_revoke(self, connection: Connection, account: Account, reader: KeyPair) -> Credential:
        """Return the credential of `account` for nothing but revoking it, where no log can hold the intent.

        Everything is checked as in `use` but what the log says of generations: the log may be what is damaged,
        and to revoke an older token harms nobody."""
        return self._open(connection, account, reader, logged=False)

    def present(self, connection: Connection, account: Account, reader: KeyPair) -> Credential:
        """Return the credential of `account` to compare it with another, not to use it; raises as `use`."""
        return self._open(connection, account, reader, logged=True)

    def _open(self, connection: Connection, account: Account, reader: KeyPair, *, logged: bool) -> Credential:
        signed = self._signed(account.id)
        expected = (signed.network, signed.user_id, signed.origin)
        if (account.network, account.user_id, account.origin) != expected:
            raise credential_row.tampered(signed, "the account is not the one that an owner signed.")
        row = self._newest(connection, signed, logged=logged)
        credential = credential_row.open_row(self.manifest, signed, row, reader)
        self._mark(account.id, row.gen, credential)
        return credential

    def _mark(self, account_id: str, gen: int, credential: Credential) -> None:
        """Let the text checks know this credential when they see it (marks.py)."""
        if self._marks is not None:
            self._marks.add(account_id, gen, credential)

    def rewrap(
        self,
        connection: Connection,
        account_id: str,
        keys: KeyPair,
        actor: Actor,
        *,
        under: Manifest | None = None,
        opener: KeyPair | None = None,
    ) -> int:
        """Seal the present credential anew, under a fresh key and as a new generation, to the recipients of
        `under` (default: of this manifest), and return the generation. `keys` are an owner's, and open what is
        stored unless there is an `opener`.

        Whoever is no recipient any more knows neither the new key nor a row that is still accepted."""
        signed = self._signed(account_id)
        row = self._newest(connection, signed)
        credential = credential_row.open_row(self.manifest, signed, row, opener or keys)
        held = self.holding(connection, account_id)
        after = Vault(under or self.manifest, self._pins, self._log, self._marks)
        gen = after.store(connection, account_id, credential, keys, actor)
        self.set_state(connection, account_id, held.state)
        return gen

    def generation(self, connection: Connection, account_id: str) -> int:
        """Return the verified generation of the present credential; raises as `use`."""
        return self._newest(connection, self._signed(account_id)).gen

    def holding(self, connection: Connection, account_id: str) -> Holding:
        """Return what can be told without opening it; raises NotFound where there never was one, Tampered where
        it is gone."""
        row = _NEWEST.first(connection, account=account_id)
        if row is None:
            raise self._absent(self._signed(account_id))
        to = [wrap.recipient for wrap in _WRAPS.all(connection, id=row.id)]
        return Holding(
            gen=row.gen,
            state=row.state,
            created_at=jcs.parse_timestamp(row.created_at),
            last_used_at=None if row.last_used_at is None else jcs.parse_timestamp(row.last_used_at),
            expires_at=None if row.expires_at is None else jcs.parse_timestamp(row.expires_at),
            signer=row.signer,
            recipients=tuple(sorted(to)),
        )

    def term(self, connection: Connection, account_id: str) -> tuple[int, datetime | None]:
        """Return the generation of the stored credential and when it ends (None: never, or not told), unopened;
        raises as `holding`."""
        row = _TERM.first(connection, account=account_id)
        if row is None:
            raise self._absent(self._signed(account_id))
        return row.gen, None if row.expires_at is None else jcs.parse_timestamp(row.expires_at)

    def mark_used(self, connection: Connection, account_id: str, at: datetime) -> None:
        """Store when the credential was last used."""
        _USED.run(connection, account=account_id, last_used_at=jcs.timestamp(at))

    def set_state(self, connection: Connection, account_id: str, state: str) -> None:
        """Store what is known of the credential at the network: `active`, `revocation_pending`, `revoked`."""
        _STATE.run(connection, account=account_id, state=state)

    def destroy(self, connection: Connection, account_id: str) -> None:
        """Delete the sealed credential of an account."""
        self._forget(connection, account_id)

    def _newest(self, connection: Connection, signed: SignedAccount, *, logged: bool = True) -> SealedCredential:
        """Return the row with the highest generation, verified and not below the floor."""
        found = _NEWEST.first(connection, account=signed.id)
        if found is None:
            raise self._absent(signed)
        wraps = _WRAPS.all(connection, id=found.id)
        row = SealedCredential(
            gen=found.gen,
            context=bytes(found.context),
            nonce=bytes(found.nonce),
            ciphertext=bytes(found.ciphertext),
            signer=found.signer,
            signature=bytes(found.signature),
            wraps={recipient: bytes(sealed) for recipient, sealed in wraps},
        )
        digest = credential_row.verify(self.manifest, signed, row)
        if found.id != row_id(signed.id, row.gen):
            raise credential_row.tampered(signed, "it stands in another's place.")
        if row.gen < self._pins.generation(signed.id):
            raise credential_row.tampered(signed, "an older generation was put back (rolled back).")
        if logged:
            _require_newest_logged(connection, signed, row.gen, digest)
        return row

    def _next_generation(self, connection: Connection, account_id: str) -> int:
        newest = _HIGHEST.scalar(connection, account=account_id)
        gen = max(newest or 0, self._pins.generation(account_id)) + 1
        # Where rows and pins were both lost, the log still tells which generations there were.
        while _WRITTEN.first(connection, id=row_id(account_id, gen)) is not None:
            gen += 1
        return gen

    def _require_intent(self, connection: Connection, account_id: str, intent: int) -> None:
        found = _INTENT.first(connection, seq=intent, account=account_id)
        if found is None:
            raise errors.Tampered(
                what="The use of a credential", detail="the log holds no intent for it; it stays closed."
            )

    def _insert(
        self, connection: Connection, account_id: str, row: SealedCredential, credential: Credential
    ) -> None:
        expires_at = _moment(credential.get("expires_at"))
        _ROW.run(
            connection,
            id=row_id(account_id, row.gen),
            account_id=account_id,
            gen=row.gen,
            context=row.context,
            nonce=row.nonce,
            ciphertext=row.ciphertext,
            signer=row.signer,
            signature=row.signature,
            created_at=jcs.timestamp(clock.now()),
            expires_at=None if expires_at is None else jcs.timestamp(expires_at),
            state="active",
        )
        for to, sealed in row.wraps.items():
            _WRAP.run(connection, credential_id=row_id(account_id, row.gen), recipient=to, sealed=sealed)

    def _forget(self, connection: Connection, account_id: str) -> None:
        _NO_WRAPS.run(connection, account=account_id)
        _NO_ROWS.run(connection, account=account_id)

    def _signed(self, account_id: str) -> SignedAccount:
        signed = self.manifest.account(account_id)
        if signed is None:
            raise errors.UnknownAccount(name=account_id)
        return signed

    def _absent(self, signed: SignedAccount) -> errors.SocialGuardError:
        if self._pins.generation(signed.id):
            return credential_row.tampered(signed, "it is gone.")
        name = f"{signed.network}:@{signed.handle}"
        hint = f"Run: socialguard account rotate {name} --credential -"
        return errors.NotFound(kind="credential for", name=name, hint=hint)


def _require_newest_logged(connection: Connection, signed: SignedAccount, gen: int, digest: str) -> None:
    """Refuse a row below the newest generation in the log, or one that is not the row that was logged."""
    following, own = row_id(signed.id, gen + 1), row_id(signed.id, gen)
    leaves = _LOGGED.all(connection, own=own, following=following)
    if any(entry.corr == following for entry in leaves):
        raise credential_row.tampered(signed, "the log holds a newer generation (rolled back).")
    # A log that was declared lost may lack the entry; the pins still hold the floor then.
    try:
        logged = {leaf.actor_of(leaf.decode(entry.leaf)).proof for entry in leaves}
    except leaf.BadLeaf:
        raise errors.Tampered(what="The audit log", detail="an entry is not one of this program.") from None
    if logged and digest not in logged:
        raise credential_row.tampered(signed, "it is not the one that was logged when it was written.")


def _moment(text: str | None) -> datetime | None:
    """Return the instant of a credential's `expires_at`, None where it has none that can be read."""
    try:
        found = None if text is None else datetime.fromisoformat(text)
    except ValueError:
        return None
    return None if found is None or found.tzinfo is None else found.astimezone(UTC)
