"""Deletions: what the archive holds as alive and the network no longer shows.

Absence proves nothing by itself: an id counts as gone only where the network, asked for it alone, says that there
is none, while another of the account's posts was shown just now. Even then it is a *suspicion*: a second look, a
day later, is what the archive needs for a tombstone (`burying`). Where no post at all is shown, nothing can be
told apart, and that is said instead."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.archive import watching
from socialguard.archive.watching import OwnItem
from socialguard.ledger import owning
from socialguard.model.account import Account
from socialguard.networks.interface import Session
from socialguard.registry.manifest import Manifest
from socialguard.watch import burying, ours, sightings, telling
from socialguard.watch.burying import Second
from socialguard.watch.interface import Desk, Outcome, Seen, Severity, Sighting

ACTION: Final = "watch.look"
FREE: Final = 1_000
PAID: Final = 100
"""So many of the newest posts are asked for where asking is free, and where it costs money."""
MANY: Final = 5
"""So many deletions in one look are no slip of a hand."""


def probe(desk: Desk, outcome: Outcome, newest: int | None = None) -> None:
    """Ask the network for the newest own posts and raise an alert on those that are gone; ask once more for those
    that were gone a day ago, and put up their tombstones."""
    account = outcome.account
    custody = desk.custody()
    facts = custody.network(account.network).reading
    most = newest or (PAID if facts.metrics_price else FREE)
    burying.bury_ours(desk, outcome, most)
    asked, suspected = _alive(desk, account, most), burying.suspected(desk, account)
    outcome.asked = len(asked)
    if not asked:
        return

    def call(account: Account, session: Session) -> tuple[list[OwnItem], Second]:
        session.assume(account.user_id, account.handle)
        gone, shown = _missing(desk, account, session, asked, facts.metrics_batch, facts.metrics_price)
        confirmed = [one for one in gone if session.find(one.network_id) is None]
        if confirmed and not shown:
            raise NoneShown(count=len(confirmed))
        if not suspected or not shown:
            return confirmed, Second()
        still, _ = _missing(desk, account, session, suspected, facts.metrics_batch, facts.metrics_price)
        return confirmed, burying.second_look(session, suspected, still)

    try:
        gone, second = custody.on_network(ACTION, account.id, call, _nothing, reads=True)
    except NoneShown as problem:
        with desk.database.write() as connection:
            desk.alerts.raise_error(connection, "watch.deletion", problem, account_id=account.id)
        raise
    _tell(desk, outcome, gone)
    burying.settle(desk, outcome, second)


def _alive(desk: Desk, account: Account, most: int) -> Sequence[OwnItem]:
    with desk.archive().database.read() as connection:
        own = watching.newest_own(connection, account.id, most)
    with desk.database.read() as connection:
        known = ours.deleted(connection, desk, account.id, [one.network_id for one in own])
        known |= sightings.known(connection, account.id, [Seen.DELETION])
    return [one for one in own if one.network_id not in known]


def _missing(
    desk: Desk, account: Account, session: Session, asked: Sequence[OwnItem], batch: int, price: int
) -> tuple[list[OwnItem], bool]:
    """The posts that are not among those that the network shows, and whether it shows any."""
    gone: list[OwnItem] = []
    for first in range(0, len(asked), batch):
        some = asked[first : first + batch]
        if price:
            with desk.database.read() as connection:
                desk.purse.require_read(connection, account, price * len(some))
        shown = session.metrics([one.network_id for one in some])
        gone += [one for one in some if one.network_id not in shown]
    return gone, len(gone) < len(asked)


def _tell(desk: Desk, outcome: Outcome, gone: Sequence[OwnItem]) -> None:
    account = outcome.account
    if not gone:
        return
    with desk.database.write() as connection:
        if owning.is_in_doubt(connection, account.id):
            outcome.waits = True  # it may be our own deletion that is not recorded yet
            return
        known = ours.deleted(connection, desk, account.id, [one.network_id for one in gone])
        known |= sightings.known(connection, account.id, [Seen.DELETION])
        severity = Severity.CRITICAL if len(gone) >= MANY else Severity.WARN
        found = [
            Sighting(Seen.DELETION, one.network_id, severity, clock.now(), one.evidence, one.url, one.source)
            for one in gone
            if one.network_id not in known
        ]
        sightings.keep(connection, account.id, found)
        telling.tell(connection, desk, account, found)
    outcome.sightings += found


def _nothing(connection: Connection, manifest: Manifest, result: object) -> None:
    """A look changes nothing at its network."""


class NoneShown(errors.NetworkRefused):
    """None of {count} posts that were asked for is shown by the network: hidden, or all of them deleted."""

    remedy = "Look at the account at its network."
