"""What a recovery kit may sign: one owner, one worker, one log key more, and nothing else."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import update

from socialguard import errors
from socialguard.canon import jcs
from socialguard.registry import founding, manifest_json
from socialguard.registry import manifest as manifests
from socialguard.registry.manifest import Manifest
from socialguard.registry.recovered import recovered
from socialguard.registry.signed import Grant, LogKey, Member, RecoveryKey, Right, Role, SignedAccount, Status
from socialguard.store.tables import manifest as table
from socialguard.vault.keys import KeyPair

from .conftest import Office
from .conftest import member as listed

LOG_KEY = LogKey(bytes(range(100, 132)), 0, 1)
ACCOUNT = SignedAccount("a-1", "x", "99", "acme", "https://api.x.com", "acme", "acme")


def member(member_id: str, role: Role) -> Member:
    """Return somebody with keys of their own."""
    return listed(member_id, KeyPair.generate(), role)


def key_of(kit: KeyPair) -> RecoveryKey:
    """Return a kit's public halves as the manifest lists them."""
    return RecoveryKey(kit.signing_id, kit.x25519, kit.ed25519)


@pytest.fixture
def kit() -> KeyPair:
    """The keys of a recovery kit."""
    return KeyPair.generate()


@pytest.fixture
def before(office: Office, kit: KeyPair) -> Manifest:
    """The stored manifest, under which the kit is in force, with an account that a worker sends on."""
    worker = next(one.id for one in office.manifest.members if one.role is Role.WORKER)
    account = replace(ACCOUNT, grants=(Grant(worker, Right.SEND),))
    with office.database.write() as connection:
        one = manifests.append(connection, office.manifest.with_recovery(key_of(kit)), [office.owner])
        return manifests.append(connection, one.with_account(account), [office.owner])


def come_back(office: Office, before: Manifest, following: Manifest, signer: KeyPair) -> Manifest:
    """Store an epoch that `signer` signs as a kit would, and return the manifest as a machine reads it that has
    seen the epoch before."""
    names = {one.id: one.id for one in following.members}
    with office.database.write() as connection:
        founding.recover(connection, signer, before, following, names)
    with office.database.read() as connection:
        assert manifests.verify_chain(connection, before.org).sha256 == following.sha256
        return manifests.load(connection, (before.epoch, before.sha256))


def anew(before: Manifest) -> Manifest:
    """Return what a kit may sign."""
    return recovered(before, member("m-9", Role.OWNER), member("w-9", Role.WORKER), LOG_KEY)


def test_a_machine_that_knows_the_epoch_before_believes_the_kit(
    office: Office, before: Manifest, kit: KeyPair
) -> None:
    found = come_back(office, before, anew(before), kit)
    assert (found.owners[-1], found.workers[-1], found.log_keys[-1]) == ("m-9", "w-9", LOG_KEY)
    assert found.may("w-9", Right.SEND, "a-1")
    assert (found.recovery, found.policy_sha256) == (before.recovery, before.policy_sha256)


def test_an_account_on_which_no_worker_sends_is_granted_to_none(before: Manifest) -> None:
    account = replace(ACCOUNT, id="a-2", handle="b", short_name="bbbb")
    with_account = before.with_account(account)
    assert not anew(with_account).may("w-9", Right.SEND, "a-2")


BEYOND: dict[str, Callable[[Manifest], Manifest]] = {
    "policy": lambda one: replace(one, policy_sha256="0" * 64),
    "an account's origin": lambda one: replace(
        one, accounts=tuple(replace(each, origin="https://evil.example") for each in one.accounts)
    ),
    "an account": lambda one: replace(one, accounts=()),
    "the grants": lambda one: replace(one, accounts=tuple(replace(each, grants=()) for each in one.accounts)),
    "the kit": lambda one: replace(one, recovery=()),
    "the log keys before": lambda one: replace(one, log_keys=one.log_keys[-2:-1] + (LOG_KEY,) * 2),
    "two owners": lambda one: replace(
        one,
        members=(*one.members, member("m-8", Role.OWNER)),
        owners=(*one.owners, "m-8"),
    ),
    "an owner out": lambda one: replace(
        one,
        members=(replace(one.members[0], status=Status.REMOVED), *one.members[1:]),
        owners=one.owners[1:],
    ),
    "a contractor": lambda one: replace(
        one, members=(*one.members[:-2], replace(one.members[-2], contractor=True), one.members[-1])
    ),
    "a worker with an owner's keys": lambda one: replace(
        one,
        members=(*one.members[:-1], replace(one.members[-1], ed25519=one.members[0].ed25519)),
    ),
    "nothing but an epoch": lambda one: one,
}


@pytest.mark.parametrize("what", BEYOND)
def test_a_kit_signs_nothing_else(office: Office, before: Manifest, kit: KeyPair, what: str) -> None:
    """Neither written by this program nor believed where somebody wrote it past the program."""
    changed = BEYOND[what](anew(before)) if what != "nothing but an epoch" else before.successor()
    with pytest.raises(errors.OwnersNeeded), office.database.write() as connection:
        manifests.append(connection, changed, [kit])
    come_back(office, before, anew(before), kit)
    forged = manifest_json.document(changed)
    signature = kit.sign("manifest", before.org, forged)
    signatures = f'[{{"key_id":"{kit.signing_id}","signature":"{jcs.b64(signature)}"}}]'
    with office.database.write() as connection:
        connection.execute(
            update(table)
            .where(table.c.epoch == changed.epoch)
            .values(body=changed.body, sha256=changed.sha256, signatures=signatures)
        )
    with pytest.raises(errors.Tampered, match="not signed by enough owners"), office.database.read() as connection:
        manifests.load(connection, (before.epoch, before.sha256))


def test_a_kit_that_was_replaced_or_never_enlisted_signs_nothing(
    office: Office, before: Manifest, kit: KeyPair
) -> None:
    newer = KeyPair.generate()
    with office.database.write() as connection:
        after = manifests.append(connection, before.with_recovery(key_of(newer)), [office.owner])
    for other in (kit, KeyPair.generate()):
        with pytest.raises(errors.OwnersNeeded), office.database.write() as connection:
            manifests.append(connection, anew(after), [other])
    come_back(office, after, anew(after), newer)


def test_a_member_that_is_there_already_is_not_made_an_owner_by_a_kit(before: Manifest) -> None:
    worker = next(one for one in before.members if one.role is Role.WORKER)
    twin = Member("m-9", worker.x25519, worker.ed25519, Role.OWNER)
    one = recovered(before, twin, member("w-9", Role.WORKER), LOG_KEY)
    from socialguard.registry.recovered import is_recovery

    assert not is_recovery(before, one)
