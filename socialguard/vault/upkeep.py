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
from socialguard.vault import shelf_keys
from socialguard.vault.admission import require_user
from socialguard.vault.credentials import Holding
from socialguard.vault.custody import Custody
from socialguard.vault.resealing import settled


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

    if custody.renewed.holds(account_id):
        refresh(custody, account_id)  # the stored one was used up

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
    fails leaves it in place, and the account as it is. A token that the network gave and that could not be stored
    is kept beside the keys (`vault.renewed`), and stored by the next call instead of asking again.
    Raises Busy while another process refreshes."""
    with custody.alone(account_id):
        with custody.database.read() as connection:
            vault = custody.vault(custody.manifest(connection))
            gen = vault.generation(connection, account_id)
        if seen is not None and gen > seen:
            custody.renewed.discard(account_id)  # of a generation before this one
            return gen
        if (kept := _store_kept(custody, account_id, gen)) is not None:
            return kept
        generations = [gen]
        custody.renewed.prepare(account_id)

        def store(connection: Connection, manifest: Manifest, renewed: Credential | None) -> None:
            if renewed is None:
                return
            writer = custody.keys(manifest, account_id)
            if Registry(manifest).account(connection, account_id).state is AccountState.ROTATION_DUE:
                state = settled(connection, custody, manifest, account_id, renewed, writer)
                changes.set_state(connection, account_id, state)
            stored = custody.vault(manifest).store(connection, account_id, renewed, writer, custody.actor)
            generations.append(stored)

        def renew(_account: Account, session: Session) -> Credential | None:
            renewed = session.refresh()
            if renewed is not None:
                with custody.database.read() as connection:
                    keys = custody.keys(custody.manifest(connection), account_id)
                custody.renewed.keep(account_id, gen, renewed.document(), keys)
            return renewed

        # Until it is kept the only copy of the new token is in this process.
        try:
            with _undisturbed():
                custody.on_network("credential.refresh", account_id, renew, store)
        except BaseException:
            if not custody.renewed.holds(account_id):
                custody.renewed.discard(account_id)
            raise
        custody.renewed.discard(account_id)
        custody.pins.pin_generation(account_id, generations[-1])
        return generations[-1]


def _store_kept(custody: Custody, account_id: str, gen: int) -> int | None:
    """Store the token that a refresh could not store, and return its generation; None where none is kept."""
    if not custody.renewed.holds(account_id):
        return None
    with custody.database.write() as connection:
        custody.log.require_extends(connection, custody.pins.pinned_tree())
        manifest = custody.manifest(connection)
        account = Registry(manifest).account(connection, account_id)
        writer = custody.keys(manifest, account_id)
        document = custody.renewed.find(account_id, gen, writer)
        if document is None:
            return None
        renewed = custody.read_document(account.name, document)
        stored = custody.vault(manifest).store(connection, account_id, renewed, writer, custody.actor)
        said = custody.entry("credential.recover", "ok", account_id, obj={"gen": stored})
        custody.log.append(connection, said)
    custody.renewed.discard(account_id)
    custody.pins.pin_generation(account_id, stored)
    return stored


def rewrap(custody: Custody, account_ids: Sequence[str], reason: str | None = None) -> dict[str, int]:
    """Seal the credentials of accounts anew, as an owner, to whoever the manifest names now; return the new
    generation of each. Each account is one transaction. Raises UsageError where no account is named."""
    if not account_ids:
        raise errors.UsageError(detail="No account is named.")
    keys = custody.owner()
    generations: dict[str, int] = {}
    for account_id in account_ids:
        if custody.renewed.holds(account_id):
            refresh(custody, account_id)  # what is stored was used up
        with custody.database.write() as connection:
            custody.log.require_extends(connection, custody.pins.pinned_tree())
            manifest = custody.manifest(connection)
            gen = custody.vault(manifest).rewrap(connection, account_id, keys, custody.actor)
            root = shelf_keys.reseal(connection, custody, manifest, manifest)
            custody.log.append(
                connection,
                custody.entry("credential.rewrap", "ok", account_id, reason=reason, obj={"gen": gen}),
            )
        custody.pins.pin_generations(
            {account_id: gen} if root is None else {account_id: gen, shelf_keys.PIN: root}
        )
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
