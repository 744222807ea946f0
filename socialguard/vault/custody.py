"""The life of a credential at its network, every step logged before it happens.

A `Custody` is what these acts work with; `workspace` makes one. `on_network` is the only way to a network from
here: it appends the intent and opens the credential in one transaction, makes the call, and appends the outcome
together with whatever the call changed. A call whose outcome is missing in the log may have happened.
"""

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.audit.interface import Actor, Entry, Tree
from socialguard.audit.log import AuditLog
from socialguard.model.account import Account, AccountName
from socialguard.model.credential import Credential
from socialguard.networks.interface import Network, Session
from socialguard.registry import manifest as manifests
from socialguard.registry.accounts import Registry
from socialguard.registry.interface import OwnerSigner
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import Right
from socialguard.store import lease
from socialguard.store.database import Database
from socialguard.vault.credentials import Vault
from socialguard.vault.keys import KeyPair
from socialguard.vault.marks import Marks
from socialguard.vault.readers import Readers
from socialguard.vault.renewed import Renewed

T = TypeVar("T")
Book = Callable[[Connection, Account, Session, str], None]
"""Puts what a session did on an account into the books, as an operation."""

RENEW: Final = "watch.renew"
"""The action of renewing this machine's own reading credential."""
RENEW_BEFORE: Final = timedelta(minutes=5)
LEASE: Final = timedelta(minutes=3)
"""Longer than a call with all its time-outs, so that a refresh token is never spent twice at once."""


class CustodyPins(Protocol):
    """What this machine remembers outside the workspace; `vault.pins.Pins` fulfils it."""

    def manifest(self) -> tuple[int, str] | None:
        """Return epoch and hash of the newest manifest seen."""
        ...

    def pin_manifest(self, epoch: int, sha256: str) -> None:
        """Remember a manifest."""
        ...

    def generation(self, account: str) -> int:
        """Return the highest generation seen of an account's credential."""
        ...

    def pin_generation(self, account: str, gen: int) -> None:
        """Remember a generation."""
        ...

    def pin_generations(self, generations: Mapping[str, int]) -> None:
        """Remember several generations, by account."""
        ...

    def pinned_tree(self) -> Tree | None:
        """Return the tree of the log that was pinned last."""
        ...


@dataclass(frozen=True, slots=True)
class Custody:
    """All that keeping credentials works with. `owner` and `worker` open this machine's keys when they are first
    needed; `emergency` keeps an entry where the log cannot take it; `book` puts what a session did on an account
    into the books, as an operation, and `unbooked` are those of accounts that are not there yet; `renewed` keeps a
    token between its network's answer and our commit; `readers` are this machine's own credentials that can only
    read."""

    database: Database
    log: AuditLog
    pins: CustodyPins
    owner: Callable[[], KeyPair]
    worker: Callable[[], KeyPair]
    worker_id: str
    actor: Actor
    network: Callable[[str], Network]
    emergency: Callable[[Entry], None]
    book: Book
    renewed: Renewed
    marks: Marks | None = None
    readers: Readers | None = None
    unbooked: dict[str, tuple[Session, str]] = field(default_factory=dict)

    def manifest(self, connection: Connection) -> Manifest:
        """Return the newest manifest, verified from the pin; raises NotAdopted, Tampered."""
        pin = self.pins.manifest()
        if pin is None:
            raise errors.NotAdopted(detail="this machine has not seen its manifest.")
        found = manifests.load(connection, pin)
        if found.org != self.log.org:
            raise errors.Tampered(what="The manifest", detail="it is another organisation's.")
        return found

    def vault(self, manifest: Manifest) -> Vault:
        """Return the credentials under a manifest."""
        return Vault(manifest, self.pins, self.log, self.marks)

    def account(self, connection: Connection, account_id: str) -> Account:
        """Return one account, its row held against the manifest."""
        return Registry(self.manifest(connection)).account(connection, account_id)

    def keys(self, manifest: Manifest, account_id: str) -> KeyPair:
        """Return the keys that open an account's credential here: the worker's where it is granted, else an
        owner's, so that a machine without a person can do its work."""
        if manifest.may(self.worker_id, Right.SEND, account_id):
            return self.worker()
        return self.owner()

    def entry(
        self,
        action: str,
        outcome: str,
        account_id: str | None,
        *,
        corr: str | None = None,
        reason: str | None = None,
        obj: Mapping[str, object] | None = None,
        proof: str | None = None,
    ) -> Entry:
        """Return an entry by this custody's actor; `proof` is the hash of the statement that was signed."""
        actor = self.actor if proof is None else replace(self.actor, proof=proof)
        return Entry(action, outcome, actor, account_id, corr, reason=reason, obj=obj or {})

    def amend(
        self,
        action: str,
        account_id: str | None,
        act: Callable[[Connection, OwnerSigner, Manifest], Manifest],
        *,
        reason: str | None = None,
        obj: Mapping[str, object] | None = None,
    ) -> Manifest:
        """Do an act of the registry as an owner, with its entry in the same transaction, then pin its epoch.
        Raises Tampered where the log does not extend the pinned one, and what the act raises.

        `act` is a function of `registry` such as `changes.rename`, with its other arguments bound."""
        signer = self.owner()
        with self.database.write() as connection:
            self.log.require_extends(connection, self.pins.pinned_tree())
            before = self.manifest(connection)
            after = act(connection, signer, before)
            proof = after.sha256 if after.epoch > before.epoch else None
            said = {"epoch": after.epoch, **(obj or {})}
            self.log.append(connection, self.entry(action, "ok", account_id, reason=reason, obj=said, proof=proof))
        self.pins.pin_manifest(after.epoch, after.sha256)
        return after

    def read_document(self, name: AccountName, document: Mapping[str, object]) -> Credential:
        """Return the credential of a JSON document; CredentialInvalid, without any value, for another form."""
        try:
            return self.network(name.network).credential(document)
        except ValueError as problem:
            raise errors.CredentialInvalid(account=name, detail=str(problem)) from None

    @contextmanager
    def alone(self, account_id: str) -> Iterator[None]:
        """Let no other process renew, replace or revoke the credential meanwhile; raises Busy where one does."""
        with lease.hold(self.database, f"credential:{account_id}", LEASE, "The credential"):
            yield

    # ── calls ────────────────────────────────────────────────────────────────────────────────────────────

    def on_network(
        self,
        action: str,
        account_id: str,
        call: Callable[[Account, Session], T],
        settle: Callable[[Connection, Manifest, T], None],
        *,
        reason: str | None = None,
        book: Book | None = None,
        reads: bool = False,
    ) -> T:
        """Make one logged use of the stored credential of an account and return what `call` returns.

        `reads`: the call only reads, so that this machine's own reading credential is used where it has one.
        `settle` stores what the call changed, in the transaction of the outcome; `book` is for a call that books
        by itself what it costs, and then only the rest. Raises what `call` raises, after logging it;
        AuditUnwritable or Tampered, before any call, where the log cannot be trusted."""
        corr = secrets.token_hex(8)
        own = self._reader(account_id) if reads else None
        with self.database.write() as connection:
            self.log.require_extends(connection, self.pins.pinned_tree())
            manifest = self.manifest(connection)
            account = Registry(manifest).account(connection, account_id)
            said = self.entry(action, "intent", account_id, corr=corr, reason=reason)
            intent = self.log.append(connection, said)
            credential = own or self.vault(manifest).use(
                connection, account, self.keys(manifest, account_id), intent=intent
            )
        session = self.network(account.network).open(credential, account.origin, str(account))

        def finish(connection: Connection, manifest: Manifest, result: T) -> None:
            settle(connection, manifest, result)
            if own is None:
                self.vault(manifest).mark_used(connection, account_id, clock.now())

        def book_all(connection: Connection) -> None:
            (book or self.book)(connection, account, session, action)

        return self._settled(action, account_id, corr, session, lambda: call(account, session), finish, book_all)

    def _reader(self, account_id: str) -> Credential | None:
        """This machine's own reading credential of an account, renewed where it is about to end; None without
        one."""
        readers = self.readers
        if readers is None or not readers.holds(account_id):
            return None
        with self.database.read() as connection:
            account = self.account(connection, account_id)
        credential = readers.open(account_id, account.network)
        ends = credential.get("expires_at")
        if ends is None or datetime.fromisoformat(ends) - clock.now() > RENEW_BEFORE:
            return credential

        def renewed(session: Session) -> Credential | None:
            found = session.refresh()
            if found is not None:
                readers.keep(account_id, found.document())  # at once: the one before is used up
            return found

        new = self.with_given(
            RENEW, account_id, account.name, account.origin, credential, renewed, account=account
        )
        return new or credential

    def with_given(
        self,
        action: str,
        account_id: str,
        name: AccountName,
        origin: str,
        credential: Credential,
        call: Callable[[Session], T],
        *,
        account: Account | None = None,
    ) -> T:
        """Make one logged use of a credential that is not stored yet, and return what `call` returns. Where there
        is no `account` yet either, `book_entry` books the calls once there is."""
        corr = secrets.token_hex(8)
        obj = {"name": str(name), "origin": origin}
        with self.database.write() as connection:
            self.log.require_extends(connection, self.pins.pinned_tree())
            said = self.entry(action, "intent", account_id, corr=corr, obj=obj)
            self.log.append(connection, said)
        session = self.network(name.network).open(credential, origin, str(name))

        def book(connection: Connection) -> None:
            if account is not None:
                self.book(connection, account, session, action)
            else:
                self.unbooked[account_id] = (session, action)

        return self._settled(action, account_id, corr, session, lambda: call(session), lambda *_: None, book)

    def book_entry(self, connection: Connection, account: Account) -> None:
        """Book the calls that were made before the account was there."""
        if account.id in self.unbooked:
            session, action = self.unbooked.pop(account.id)
            self.book(connection, account, session, action)

    def _settled(
        self,
        action: str,
        account_id: str,
        corr: str,
        session: Session,
        call: Callable[[], T],
        settle: Callable[[Connection, Manifest, T], None],
        book: Callable[[Connection], None],
    ) -> T:
        """Make a call whose intent is logged; log its outcome with what it changed, and book it."""
        try:
            result = call()
            with self.database.write() as connection:
                said = self.entry(action, "ok", account_id, corr=corr, obj={"calls": session.calls})
                self.log.append(connection, said)
                settle(connection, self.manifest(connection), result)
                book(connection)
        except errors.SocialGuardError as problem:
            said = self.entry(action, problem.name, account_id, corr=corr, obj={"calls": session.calls})
            with self.database.write() as connection:
                self.log.append(connection, said)
                book(connection)
            raise
        return result
