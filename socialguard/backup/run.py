"""A run: one account visited, from the lease to its files. The face closes the archive's pages when all are done.

A frozen account is backed up like any other: freezing stops sends, reading harms nobody."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.archive import looking
from socialguard.backup import media, metrics, profiles, reading
from socialguard.backup.interface import Desk, Outcome, Stop, Told, untold
from socialguard.backup.visit import Meter, Visit
from socialguard.model.account import Account
from socialguard.model.text import marked
from socialguard.networks.interface import Session
from socialguard.registry.manifest import Manifest
from socialguard.store import lease
from socialguard.vault.admission import require_user

ACTION: Final = "backup.run"
LONGEST: Final = timedelta(hours=12)
"""A run of another machine that died is waited for no longer; on this machine a dead process never blocks."""
PROFILE_EVERY: Final = timedelta(hours=23)
"""Where a profile costs money: a run an hour earlier than yesterday's still reads it."""
_AGAIN: Final = marked("Run the backup again then: it goes on where it stopped.")


def back_up(desk: Desk, account: Account, stop: Stop, told: Told = untold) -> Outcome:
    """Fetch what is new of one account and return what came of it; what went wrong is in its `error`."""
    outcome = Outcome(account)
    if not account.is_usable:
        outcome.skipped = account.state.value
        return outcome
    try:
        with _alone(desk, account):
            desk.renew(account)
            try:
                _visit(desk, outcome, stop, told)
            except errors.NetworkRefused as refused:
                if not _lacks_permission(refused):
                    raise
                outcome.error = refused
            media.fetch(desk, outcome, stop)
    except errors.RateLimited as limited:
        outcome.error = errors.RateLimited(remedy=_AGAIN, **limited.fields)
    except errors.SocialGuardError as problem:
        outcome.error = problem
    return outcome


def read_lists(desk: Desk, account: Account, stop: Stop) -> None:
    """Fetch only what is new in the lists of an account, for an emergency: profile, numbers and files can wait.
    Raises what went wrong."""
    with _alone(desk, account):
        desk.renew(account)
        _call(desk, Outcome(account), stop, untold, _lists)


def _alone(desk: Desk, account: Account) -> AbstractContextManager[None]:
    return lease.hold(desk.custody.database, f"backup:{account.id}", LONGEST, f"The backup of {account}")


def _visit(desk: Desk, outcome: Outcome, stop: Stop, told: Told) -> None:
    """Make every call of a run."""
    _call(desk, outcome, stop, told, _everything)


def _call(desk: Desk, outcome: Outcome, stop: Stop, told: Told, work: Callable[[Visit], None]) -> None:
    """Make calls with the account's credential: one intent and one outcome in the log."""
    meter = Meter(desk, outcome)

    def call(account: Account, session: Session) -> None:
        facts = desk.custody.network(account.network).reading
        work(Visit(desk, session, facts, meter, outcome, stop, told))

    desk.custody.on_network(ACTION, outcome.account.id, call, _nothing, book=meter.book_rest, reads=True)


def _everything(visit: Visit) -> None:
    refused: errors.NetworkRefused | None = None
    if visit.goes_on():
        _profile(visit)
        refused = _without_permission(visit)
    if visit.goes_on():
        metrics.take(visit)
    if refused is not None:
        raise refused


def _without_permission(visit: Visit) -> errors.NetworkRefused | None:
    """Read the lists; return the refusal of one that the credential may not read, which keeps nothing else from
    being taken."""
    try:
        reading.read(visit)
    except errors.NetworkRefused as refused:
        if not _lacks_permission(refused):
            raise
        return refused
    return None


def _lacks_permission(refused: errors.NetworkRefused) -> bool:
    return refused.fields.get("reason") == "permission"


def _lists(visit: Visit) -> None:
    account = visit.outcome.account
    if visit.reading.profile_price:
        visit.session.assume(account.user_id, account.handle)  # its lists are read by its id
    else:
        require_user(visit.session, account)
    reading.read(visit)


def _profile(visit: Visit) -> None:
    """Keep the profile, which also says whose credential this is: another's activity is never kept as ours. Where
    that costs money it is asked once a day; an account's lists are read by its id, whoever asks."""
    account, desk = visit.outcome.account, visit.desk
    if visit.reading.profile_price and not _is_due(desk, account):
        visit.session.assume(account.user_id, account.handle)
        return
    visit.meter.require(visit.reading.profile_price)
    profile = visit.session.profile()
    visit.meter.book(visit.session)
    profiles.keep(desk, account, profile)


def _is_due(desk: Desk, account: Account) -> bool:
    with desk.archive.database.read() as connection:
        last = looking.looked_at(connection, account.id, looking.PROFILE)
    return last is None or not timedelta(0) <= clock.now() - last < PROFILE_EVERY


def _nothing(connection: Connection, manifest: Manifest, result: None) -> None:
    """A run changes nothing beside the archive and the books."""
