"""Tombstones: a post that was gone a day ago, and is gone still, is deleted, and the archive says so.

The second look asks for the id alone, like the first, in a call in which the network shows another of the
account's posts. What it shows again was no deletion: the suspicion is forgotten, so that it can be raised again.
What we deleted ourselves needs no look: the network confirmed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from socialguard import clock
from socialguard.archive import watching
from socialguard.archive.interface import BY_US, GONE
from socialguard.archive.watching import OwnItem
from socialguard.model.account import Account
from socialguard.networks.interface import Session
from socialguard.watch import ours, sightings
from socialguard.watch.interface import Desk, Outcome, Seen

APART: Final = timedelta(hours=24)
"""Between the first look and the second, at the least."""


@dataclass(frozen=True, slots=True)
class Second:
    """What a second look brought: ids that are gone still, and ids that are shown again."""

    gone: tuple[str, ...] = ()
    returned: tuple[str, ...] = ()


def suspected(desk: Desk, account: Account) -> Sequence[OwnItem]:
    """Return the posts whose deletion was suspected a day ago or earlier and that have no tombstone."""
    with desk.database.read() as connection:
        ids = sightings.older(connection, account.id, Seen.DELETION, clock.now() - APART)
    if not ids:
        return ()
    with desk.archive().database.read() as connection:
        return watching.own_among(connection, account.id, ids)


def second_look(session: Session, asked: Sequence[OwnItem], missing: Sequence[OwnItem]) -> Second:
    """Ask for each that is missing alone."""
    gone = {one.network_id for one in missing if session.find(one.network_id) is None}
    return Second(tuple(gone), tuple(one.network_id for one in asked if one.network_id not in gone))


def settle(desk: Desk, outcome: Outcome, second: Second) -> None:
    """Put up the tombstones, and forget the suspicions that did not prove true."""
    account = outcome.account
    if second.returned:
        with desk.database.write() as connection:
            sightings.forget(connection, account.id, Seen.DELETION, second.returned)
    buried = desk.archive().keep_tombstones(account.id, dict.fromkeys(second.gone, GONE))
    outcome.buried, outcome.returned = (*outcome.buried, *buried), second.returned


def bury_ours(desk: Desk, outcome: Outcome, newest: int) -> None:
    """Put up tombstones of what we deleted among the newest posts."""
    account = outcome.account
    with desk.archive().database.read() as connection:
        own = watching.newest_own(connection, account.id, newest)
    with desk.database.read() as connection:
        deleted = ours.deleted(connection, desk, account.id, [one.network_id for one in own])
    buried = desk.archive().keep_tombstones(account.id, dict.fromkeys(sorted(deleted), BY_US))
    outcome.buried = (*outcome.buried, *buried)
