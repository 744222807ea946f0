"""Taking an account in: the network is asked who the credential is, and only the account that was named is
stored, with its sealed credential, the manifest that names it and the log's entries, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.model.account import Account, AccountName, AccountState
from socialguard.model.credential import Credential
from socialguard.model.text import marked
from socialguard.networks.interface import Identity, Session
from socialguard.registry import changes, enrolment
from socialguard.registry.accounts import Registry
from socialguard.registry.enrolment import NewAccount
from socialguard.registry.names import folded
from socialguard.registry.origin import normalise
from socialguard.registry.signed import Grant, Right
from socialguard.vault.custody import Custody
from socialguard.vault.resealing import settled

_GIVEN: Final = marked("Give the credential of the account that you name, or name the account that it is for.")


@dataclass(frozen=True, slots=True)
class Admission:
    """An account to take in. `origin` None means the network's own; `client` and `short_name` None their
    defaults; `workers` are the ids of those who will hold the credential."""

    name: AccountName
    credential: Credential
    workers: Sequence[str]
    origin: str | None = None
    client: str | None = None
    short_name: str | None = None
    labels: Sequence[str] = ()
    attended: bool = False
    zone: str = "UTC"
    contact: str | None = None


def add(custody: Custody, admission: Admission) -> Account:
    """Take an account in and return it.

    Raises WrongIdentity where the network says that the credential is another's, UsageError for names that
    cannot be used (before any call), and what the network's refusal means."""
    return store(custody, [(admission, identified(custody, admission))])[0]


def identified(custody: Custody, admission: Admission) -> NewAccount:
    """Ask the network who the credential of an admission is, and return the account to store; raises as `add`."""
    name = admission.name
    network = custody.network(name.network)
    origin = normalise(admission.origin or network.origin)
    planned = _request(admission, origin)
    with custody.database.read() as connection:
        enrolment.planned(custody.manifest(connection), planned)
        enrolment.require_zone(planned.zone)
    found = custody.with_given(
        "account.identify",
        planned.id,
        name,
        origin,
        admission.credential,
        lambda session: _same_handle(session, name),
    )
    return replace(planned, user_id=found.user_id, display_name=found.display_name, followers=found.followers)


def store(custody: Custody, admitted: Sequence[tuple[Admission, NewAccount]]) -> tuple[Account, ...]:
    """Store identified accounts and their credentials under one epoch of the manifest, all of them or none."""
    signer = custody.owner()
    generations = {}
    with custody.database.write() as connection:
        custody.log.require_extends(connection, custody.pins.pinned_tree())
        before = custody.manifest(connection)
        after = enrolment.add_all(connection, signer, before, [new for _, new in admitted])
        vault = custody.vault(after)
        for admission, new in admitted:
            signed = after.account(new.id)
            assert signed is not None
            said: dict[str, object] = {
                "name": str(new.name),
                "client": signed.client,
                "short_name": signed.short_name,
            }
            said["workers"] = [grant.member for grant in signed.grants if grant.right is Right.SEND]
            entry = custody.entry(
                "account.add", "ok", new.id, obj=said | {"epoch": after.epoch}, proof=after.sha256
            )
            custody.log.append(connection, entry)
            gen = vault.store(connection, new.id, admission.credential, signer, custody.actor)
            _record(connection, new.id, new.display_name, new.followers, gen)
            custody.book_entry(connection, Registry(after).account(connection, new.id))
            generations[new.id] = gen
    custody.pins.pin_manifest(after.epoch, after.sha256)
    for account_id, gen in generations.items():
        custody.pins.pin_generation(account_id, gen)
    with custody.database.read() as connection:
        registry = Registry(after)
        return tuple(registry.account(connection, account_id) for account_id in generations)


def rotate(custody: Custody, account_id: str, credential: Credential, reason: str | None = None) -> int:
    """Replace the credential of an account and return the new generation.

    Raises WrongIdentity where the network says that it is another user's, Busy while the present one is renewed
    or revoked elsewhere, UsageError while the network has not rejected a revoked one: with it gone nobody could
    tell."""
    writer = custody.owner()
    with custody.alone(account_id):
        with custody.database.read() as connection:
            account = custody.account(connection, account_id)
        require_not_pending(account)
        found = custody.with_given(
            "account.identify",
            account_id,
            account.name,
            account.origin,
            credential,
            lambda session: require_user(session, account, _GIVEN),
            account=account,
        )
        with custody.database.write() as connection:
            custody.log.require_extends(connection, custody.pins.pinned_tree())
            manifest = custody.manifest(connection)
            state = settled(connection, custody, manifest, account_id, credential, writer)
            gen = custody.vault(manifest).store(connection, account_id, credential, writer, custody.actor)
            said = custody.entry("credential.rotate", "ok", account_id, reason=reason, obj={"gen": gen})
            custody.log.append(connection, said)
            changes.set_state(connection, account_id, state)
            _record(connection, account_id, found.display_name, found.followers, gen)
        custody.pins.pin_generation(account_id, gen)
    return gen


def require_not_pending(account: Account) -> None:
    """Refuse to give up a credential that the network may still accept although it is to be revoked."""
    if account.state is AccountState.REVOCATION_PENDING:
        raise errors.UsageError(
            detail=f"The credential of {account} is being revoked, and the network still accepts it.",
            remedy=f"First run again: socialguard account revoke {account}",
        )


def require_user(session: Session, account: Account, remedy: str | None = None) -> Identity:
    """Return who the network says the credential is; WrongIdentity for another user id than the registered."""
    found = session.identity()
    if found.user_id != account.user_id:
        raise errors.WrongIdentity(account=account, found=f"@{found.handle}", remedy=remedy)
    return found


def _same_handle(session: Session, name: AccountName) -> Identity:
    found = session.identity()
    if folded(found.handle) != folded(name.handle):
        raise errors.WrongIdentity(
            account=name,
            found=f"@{found.handle}",
            remedy=_GIVEN,
        )
    return found


def _request(admission: Admission, origin: str) -> NewAccount:
    return NewAccount(
        name=admission.name,
        user_id="not-asked-yet",
        origin=origin,
        client=admission.client,
        short_name=admission.short_name,
        labels=admission.labels,
        attended=admission.attended,
        grants=[Grant(worker, Right.SEND) for worker in admission.workers],
        zone=admission.zone,
        contact=admission.contact,
    )


def _record(connection: Connection, account_id: str, display_name: str, followers: int | None, gen: int) -> None:
    changes.record_identity(
        connection, account_id, display_name=display_name, followers=followers, gen=gen, at=clock.now()
    )
