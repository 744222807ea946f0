"""Keeping credentials alive and known: asking the network about them, refreshing them, sealing them anew."""

import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.model.account import Account, AccountName, AccountState
from socialguard.model.credential import Credential
from socialguard.networks.interface import Identity, Inspection, Session
from socialguard.registry import changes
from socialguard.registry.accounts import Registry
from socialguard.registry.manifest import Manifest
from socialguard.vault.admission import require_user
from socialguard.vault.credentials import Holding
from socialguard.vault.custody import Custody
from socialguard.vault.rekeying import settled


@dataclass(frozen=True, slots=True)
class Verification:
    """What a network told about an account and its credential. `renamed_to` is the handle that the network now
    gives to the account, None where it is the registered one."""

    account: Account
    identity: Identity
    inspection: Inspection
    holding: Holding
    renamed_to: AccountName | None


def verify(custody: Custody, account_id: str) -> Verification:
    """Ask the network who the credential of an account is and what it may do, and store the answers.

    Raises WrongIdentity where it is another user's, AuthenticationNeeded where the network rejects it."""

    def ask(account: Account, session: Session) -> tuple[Account, Identity, Inspection]:
        return account, require_user(session, account), session.inspect()

    def store(connection: Connection, manifest: Manifest, found: tuple[Account, Identity, Inspection]) -> None:
        _, identity, inspection = found
        changes.record_identity(
            connection,
            account_id,
            display_name=identity.display_name,
            followers=identity.followers,
            gen=custody.vault(manifest).generation(connection, account_id),
            at=clock.now(),
        )
        changes.record_inspection(connection, account_id, inspection_document(inspection))

    account, identity, inspection = custody.on_network("account.verify", account_id, ask, store)
    with custody.database.read() as connection:
        holding = custody.vault(custody.manifest(connection)).holding(connection, account_id)
    renamed = AccountName(account.network, identity.handle)
    same = identity.handle == account.handle or identity.handle.lower() == account.handle.lower()
    return Verification(account, identity, inspection, holding, None if same else renamed)


def refresh(custody: Custody, account_id: str, *, seen: int | None = None) -> int:
    """Renew a credential at its network and return the generation that holds now: the same where this kind
    needs no refresh, or where another process renewed it after generation `seen`.

    The old credential is destroyed by the transaction that stores the new one, and by nothing else: whatever
    fails leaves it in place, and the account as it is. Raises Busy while another process refreshes."""
    with custody.alone(account_id):
        with custody.database.read() as connection:
            vault = custody.vault(custody.manifest(connection))
            gen = vault.generation(connection, account_id)
        if seen is not None and gen > seen:
            return gen
        generations = [gen]

        def store(connection: Connection, manifest: Manifest, renewed: Credential | None) -> None:
            if renewed is None:
                return
            writer = custody.keys(manifest, account_id)
            if Registry(manifest).account(connection, account_id).state is AccountState.ROTATION_DUE:
                state = settled(connection, custody, manifest, account_id, renewed, writer)
                changes.set_state(connection, account_id, state)
            stored = custody.vault(manifest).store(connection, account_id, renewed, writer, custody.actor)
            generations.append(stored)

        # Between the network's answer and our commit the only copy of the new token is in this process.
        with _undisturbed():
            custody.on_network("credential.refresh", account_id, lambda _, session: session.refresh(), store)
        custody.pins.pin_generation(account_id, generations[-1])
        return generations[-1]


def rewrap(custody: Custody, account_ids: Sequence[str], reason: str | None = None) -> dict[str, int]:
    """Seal the credentials of accounts anew, as an owner, to whoever the manifest names now; return the new
    generation of each. Each account is one transaction. Raises UsageError where no account is named."""
    if not account_ids:
        raise errors.UsageError(detail="No account is named.")
    keys = custody.owner()
    generations: dict[str, int] = {}
    for account_id in account_ids:
        with custody.database.write() as connection:
            custody.log.require_extends(connection, custody.pins.pinned_tree())
            vault = custody.vault(custody.manifest(connection))
            gen = vault.rewrap(connection, account_id, keys, custody.actor)
            custody.log.append(
                connection,
                custody.entry("credential.rewrap", "ok", account_id, reason=reason, obj={"gen": gen}),
            )
        custody.pins.pin_generation(account_id, gen)
        generations[account_id] = gen
    return generations


def inspection_document(inspection: Inspection) -> str:
    """Return an inspection as the JSON text that the registry keeps."""
    expires, issued = inspection.expires_at, inspection.issued_at
    return jcs.encode(
        {
            "scopes": list(inspection.scopes),
            "expires_at": None if expires is None else jcs.timestamp(expires),
            "issued_at": None if issued is None else jcs.timestamp(issued),
            "api_version": inspection.api_version,
            "app_live": inspection.app_live,
            "warnings": list(inspection.warnings),
        }
    ).decode()


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Let Ctrl-C, a hang-up and a polite kill wait until the block has ended."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
