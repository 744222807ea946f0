"""A founded database in custody, and a network that answers as a test scripts it."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from socialguard import errors
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.log import AuditLog
from socialguard.model.account import Account, AccountName
from socialguard.model.activity import ActivityPage, Charge, Mark, Profile, Stream
from socialguard.model.credential import Credential
from socialguard.model.delivery import Receipt
from socialguard.networks.interface import (
    Identity,
    Inspection,
    Limits,
    Network,
    Outgoing,
    Reading,
    RemotePost,
    Resolve,
    Revocation,
    Session,
)
from socialguard.registry import founding
from socialguard.registry import manifest as manifests
from socialguard.registry.accounts import Registry
from socialguard.registry.signed import Member, RecoveryKey, Role
from socialguard.store import tables
from socialguard.store.database import Database, create_database
from socialguard.vault import admission
from socialguard.vault.admission import Admission
from socialguard.vault.custody import Custody
from socialguard.vault.kek import Kind, create_kek
from socialguard.vault.keys import KeyPair
from socialguard.vault.pins import Pins
from socialguard.vault.renewed import Renewed

PERSON = Actor("m-1", "person", "cli")


@dataclass
class FakeNetwork:
    """A network with users by token. `problem` is raised by the next calls; `calls` are the operations made,
    each with the token that made it; `before` runs inside the next call."""

    users: dict[str, Identity] = field(default_factory=dict)
    rejected: set[str] = field(default_factory=set)
    problems: dict[str, errors.SocialGuardError] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    before: Callable[[str], None] = lambda _: None
    revocation: Revocation = field(default_factory=lambda: Revocation(True))
    revoking_works: bool = True
    renewed: int = 0

    name: str = "x"
    title: str = "X"
    origin: str = "https://api.x.com"
    resolve: Resolve = Resolve.RECONCILE
    limits: Limits = field(default_factory=lambda: Limits(280, 4, 1, (), 1, "2026-01-01"))
    deletion_price: int = 0
    tells_handles: bool = False
    threads: bool = False
    reading: Reading = field(default_factory=lambda: Reading({}, {}, 100, 0, 0, 100))

    def user(self, token: str, handle: str, user_id: str | None = None) -> None:
        """Make `token` belong to a user."""
        self.users[token] = Identity(user_id or f"u-{handle}", handle, handle.title(), 7, f"https://x/{handle}")

    def warm(self) -> None:
        """Nothing to import."""

    def credential(self, document: Mapping[str, object]) -> Credential:
        """Take `{"kind": "oauth2", "access_token": …}` and nothing else."""
        token = document.get("access_token")
        if set(document) - {"refresh_token"} != {"kind", "access_token"} or not isinstance(token, str):
            raise ValueError("the fields are kind and access_token")
        return Credential("x", "oauth2", {k: str(v) for k, v in document.items() if k != "kind"})

    def open(self, credential: Credential, origin: str, account: str) -> Session:
        """Return a session for the credential's token."""
        return FakeSession(self, credential, origin, account)

    def length(self, text: str, link: str | None) -> int:
        """Never asked here."""
        raise AssertionError

    def price(self, text: str, link: str | None) -> int:
        """Never asked here."""
        raise AssertionError

    def profile_url(self, handle: str, user_id: str) -> str:
        """Never asked here."""
        raise AssertionError

    def matches(self, ours: Outgoing, theirs: RemotePost) -> bool:
        """Never asked here."""
        raise AssertionError


class FakeSession:
    """One credential at the fake network."""

    server_time: datetime | None = None

    def __init__(self, network: FakeNetwork, credential: Credential, origin: str, account: str) -> None:
        self.calls = 0
        self.network = network
        self.credential = credential
        self.account = account
        self.token = credential.reveal("access_token")

    def _call(self, operation: str) -> None:
        self.calls += 1
        self.network.calls.append((operation, self.token))
        self.network.before(operation)
        if operation in self.network.problems:
            raise self.network.problems[operation]
        if self.token in self.network.rejected:
            raise errors.AuthenticationNeeded(network="X", account=self.account, detail="401.")

    def identity(self) -> Identity:
        """Return the token's user."""
        self._call("identity")
        return self.network.users[self.token]

    def inspect(self) -> Inspection:
        """Return fixed facts."""
        self._call("inspect")
        expires = datetime(2027, 1, 1, tzinfo=UTC)
        return Inspection(("tweet.write",), expires, None, "2.166", None, ("A warning.",))

    def refresh(self) -> Credential | None:
        """Return a new token and forget the old one, for a credential with a refresh token."""
        self._call("refresh")
        if self.credential.get("refresh_token") is None:
            return None
        self.network.renewed += 1
        new = f"{self.token}-{self.network.renewed}"
        self.network.users[new] = self.network.users[self.token]
        self.network.rejected.add(self.token)
        return self.credential.replace(access_token=new)

    def revoke(self) -> Revocation:
        """Reject the token from now on, where revoking works."""
        self._call("revoke")
        if self.network.revoking_works:
            self.network.rejected.add(self.token)
        return self.network.revocation

    def publish(self, post: Outgoing, on_step: Callable[[str], None]) -> Receipt:
        """Never asked here."""
        raise AssertionError

    def delete(self, network_id: str) -> None:
        """Never asked here."""
        raise AssertionError

    def timeline(self, since: datetime) -> Iterator[RemotePost]:
        """Never asked here."""
        raise AssertionError

    def find(self, network_id: str) -> RemotePost | None:
        """Never asked here."""
        raise AssertionError

    def activity(self, stream: Stream, *, since: Mark | None, at: str | None) -> ActivityPage:
        """Never asked here."""
        raise AssertionError

    def metrics(self, network_ids: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """Never asked here."""
        raise AssertionError

    def which_exist(self, handles: Sequence[str]) -> Mapping[str, bool]:
        """Never asked here."""
        raise AssertionError

    def profile(self) -> Profile:
        """Never asked here."""
        raise AssertionError

    def assume(self, user_id: str, handle: str) -> None:
        """Nothing."""

    def take_charges(self) -> tuple[Charge, ...]:
        """Cost nothing."""
        return ()


@dataclass
class World:
    """A custody with everything it stands on. `unlogged` is what went to the emergency file, `booked` the calls
    of each session by account and operation."""

    custody: Custody
    database: Database
    pins: Pins
    network: FakeNetwork
    owner: KeyPair
    worker: KeyPair
    recovery: KeyPair
    renewed_place: Path
    unlogged: list[Entry] = field(default_factory=list)
    booked: list[tuple[str, str, int]] = field(default_factory=list)

    def admission(self, name: str = "x:@acme", token: str = "token-acme", **fields: Any) -> Admission:
        """Return an admission of an account with a token that renews itself."""
        document = {"kind": "oauth2", "access_token": token, "refresh_token": f"renew-{token}"}
        credential = self.network.credential(document)
        return Admission(AccountName.parse(name), credential, workers=("w-1",), **fields)

    def added(self, name: str = "x:@acme", token: str = "token-acme", **fields: Any) -> Account:
        """Add an account whose token the network knows."""
        self.network.user(token, name.partition("@")[2])
        return admission.add(self.custody, self.admission(name, token, **fields))

    def accounts(self) -> list[str]:
        """Return the names of all accounts."""
        with self.database.read() as connection:
            return [str(one) for one in Registry(self.custody.manifest(connection)).all(connection)]

    def account(self, account_id: str) -> Account:
        """Return one account."""
        with self.database.read() as connection:
            return self.custody.account(connection, account_id)

    def stored(self, account_id: str, reader: KeyPair | None = None) -> str:
        """Return the access token that the vault holds for an account."""
        with self.database.write() as connection:
            intent = self.custody.log.append(connection, Entry("test.use", "intent", PERSON, account_id))
            manifest = self.custody.manifest(connection)
            account = Registry(manifest).account(connection, account_id)
            vault = self.custody.vault(manifest)
            found = vault.use(connection, account, reader or self.worker, intent=intent)
        return found.reveal("access_token")

    def log(self, *hidden: str) -> list[tuple[str, str]]:
        """Return action and outcome of every entry, without the actions in `hidden`."""
        with self.database.read() as connection:
            rows = connection.execute(
                select(tables.audit_entry.c.action, tables.audit_entry.c.outcome).order_by(
                    tables.audit_entry.c.seq
                )
            ).all()
        return [(row.action, row.outcome) for row in rows if row.action not in ("workspace.init", *hidden)]

    def leaves(self, action: str) -> list[dict[str, Any]]:
        """Return the leaves of an action."""
        with self.database.read() as connection:
            found = connection.execute(
                select(tables.audit_entry.c.leaf)
                .where(tables.audit_entry.c.action == action)
                .order_by(tables.audit_entry.c.seq)
            ).scalars()
            return [json.loads(leaf) for leaf in found]


@contextmanager
def world(place: Path, networks: Callable[[str], Network] | None = None) -> Iterator[World]:
    """Give a founded world in a directory; `networks` instead of the fake one."""
    database = create_database(f"sqlite:///{place / 'socialguard.db'}")
    owner, worker, recovery = KeyPair.generate(), KeyPair.generate(), KeyPair.generate()
    members: Sequence[Member] = [
        Member("m-1", owner.x25519, owner.ed25519, Role.OWNER),
        Member("w-1", worker.x25519, worker.ed25519, Role.WORKER),
    ]
    kit = RecoveryKey("r-1", recovery.x25519, recovery.ed25519)
    first, _ = manifests.genesis(members, bytes(32), recovery=(kit,))
    log = AuditLog(first.org)
    with database.write() as connection:
        founding.found(connection, owner, first, {"m-1": "Marie"})
        log.start(connection, Entry("workspace.init", "ok", PERSON))
    identity = place / "identity"
    identity.mkdir(mode=0o700)
    pins = Pins.adopt(identity / "pins", first.org, create_kek(Kind.FILE, str(identity / "kek")))
    pins.pin_manifest(first.epoch, first.sha256)
    network = FakeNetwork()
    unlogged: list[Entry] = []
    booked: list[tuple[str, str, int]] = []
    custody = Custody(
        database=database,
        log=log,
        pins=pins,
        owner=lambda: owner,
        worker=lambda: worker,
        worker_id="w-1",
        actor=PERSON,
        network=networks or (lambda _: network),
        emergency=unlogged.append,
        book=lambda _connection, account, session, operation: booked.append(
            (str(account), operation, session.calls)
        ),
        renewed=Renewed(identity / "renewed", first.org),
    )
    yield World(custody, database, pins, network, owner, worker, recovery, identity / "renewed", unlogged, booked)
    database.close()
