"""Taking a credential back: revoked at the network until it is rejected there, then removed here.

Revoking goes on where the log cannot be written or is damaged: stopping always works. What could not be logged
goes to the emergency file.
"""

import secrets
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass

from sqlalchemy import Connection

from socialguard import errors
from socialguard.model.account import Account, AccountState
from socialguard.model.credential import Credential
from socialguard.networks.interface import Session
from socialguard.registry import changes, enrolment
from socialguard.registry.accounts import Registry
from socialguard.registry.interface import OwnerSigner
from socialguard.registry.manifest import Manifest
from socialguard.vault.admission import require_not_pending
from socialguard.vault.custody import Custody

ACTION = "credential.revoke"


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """How far a revocation got: `revoked` where the network rejects the credential, else it is pending and
    `revoke` is to be called again; `page` is where a person can revoke what the API cannot. `logged` is False
    where only the emergency file knows."""

    account: Account
    revoked: bool
    page: str | None
    logged: bool = True


def revoke(custody: Custody, account_id: str, reason: str | None = None) -> Withdrawal:
    """Ask the network to forget the credential, and believe it only when the credential is rejected.

    Until then the account is `revocation_pending`; call again to retry. Raises what the network's refusal
    means, with the account left pending, Busy while the credential is renewed elsewhere, and Tampered for one
    that is not as signed."""
    with ExitStack() as stack:
        # A renewal under way would end in new tokens that nobody revokes. Without a disk there is none.
        with suppress(errors.AuditUnwritable):
            stack.enter_context(custody.alone(account_id))
        return _revoke(custody, account_id, reason)


def remove(
    custody: Custody,
    account_id: str,
    reason: str | None = None,
    *,
    require_unused: Callable[[Connection, Account], None],
) -> Manifest:
    """Take an account out of the manifest and destroy its credential here, in one transaction.

    Raises UsageError while a revocation is pending (only the stored credential can finish it), and what
    `require_unused` raises where something still needs the account."""
    with custody.database.read() as connection:
        account = custody.account(connection, account_id)
    require_not_pending(account)

    def act(connection: Connection, owner: OwnerSigner, manifest: Manifest) -> Manifest:
        require_unused(connection, account)
        custody.vault(manifest).destroy(connection, account_id)
        return enrolment.remove(connection, owner, manifest, account_id)

    done = custody.amend("account.remove", account_id, act, reason=reason, obj={"name": str(account)})
    custody.renewed.discard(account_id)
    return done


def _revoke(custody: Custody, account_id: str, reason: str | None) -> Withdrawal:
    corr = secrets.token_hex(8)
    try:
        account, credential = _begin(custody, account_id, corr, reason)
        logged = True
    except (errors.AuditUnwritable, errors.Tampered):
        # The log may be what failed. A credential that was tampered with is refused again by what follows.
        account, credential = _begin_unlogged(custody, account_id, corr, reason)
        logged = False
    session = custody.network(account.network).open(credential, account.origin, str(account))
    try:
        confirmed, page = _ask(session)
    except errors.SocialGuardError as problem:
        _finish(custody, account, corr, problem.name, session, logged)
        raise
    revoked = confirmed and _is_rejected(session)
    state = AccountState.REVOKED if revoked else AccountState.REVOCATION_PENDING
    logged = _finish(custody, account, corr, state.value, session, logged)
    return Withdrawal(account, revoked, page, logged)


def _begin(custody: Custody, account_id: str, corr: str, reason: str | None) -> tuple[Account, Credential]:
    """Log the intent and mark the account, then open its credential."""
    with custody.database.write() as connection:
        manifest = custody.manifest(connection)
        account = Registry(manifest).account(connection, account_id)
        # A log that is shorter than its pins stops sending, not stopping: it is only appended to here.
        said = custody.entry(ACTION, "intent", account_id, corr=corr, reason=reason)
        intent = custody.log.append(connection, said)
        _mark(custody, connection, manifest, account_id, AccountState.REVOCATION_PENDING)
        keys = custody.keys(manifest, account_id)
        return account, custody.vault(manifest).use(connection, account, keys, intent=intent)


def _begin_unlogged(
    custody: Custody, account_id: str, corr: str, reason: str | None
) -> tuple[Account, Credential]:
    custody.emergency(custody.entry(ACTION, "intent", account_id, corr=corr, reason=reason))
    with custody.database.read() as connection:
        manifest = custody.manifest(connection)
        account = Registry(manifest).account(connection, account_id)
        keys = custody.keys(manifest, account_id)
        return account, custody.vault(manifest).use_to_revoke(connection, account, keys)


def _ask(session: Session) -> tuple[bool, str | None]:
    """Return whether the network confirms that the credential is forgotten, and the page for a person."""
    try:
        answer = session.revoke()
    except errors.AuthenticationNeeded:
        return True, None  # it is rejected already
    return answer.confirmed, answer.page


def _is_rejected(session: Session) -> bool:
    """Whether the network rejects the credential now; what cannot be asked is not proved."""
    try:
        session.identity()
    except errors.AuthenticationNeeded:
        return True
    except (errors.NetworkRefused, errors.RateLimited, errors.OutcomeUnknown):
        return False
    return False


def _finish(custody: Custody, account: Account, corr: str, outcome: str, session: Session, logged: bool) -> bool:
    """Log the outcome and what it means for the account, and book it; return whether the log took it."""
    account_id = account.id
    said = custody.entry(ACTION, outcome, account_id, corr=corr, obj={"calls": session.calls})
    if logged:
        try:
            with custody.database.write() as connection:
                custody.log.append(connection, said)
                custody.book(connection, account, session, ACTION)
                if outcome == AccountState.REVOKED.value:
                    _mark(custody, connection, custody.manifest(connection), account_id, AccountState.REVOKED)
            return True
        except (errors.AuditUnwritable, errors.Tampered):
            pass  # it worked when the call began; what the network said must not be lost
    custody.emergency(said)
    return False


def _mark(
    custody: Custody, connection: Connection, manifest: Manifest, account_id: str, state: AccountState
) -> None:
    changes.set_state(connection, account_id, state)
    custody.vault(manifest).set_state(connection, account_id, state.value)
