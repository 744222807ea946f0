"""Sealed credentials: who can open them, and that every change to what is stored is refused."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, insert, select, update

from socialguard import clock, errors
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.log import AuditLog
from socialguard.canon import envelope, jcs
from socialguard.model.account import Account, AccountName
from socialguard.model.credential import Credential
from socialguard.registry import changes, enrolment, founding
from socialguard.registry import manifest as manifests
from socialguard.registry.accounts import Registry
from socialguard.registry.enrolment import NewAccount
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import Grant, Member, RecoveryKey, Right, Role
from socialguard.store import tables
from socialguard.store.database import Database, create_database
from socialguard.vault.credentials import Vault
from socialguard.vault.keys import KeyPair, seal_to

ACTOR = Actor("m-1", "person", "cli")
SECRET = "xt-4f1d8a-very-secret-token"


def x_credential(secret: str = SECRET) -> Credential:
    return Credential("x", "oauth2", {"client_id": "client-77", "access_token": secret})


@dataclass
class Seen:
    """Pins in memory."""

    generations: dict[str, int] = field(default_factory=dict)

    def generation(self, account: str) -> int:
        return self.generations.get(account, 0)

    def pin_generation(self, account: str, gen: int) -> None:
        self.generations[account] = gen


@dataclass
class Safe:
    """A database with two accounts whose credentials are stored, and everyone's keys."""

    database: Database
    manifest: Manifest
    owner: KeyPair
    worker: KeyPair
    idle: KeyPair
    recovery: KeyPair
    pins: Seen
    log: AuditLog

    @property
    def vault(self) -> Vault:
        return Vault(self.manifest, self.pins, self.log)

    def store(self, account_id: str, credential: Credential, writer: KeyPair | None = None) -> int:
        with self.database.write() as connection:
            gen = self.vault.store(connection, account_id, credential, writer or self.owner, ACTOR)
        self.pins.pin_generation(account_id, gen)
        return gen

    def use(self, account_id: str, reader: KeyPair | None = None) -> Credential:
        with self.database.write() as connection:
            entry = Entry("delivery.publish", "intent", ACTOR, account=account_id)
            intent = self.log.append(connection, entry)
        with self.database.read() as connection:
            account = Registry(self.manifest).account(connection, account_id)
            return self.vault.use(connection, account, reader or self.worker, intent=intent)

    def do(self, change: Callable[[Connection], object]) -> None:
        """Change the database as someone would who has the file and no key."""
        with self.database.write() as connection:
            change(connection)


def enlisted(member_id: str, keys: KeyPair, role: Role) -> Member:
    return Member(member_id, keys.x25519, keys.ed25519, role)


@pytest.fixture
def safe(tmp_path: Path) -> Iterator[Safe]:
    database = create_database(f"sqlite:///{tmp_path / 'socialguard.db'}")
    owner, worker, idle, recovery = (KeyPair.generate() for _ in range(4))
    members = [
        enlisted("m-1", owner, Role.OWNER),
        enlisted("w-1", worker, Role.WORKER),
        enlisted("w-2", idle, Role.WORKER),
    ]
    kit = RecoveryKey("r-1", recovery.x25519, recovery.ed25519)
    manifest, _ = manifests.genesis(members, bytes(32), recovery=(kit,))
    log = AuditLog(manifest.org)
    with database.write() as connection:
        founding.found(connection, owner, manifest, {})
        log.start(connection, Entry("workspace.init", "ok", ACTOR))
        for account_id, name in (("a-acme", "x:@acme"), ("a-globex", "x:@globex")):
            new = NewAccount(
                AccountName.parse(name),
                user_id=f"9-{account_id}",
                origin="https://api.x.com",
                grants=(Grant("w-1", Right.SEND),),
                id=account_id,
            )
            manifest = enrolment.add(connection, owner, manifest, new)
    built = Safe(database, manifest, owner, worker, idle, recovery, Seen(), log)
    built.store("a-acme", x_credential())
    built.store("a-globex", x_credential("xt-globex-token"))
    yield built
    database.close()


def test_the_granted_worker_the_owner_and_the_recovery_kit_open_it(safe: Safe) -> None:
    for reader in (safe.worker, safe.owner, safe.recovery):
        assert safe.use("a-acme", reader) == x_credential()


def test_a_worker_without_the_grant_and_a_stranger_do_not(safe: Safe) -> None:
    for reader in (safe.idle, KeyPair.generate()):
        with pytest.raises(errors.NotFound, match="key"):
            safe.use("a-acme", reader)


def test_no_byte_of_the_secret_is_in_the_database(safe: Safe, tmp_path: Path) -> None:
    safe.database.close()
    for path in tmp_path.iterdir():
        assert SECRET.encode() not in path.read_bytes()


def test_the_row_is_what_the_format_says_byte_for_byte(safe: Safe) -> None:
    with safe.database.read() as connection:
        row = connection.execute(select(tables.credential).where(tables.credential.c.account_id == "a-acme")).one()
        wraps = {
            one.recipient: one.sealed
            for one in connection.execute(select(tables.wrap).where(tables.wrap.c.credential_id == row.id))
        }
    c = {
        "ctx": "socialguard/cred/v1",
        "org": safe.manifest.org,
        "account": "a-acme",
        "network": "x",
        "user_id": "9-a-acme",
        "origin": "https://api.x.com",
        "cred": "a-acme.1",
        "gen": 1,
    }
    assert row.context == jcs.encode(c)
    assert set(wraps) == {safe.worker.sealing_id, safe.owner.sealing_id, safe.recovery.sealing_id}
    info = jcs.encode(c | {"to": safe.worker.sealing_id})
    key = safe.worker.open(wraps[safe.worker.sealing_id], info)
    plain = AESGCM(key).decrypt(row.nonce, row.ciphertext, jcs.encode(c))
    assert json.loads(plain) == x_credential().document()
    body = {
        "c": c,
        "nonce": jcs.b64(row.nonce),
        "ct": jcs.b64(row.ciphertext),
        "wraps": [{"to": to, "sealed": jcs.b64(wraps[to])} for to in sorted(wraps)],
    }
    envelope.verify(safe.owner.ed25519, row.signature, "credential", safe.manifest.org, jcs.encode(body))
    with safe.database.read() as connection:
        leaf = connection.execute(
            select(tables.audit_entry.c.leaf).where(tables.audit_entry.c.corr == "a-acme.1")
        ).scalar_one()
    logged = json.loads(leaf)
    assert (logged["action"], logged["obj"]["gen"]) == ("credential.write", 1)
    assert logged["actor"]["proof"] == hashlib.sha256(jcs.encode(body)).hexdigest()


@given(data=st.data())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_flipped_bit_of_a_row_or_wrap_is_tampered(safe: Safe, data: st.DataObject) -> None:
    column = data.draw(
        st.sampled_from(["context", "nonce", "ciphertext", "signature", "signer", "gen", "sealed", "recipient"])
    )
    table = tables.wrap if column in ("sealed", "recipient") else tables.credential
    key = table.c.recipient if table is tables.wrap else table.c.id
    with safe.database.read() as connection:
        mine = table.c.credential_id == "a-acme.1" if table is tables.wrap else table.c.id == "a-acme.1"
        row = connection.execute(select(table).where(mine).order_by(key)).first()
    assert row is not None
    before = getattr(row, column)
    at = data.draw(st.integers(0, (8 * len(before) if column != "gen" else 8) - 1))
    after: object
    if column == "gen":
        after = before ^ (1 << at)
    elif isinstance(before, str):
        raw = bytearray(before.encode())
        raw[at // 8] ^= 1 << (at % 7)
        after = raw.decode("latin-1")
    else:
        raw = bytearray(before)
        raw[at // 8] ^= 1 << at % 8
        after = bytes(raw)
    where = mine & (key == getattr(row, key.name))
    safe.do(lambda c: c.execute(update(table).where(where).values({column: after})))
    try:
        with pytest.raises(errors.Tampered):
            safe.use("a-acme")
    finally:
        moved = mine & (key == (after if column == key.name else getattr(row, key.name)))
        safe.do(lambda c: c.execute(update(table).where(moved).values({column: before})))
    assert safe.use("a-acme") == x_credential()


def test_two_swapped_rows_are_tampered(safe: Safe) -> None:
    columns = ("context", "nonce", "ciphertext", "signer", "signature")

    def swap(connection: Connection, names: tuple[str, ...] = columns) -> None:
        table = tables.credential
        rows = {row.account_id: row for row in connection.execute(select(table))}
        for one, other in (("a-acme", "a-globex"), ("a-globex", "a-acme")):
            values = {name: getattr(rows[other], name) for name in names}
            connection.execute(update(table).where(table.c.account_id == one).values(values))
        wraps = connection.execute(select(tables.wrap)).all()
        connection.execute(delete(tables.wrap))
        for row in wraps:
            twin = "a-globex.1" if row.credential_id == "a-acme.1" else "a-acme.1"
            connection.execute(
                insert(tables.wrap).values(credential_id=twin, recipient=row.recipient, sealed=row.sealed)
            )

    safe.do(swap)
    for account_id in ("a-acme", "a-globex"):
        with pytest.raises(errors.Tampered, match="another"):
            safe.use(account_id)


def rows_of(connection: Connection, account_id: str) -> tuple[dict[str, object], list[dict[str, object]]]:
    row = connection.execute(select(tables.credential).where(tables.credential.c.account_id == account_id)).one()
    wraps = connection.execute(select(tables.wrap).where(tables.wrap.c.credential_id == row.id)).all()
    return dict(row._mapping), [dict(one._mapping) for one in wraps]


def put_back(connection: Connection, row: dict[str, object], wraps: list[dict[str, object]]) -> None:
    ids = select(tables.credential.c.id).where(tables.credential.c.account_id == row["account_id"])
    connection.execute(delete(tables.wrap).where(tables.wrap.c.credential_id.in_(ids)))
    connection.execute(delete(tables.credential).where(tables.credential.c.account_id == row["account_id"]))
    connection.execute(insert(tables.credential).values(row))
    connection.execute(insert(tables.wrap), wraps)


@pytest.mark.parametrize("pinned", [True, False])
def test_a_row_that_was_rolled_back_is_tampered_by_the_pins_and_by_the_log_alone(safe: Safe, pinned: bool) -> None:
    with safe.database.read() as connection:
        old = rows_of(connection, "a-acme")
    safe.store("a-acme", x_credential("xt-new-token"))
    safe.do(lambda c: put_back(c, *old))
    if not pinned:
        safe.pins.generations.clear()
    with pytest.raises(errors.Tampered, match="rolled back"):
        safe.use("a-acme")


def test_a_generation_that_is_not_the_logged_one_is_tampered(safe: Safe) -> None:
    """A worker's stolen key cannot put another credential under the same generation."""
    from socialguard.vault import credential_row

    signed = safe.manifest.account("a-acme")
    assert signed is not None
    other = credential_row.seal(safe.manifest, signed, 1, x_credential("xt-other-token"), safe.worker)

    def replace_row(connection: Connection) -> None:
        row, _ = rows_of(connection, "a-acme")
        values = {name: getattr(other, name) for name in ("nonce", "ciphertext", "signer", "signature")}
        wraps: list[dict[str, object]] = [
            {"credential_id": "a-acme.1", "recipient": to, "sealed": sealed} for to, sealed in other.wraps.items()
        ]
        put_back(connection, row | values, wraps)

    safe.do(replace_row)
    with pytest.raises(errors.Tampered, match="logged"):
        safe.use("a-acme")


def test_a_lost_row_is_tampered_where_one_was_pinned(safe: Safe) -> None:
    safe.do(lambda c: safe.vault.destroy(c, "a-acme"))
    with pytest.raises(errors.Tampered, match="gone"):
        safe.use("a-acme")
    safe.pins.generations.clear()
    with pytest.raises(errors.NotFound):
        safe.use("a-acme")


def test_an_outsider_cannot_wrap_it_for_himself(safe: Safe) -> None:
    outsider = KeyPair.generate()
    row = tables.wrap.insert().values(
        credential_id="a-acme.1",
        recipient=outsider.sealing_id,
        sealed=seal_to(outsider.x25519, bytes(32), b"anything"),
    )
    safe.do(lambda c: c.execute(row))
    for reader in (outsider, safe.worker):
        with pytest.raises(errors.Tampered):
            safe.use("a-acme", reader)


def test_only_an_owner_or_a_granted_worker_writes(safe: Safe) -> None:
    assert safe.store("a-acme", x_credential("xt-by-worker"), safe.worker) == 2
    assert safe.use("a-acme") == x_credential("xt-by-worker")
    for writer in (safe.idle, safe.recovery, KeyPair.generate()):
        with pytest.raises(errors.UsageError):
            safe.store("a-acme", x_credential("xt-by-stranger"), writer)
    assert safe.use("a-acme") == x_credential("xt-by-worker")


@pytest.mark.parametrize(
    "values", [{"origin": "https://api.x.com.evil.example"}, {"user_id": "9-a-globex"}, {"network": "facebook"}]
)
def test_an_account_changed_in_the_database_opens_nothing(safe: Safe, values: dict[str, str]) -> None:
    where = tables.account.c.id == "a-acme"
    safe.do(lambda c: c.execute(update(tables.account).where(where).values(values)))
    with pytest.raises(errors.Tampered):
        safe.use("a-acme")


def test_an_account_value_that_is_not_as_signed_opens_nothing(safe: Safe) -> None:
    with safe.database.write() as connection:
        intent = safe.log.append(connection, Entry("delivery.publish", "intent", ACTOR, account="a-acme"))
        account = Registry(safe.manifest).account(connection, "a-acme")
        for changed in (replace(account, origin="https://evil.example"), replace(account, user_id="1")):
            with pytest.raises(errors.Tampered):
                safe.vault.use(connection, changed, safe.worker, intent=intent)


def test_without_an_intent_in_the_log_it_stays_closed(safe: Safe) -> None:
    with safe.database.write() as connection:
        account: Account = Registry(safe.manifest).account(connection, "a-acme")
        foreign = safe.log.append(connection, Entry("delivery.publish", "intent", ACTOR, account="a-globex"))
        outcome = safe.log.append(connection, Entry("delivery.publish", "ok", ACTOR, account="a-acme"))
        for intent in (foreign, outcome, 9_999):
            with pytest.raises(errors.Tampered, match="intent"):
                safe.vault.use(connection, account, safe.worker, intent=intent)


def test_the_old_generation_is_destroyed_when_the_new_one_is_stored_and_not_before(safe: Safe) -> None:
    def fail_before_the_commit(connection: Connection) -> None:
        safe.vault.store(connection, "a-acme", x_credential("xt-lost-token"), safe.owner, ACTOR)
        raise RuntimeError("the power fails")

    with pytest.raises(RuntimeError):
        safe.do(fail_before_the_commit)
    assert safe.use("a-acme") == x_credential()
    assert safe.store("a-acme", x_credential("xt-new-token")) == 2
    with safe.database.read() as connection:
        ids = connection.execute(select(tables.credential.c.id)).scalars().all()
        wrapped = set(connection.execute(select(tables.wrap.c.credential_id)).scalars())
    assert set(ids) == wrapped == {"a-acme.2", "a-globex.1"}


def test_sealing_anew_follows_the_grants_and_shuts_the_former_worker_out(safe: Safe) -> None:
    with safe.database.write() as connection:
        following = changes.set_grants(connection, safe.owner, safe.manifest, "a-acme", [Grant("w-2", Right.SEND)])
        gen = safe.vault.rewrap(connection, "a-acme", safe.owner, ACTOR, under=following)
    safe.manifest = following
    safe.pins.pin_generation("a-acme", gen)
    assert safe.use("a-acme", safe.idle) == x_credential()
    with pytest.raises(errors.NotFound):
        safe.use("a-acme", safe.worker)


def test_what_can_be_told_without_opening_it(safe: Safe) -> None:
    expires = clock.now() + timedelta(hours=2)
    safe.store("a-acme", x_credential().replace(expires_at=expires.isoformat()))
    with safe.database.write() as connection:
        safe.vault.mark_used(connection, "a-acme", clock.now())
        safe.vault.set_state(connection, "a-acme", "revocation_pending")
        holding = safe.vault.holding(connection, "a-acme")
        other = safe.vault.holding(connection, "a-globex")
    assert (holding.gen, holding.state, holding.expires_at) == (2, "revocation_pending", expires)
    assert holding.last_used_at is not None
    assert len(holding.recipients) == 3
    assert (other.state, other.last_used_at, other.expires_at) == ("active", None, None)


def test_generations_go_on_where_the_log_ended_when_rows_and_pins_are_lost(safe: Safe) -> None:
    safe.store("a-acme", x_credential("xt-second-token"))
    safe.do(lambda c: safe.vault.destroy(c, "a-acme"))
    safe.pins.generations.clear()
    assert safe.store("a-acme", x_credential("xt-third-token")) == 3
    assert safe.use("a-acme") == x_credential("xt-third-token")
