"""The manifest: its exact bytes, its chain, and what is refused."""

import contextlib
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from socialguard import errors
from socialguard.canon import envelope, jcs
from socialguard.registry import founding
from socialguard.registry import manifest as manifests
from socialguard.registry.manifest import Manifest
from socialguard.registry.signed import Grant, LogKey, Member, RecoveryKey, Right, Role, SignedAccount, Status
from socialguard.store.tables import manifest as table
from socialguard.vault.keys import KeyPair

from .conftest import Office, member

SEND = Grant("w-1", Right.SEND)
ACCOUNT = SignedAccount("a-1", "x", "99", "acme", "https://api.x.com", "acme", "acme", False, (SEND,))


def first() -> Manifest:
    owner = Member("m-1", bytes(range(32)), bytes(range(32, 64)), Role.OWNER)
    worker = Member("w-1", bytes(range(1, 33)), bytes(range(33, 65)), Role.WORKER)
    return manifests.genesis([owner, worker], bytes(range(64, 96)))[0]


def test_the_body_of_epoch_one_is_the_documented_canonical_json_without_the_org_id() -> None:
    body = json.loads(first().body)
    assert body == {
        "v": 1,
        "epoch": 1,
        "prev_sha256": None,
        "owners": ["m-1"],
        "threshold": 1,
        "members": [
            {
                "id": "m-1",
                "x25519": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
                "ed25519": "ICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj8=",
                "role": "owner",
                "status": "active",
                "contractor": False,
            },
            {
                "id": "w-1",
                "x25519": "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=",
                "ed25519": "ISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+P0A=",
                "role": "worker",
                "status": "active",
                "contractor": False,
            },
        ],
        "workers": ["w-1"],
        "accounts": [],
        "recovery": [],
        "log_keys": [{"key": "QEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFlaW1xdXl8=", "from_size": 0}],
        "policy_sha256": hashlib.sha256(b"").hexdigest(),
    }
    assert first().org == first().sha256 == hashlib.sha256(first().body).hexdigest()


def test_later_epochs_name_the_org_and_the_hash_of_the_epoch_before() -> None:
    second = first().with_account(ACCOUNT)
    body = json.loads(second.body)
    assert (body["org"], body["epoch"], body["prev_sha256"]) == (first().org, 2, first().sha256)
    assert body["accounts"][0]["grants"] == [{"member": "w-1", "right": "send"}]


def test_what_is_decoded_is_what_was_encoded() -> None:
    one = first()
    recovered = one.with_recovery(RecoveryKey("r-1", bytes(32), bytes(32)))
    for each in (one, one.with_account(ACCOUNT), recovered, one.with_log_key(LogKey(bytes(32), 9))):
        assert manifests.decode(each.body) == each


BODY = first().with_account(ACCOUNT).body


@given(st.integers(0, 8 * len(BODY) - 1))
@settings(max_examples=60, deadline=None)
def test_a_flipped_bit_of_a_body_is_another_manifest_or_none(at: int) -> None:
    changed = bytearray(BODY)
    changed[at // 8] ^= 1 << at % 8
    with contextlib.suppress(errors.Tampered, errors.SchemaTooNew):
        assert manifests.decode(bytes(changed)).sha256 != hashlib.sha256(BODY).hexdigest()


@given(st.binary(max_size=60) | st.recursive(st.none() | st.text(), st.lists).map(jcs.encode))
@settings(max_examples=60, deadline=None)
def test_anything_else_is_refused_as_tampered(data: bytes) -> None:
    with pytest.raises((errors.Tampered, errors.SchemaTooNew)):
        manifests.decode(data)


@pytest.mark.parametrize(
    "change",
    [
        {"owners": []},
        {"threshold": 2},
        {"workers": ["m-1"]},
        {"extra": 1},
        {"epoch": True},
        {"members": "none"},
        {"log_keys": []},
        {"policy_sha256": 3},
    ],
)
def test_a_manifest_that_contradicts_itself_is_refused(change: dict[str, Any]) -> None:
    body = json.loads(BODY) | change
    with pytest.raises(errors.Tampered):
        manifests.decode(jcs.encode(body))


def test_an_unknown_version_is_refused_and_not_guessed() -> None:
    with pytest.raises(errors.SchemaTooNew):
        manifests.decode(jcs.encode(json.loads(BODY) | {"v": 2}))


def test_loading_follows_the_chain_from_the_pin(office: Office) -> None:
    pin = (office.manifest.epoch, office.manifest.sha256)
    office.add("x:@acme")
    office.add("x:@globex")
    with office.database.read() as connection:
        loaded = manifests.load(connection, pin)
        assert loaded == office.manifest
        assert loaded.epoch == 3
        assert manifests.load(connection, (3, loaded.sha256)) == loaded
        assert manifests.verify_chain(connection, office.manifest.org) == loaded


def test_a_signature_covers_the_stored_body_in_the_envelope(office: Office) -> None:
    with office.database.read() as connection:
        row = connection.execute(table.select()).one()
    entry = json.loads(row.signatures)[0]
    assert entry["key_id"] == office.owner.signing_id
    signature = jcs.unb64(entry["signature"])
    envelope.verify(office.owner.ed25519, signature, "manifest", office.manifest.org, row.body)


def test_an_epoch_below_the_pin_is_a_roll_back(office: Office) -> None:
    office.add("x:@acme")
    with office.database.write() as connection:
        connection.execute(delete(table).where(table.c.epoch == 2))
    with office.database.read() as connection, pytest.raises(errors.Tampered, match="rolled back"):
        manifests.load(connection, (2, office.manifest.sha256))


def test_another_manifest_at_the_pinned_epoch_is_refused(office: Office) -> None:
    office.add("x:@acme")
    forged = manifests.decode(office.manifest.body.replace(b"api.example.com", b"api.examp1e.com"))
    with office.database.write() as connection:
        connection.execute(update(table).where(table.c.epoch == 2).values(body=forged.body, sha256=forged.sha256))
    with office.database.read() as connection, pytest.raises(errors.Tampered):
        manifests.load(connection, (2, office.manifest.sha256))


def test_an_epoch_after_the_pin_needs_an_owners_signature(office: Office) -> None:
    pin = (office.manifest.epoch, office.manifest.sha256)
    for signer in (office.worker, KeyPair.generate()):
        with office.database.write() as connection, pytest.raises(errors.OwnersNeeded):
            manifests.append(connection, office.manifest.with_account(ACCOUNT), [signer])
    office.add("x:@acme")
    outsider = KeyPair.generate()
    signed = outsider.sign("manifest", office.manifest.org, json.loads(office.manifest.body))
    for key_id in (outsider.signing_id, office.owner.signing_id, office.worker.signing_id):
        entries = [{"key_id": key_id, "signature": jcs.b64(signed)}]
        with office.database.write() as connection:
            connection.execute(
                update(table).where(table.c.epoch == 2).values(signatures=jcs.encode(entries).decode())
            )
        with office.database.read() as connection, pytest.raises(errors.Tampered):
            manifests.load(connection, pin)


def rewritten(office: Office, epoch: int, **values: object) -> None:
    with office.database.write() as connection:
        connection.execute(update(table).where(table.c.epoch == epoch).values(values))


def signed(manifest: Manifest, *signers: KeyPair) -> str:
    body = json.loads(manifest.body)
    entries = [
        {"key_id": one.signing_id, "signature": jcs.b64(one.sign("manifest", manifest.org, body))}
        for one in signers
    ]
    return jcs.encode(entries).decode()


def test_a_true_signature_of_a_member_who_is_no_owner_counts_for_nothing(office: Office) -> None:
    pin = (office.manifest.epoch, office.manifest.sha256)
    office.add("x:@acme")
    rewritten(office, 2, signatures=signed(office.manifest, office.worker))
    with office.database.read() as connection, pytest.raises(errors.Tampered, match="enough owners"):
        manifests.load(connection, pin)
    rewritten(office, 2, signatures=signed(office.manifest, office.worker, office.owner))
    with office.database.read() as connection:
        assert manifests.load(connection, pin) == office.manifest


def test_an_epoch_that_an_owner_signed_for_another_chain_is_refused(office: Office) -> None:
    """An owner's old draft of epoch 3 does not follow an epoch 2 that it was not made for."""
    pin = (office.manifest.epoch, office.manifest.sha256)
    fork = office.manifest.with_account(ACCOUNT).with_policy("ab" * 32)
    office.add("x:@acme")
    office.add("x:@globex")
    rewritten(office, 3, body=fork.body, sha256=fork.sha256, signatures=signed(fork, office.owner))
    with office.database.read() as connection, pytest.raises(errors.Tampered, match="does not follow"):
        manifests.load(connection, pin)


def test_the_hash_beside_a_body_is_the_bodys(office: Office) -> None:
    rewritten(office, 1, sha256="00" * 32)
    with office.database.read() as connection, pytest.raises(errors.Tampered):
        manifests.load(connection, (1, office.manifest.sha256))


def test_what_was_decoded_has_the_very_bytes_that_it_would_be_encoded_to(office: Office) -> None:
    office.add("x:@acme", labels=["fr"])
    decoded = manifests.decode(office.manifest.body)
    again = replace(decoded, threshold=1)
    assert (again.body, again.sha256) == (decoded.body, decoded.sha256)
    assert decoded.successor().body != decoded.body


@pytest.mark.parametrize("signatures", ["", "[]", "{}", "[1]", '[{"key_id":"x"}]', "null"])
def test_broken_signatures_are_refused(office: Office, signatures: str) -> None:
    pin = (office.manifest.epoch, office.manifest.sha256)
    office.add("x:@acme")
    with office.database.write() as connection:
        connection.execute(update(table).where(table.c.epoch == 2).values(signatures=signatures))
    with office.database.read() as connection, pytest.raises(errors.Tampered):
        manifests.load(connection, pin)


def test_a_removed_owner_signs_nothing_more(office: Office) -> None:
    second, stranger = KeyPair.generate(), KeyPair.generate()
    with office.database.write() as connection:
        two = founding.enlist(connection, office.owner, office.manifest, member("m-2", second, Role.OWNER), "Paul")
        gone = Member("m-1", office.owner.x25519, office.owner.ed25519, Role.OWNER, Status.REMOVED)
        three = manifests.append(connection, two.with_member(gone), [second])
    assert three.owners == ("m-2",)
    with office.database.write() as connection, pytest.raises(errors.OwnersNeeded):
        founding.enlist(connection, office.owner, three, member("m-3", stranger, Role.OWNER), "Eve")


def test_a_threshold_of_two_takes_two_different_owners(office: Office) -> None:
    second = KeyPair.generate()
    with office.database.write() as connection:
        two = founding.enlist(connection, office.owner, office.manifest, member("m-2", second, Role.OWNER), "Paul")
        three = manifests.append(connection, two.successor(threshold=2), [office.owner])
    following = three.with_account(ACCOUNT)
    with office.database.write() as connection, pytest.raises(errors.OwnersNeeded, match="must sign: 2"):
        manifests.append(connection, following, [office.owner, office.owner])
    with office.database.write() as connection:
        manifests.append(connection, following, [office.owner, second])
    with office.database.read() as connection:
        assert manifests.load(connection, (1, office.manifest.sha256)) == following
    for few in (signed(following, second), signed(following, second, second)):
        rewritten(office, following.epoch, signatures=few)
        with office.database.read() as connection, pytest.raises(errors.Tampered, match="enough owners"):
            manifests.load(connection, (1, office.manifest.sha256))


def test_rights_come_from_roles_and_grants(office: Office) -> None:
    account = office.add("x:@acme")
    manifest = office.manifest
    assert manifest.may("m-1", Right.PUBLISH, account)
    assert not manifest.may("m-1", Right.SEND, account)
    assert manifest.may("w-1", Right.SEND, account)
    assert not manifest.may("w-1", Right.PUBLISH, account)
    assert not manifest.may("w-1", Right.SEND, "a-none")
    assert not manifest.may("m-9", Right.PUBLISH, account)
