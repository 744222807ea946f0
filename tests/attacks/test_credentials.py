"""Credentials: sealed to their account, logged by hash, and with a generation that only rises."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from socialguard.canon import envelope, jcs
from socialguard.vault import credential_row
from socialguard.vault.credential_row import SealedCredential
from socialguard.vault.keys import KeyPair, seal_to
from tests.attacker import (
    Attack,
    Copy,
    append_entry,
    id_of,
    logged,
    refused_and_logged,
    require_refused,
    scene,
    schedule,
    send,
    sql,
)
from tests.office import Office, office

__all__ = ["office", "scene"]


def _swap_two_rows(office: Office) -> None:
    """The ids change places, so that each account's row holds the other's credential."""
    one, two = id_of(office, "x:@acme"), id_of(office, "x:@globex")
    for table, column in (("credential", "id"), ("wrap", "credential_id")):
        for old, new in ((f"{one}.1", "swapping"), (f"{two}.1", f"{one}.1"), ("swapping", f"{two}.1")):
            sql(office, f"update {table} set {column} = ? where {column} = ?", new, old)
    sql(office, "update credential set gen = 99 where account_id = ?", one)
    sql(office, "update credential set account_id = ? where id = ?", two, f"{two}.1")
    sql(office, "update credential set account_id = ?, gen = 1 where id = ?", one, f"{one}.1")


def _swap_contents(office: Office) -> None:
    """Everything but id, account and generation changes places, wraps included."""
    one, two = (id_of(office, name) + ".1" for name in ("x:@acme", "x:@globex"))
    content = ("context", "nonce", "ciphertext", "signer", "signature")
    names = ", ".join(content)
    here, there = (sql(office, f"select {names} from credential where id = ?", each)[0] for each in (one, two))
    assignment = ", ".join(f"{name} = ?" for name in content)
    sql(office, f"update credential set {assignment} where id = ?", *there, one)
    sql(office, f"update credential set {assignment} where id = ?", *here, two)
    for old, new in ((one, "swapping"), (two, one), ("swapping", two)):
        sql(office, "update wrap set credential_id = ? where credential_id = ?", new, old)


def _drop_wrap_of_owner(office: Office) -> None:
    sql(office, "delete from wrap where rowid in (select max(rowid) from wrap group by credential_id)")


def _add_recipient(office: Office) -> None:
    outsider = KeyPair.generate()
    row = id_of(office, "x:@acme") + ".1"
    info = jcs.encode({"to": outsider.sealing_id})
    sealed = seal_to(outsider.x25519, b"0" * 32, info)
    sql(office, "insert into wrap values (?, ?, ?)", row, outsider.sealing_id, sealed)


def _rewrap(office: Office, *, claim_owner: bool, log_it: bool) -> None:
    """A credential of the outsider's own, sealed to the worker as FORMATS says, signed with the outsider's key."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    outsider = KeyPair.generate()
    manifest = json.loads(sql(office, "select body from manifest order by epoch desc limit 1")[0][0])
    gen = 2 if log_it else 1
    account_id = id_of(office, "x:@acme")
    signed = next(one for one in manifest["accounts"] if one["id"] == account_id)
    c: dict[str, Any] = {
        "ctx": credential_row.CONTEXT,
        "org": manifest["org"],
        "account": account_id,
        **{name: signed[name] for name in ("network", "user_id", "origin")},
        "cred": f"{account_id}.{gen}",
        "gen": gen,
    }
    key, nonce, document = b"k" * 32, b"n" * 12, dict(office.seed["accounts"][1]["credential"])
    wraps = {}
    for member in manifest["members"]:
        public = jcs.unb64(member["x25519"])
        to = envelope.key_id("x25519", public)
        wraps[to] = seal_to(public, key, jcs.encode(c | {"to": to}))
    owner = next(one for one in manifest["members"] if one["role"] == "owner")
    owner_id = envelope.key_id("ed25519", jcs.unb64(owner["ed25519"]))
    signer = owner_id if claim_owner else outsider.signing_id
    sealed = AESGCM(key).encrypt(nonce, jcs.encode(document), jcs.encode(c))
    row = SealedCredential(gen, jcs.encode(c), nonce, sealed, signer, b"", wraps)
    signature = outsider.sign(credential_row.ENVELOPE, manifest["org"], row.statement())
    values = (f"{account_id}.{gen}", gen, row.context, nonce, sealed, signer, signature, account_id)
    names = "id = ?, gen = ?, context = ?, nonce = ?, ciphertext = ?, signer = ?, signature = ?"
    sql(office, f"update credential set {names} where account_id = ?", *values)
    sql(office, "delete from wrap where credential_id = ?", f"{account_id}.1")
    for to, each in wraps.items():
        sql(office, "insert into wrap values (?, ?, ?)", f"{account_id}.{gen}", to, each)
    if log_it:
        last = logged(office, "credential.write")[-1]
        entry = {
            "account": account_id,
            "corr": f"{account_id}.{gen}",
            "actor": {**last["actor"], "proof": SealedCredential.sha256(row)},
            "obj": {"gen": gen, "kind": "oauth1", "recipients": sorted(wraps)},
        }
        append_entry(office, entry, like="credential.write")


def _as_an_outsider(office: Office) -> None:
    _rewrap(office, claim_owner=False, log_it=False)


def _in_the_owners_name(office: Office) -> None:
    _rewrap(office, claim_owner=True, log_it=False)


def _as_the_next_generation_with_its_entry(office: Office) -> None:
    _rewrap(office, claim_owner=True, log_it=True)


def _without_any(office: Office) -> None:
    assert office.cli("vault", "rewrap", "x:@acme", "--reason", "yearly", "--json").code == 0
    sql(office, "delete from wrap")
    sql(office, "delete from credential")


CREDENTIALS: Final[list[Attack]] = [
    _swap_two_rows,
    _swap_contents,
    _drop_wrap_of_owner,
    _add_recipient,
    _as_an_outsider,
    _in_the_owners_name,
    _as_the_next_generation_with_its_entry,
    _without_any,
]


@pytest.mark.parametrize("attack", CREDENTIALS, ids=lambda attack: attack.__name__.strip("_"))
def test_a_credential_that_is_not_as_signed_stays_closed(scene: Office, attack: Attack) -> None:
    schedule(scene)
    attack(scene)
    refused_and_logged(scene, send(scene))


@pytest.mark.parametrize("rows", ["credential", "with_wraps", "with_the_log_and_the_head"])
def test_an_older_generation_put_back_stays_closed(scene: Office, tmp_path: Path, rows: str) -> None:
    old = Copy.of(scene.home, tmp_path / "old")
    done = scene.cli("vault", "rewrap", "x:@acme", "--reason", "yearly", "--json")
    assert done.code == 0, done
    schedule(scene)
    tables = {"credential": ("credential",), "with_wraps": ("credential", "wrap")}.get(
        rows, ("credential", "wrap", "audit_entry", "audit_head", "audit_reason", "checkpoint")
    )
    _copy_tables(scene, old.kept / "socialguard.db", tables)
    done = send(scene)
    require_refused(scene, done)
    assert scene.published() == []


def _copy_tables(office: Office, source: Path, tables: tuple[str, ...]) -> None:
    for table in tables:
        sql(office, f"delete from {table}")
    with closing(sqlite3.connect(office.database)) as connection, connection:
        connection.execute("attach database ? as old", (str(source),))
        for table in tables:
            connection.execute(f"insert into main.{table} select * from old.{table}")
