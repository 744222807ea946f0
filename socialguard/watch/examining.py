"""What the archive holds beside what the ledger knows: every own item that was kept since the last look is judged,
and the profile is held against the one before. It asks no network.

The archive is read first and the ledger after it: whatever was in the archive then was sent before, so that its
receipt is there by now, or its send is in doubt, and then all of it waits."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from socialguard import errors
from socialguard.archive import watching
from socialguard.archive.watching import OwnItem
from socialguard.ledger import owning
from socialguard.model.account import Account
from socialguard.watch import baseline, judging, ours, permissions, place, profiles, sightings, telling
from socialguard.watch.baseline import Baseline
from socialguard.watch.interface import Desk, Outcome, Sighting
from socialguard.watch.place import Place

AT_ONCE: Final = 500


def examine(desk: Desk, outcome: Outcome) -> None:
    """Judge what is new of an account, and raise alerts; `outcome.waits` where a send is in doubt."""
    while _examine_some(desk, outcome):
        pass
    if not outcome.waits:
        profiles.examine(desk, outcome)
        permissions.examine(desk, outcome)


def _examine_some(desk: Desk, outcome: Outcome) -> bool:
    """Judge the next items, in one transaction with their alerts; False where there are no more."""
    account, watcher = outcome.account, desk.watcher(outcome.account.id)
    with desk.database.read() as connection:
        begun = at = place.load(connection, account.id, desk.facts(connection, account.id).created_at, watcher)
    with desk.archive().database.read() as connection:
        if at.item and not watching.holds(connection, account.id, at.item, at.network_id):
            at = replace(at, history=True, item=0, network_id="")
        items = watching.own_after(connection, account.id, at.item, AT_ONCE)
        settled = not watching.has_gaps(connection, account.id)
    is_last = len(items) < AT_ONCE
    if not items and at == begun and not (at.history and settled):
        with desk.database.read() as connection:
            outcome.waits = owning.is_in_doubt(connection, account.id)
        return False
    with desk.database.write() as connection:
        if place.load(connection, account.id, at.since, watcher) != begun:
            return True  # another process was here meanwhile
        if owning.is_in_doubt(connection, account.id):
            outcome.waits = True
            return False
        found = sightings.keep(connection, account.id, _judged(connection, desk, account, at, items))
        telling.tell(connection, desk, account, found)
        if items:
            at = replace(at, item=items[-1].id, network_id=items[-1].network_id)
        place.keep(connection, account.id, replace(at, history=at.history and not (is_last and settled)), watcher)
    outcome.judged += len(items)
    outcome.sightings += found
    return not is_last


def _judged(
    connection: Connection, desk: Desk, account: Account, at: Place, items: Sequence[OwnItem]
) -> list[Sighting]:
    mine = ours.made(connection, desk, account.id, [one.network_id for one in items])
    known = sightings.known(connection, account.id, sightings.WRITTEN) if at.history else frozenset()
    foreign = [
        one
        for one in items
        if one.network_id not in mine
        and one.network_id not in known
        and not (at.history and one.created_at < at.since)
    ]
    if not foreign:
        return []
    usual = _usual(connection, desk, account)
    foreign.sort(key=lambda one: one.created_at)
    found: list[Sighting] = []
    for number, one in enumerate(foreign):
        before = _before(connection, account.id, foreign, number) if usual is not None else 0
        found.append(judging.foreign(one, usual, before))
    return found


def _usual(connection: Connection, desk: Desk, account: Account) -> Baseline | None:
    """Return what somebody who may post there accepted as usual. What nobody of them signed is not believed, and
    told: then nothing is usual."""
    try:
        return baseline.load(connection, account.id, desk.org, desk.judges(connection, account.id))
    except errors.Tampered as problem:
        desk.alerts.raise_error(connection, "watch.baseline", problem, account_id=account.id)
        return None


def _before(connection: Connection, account_id: str, foreign: list[OwnItem], number: int) -> int:
    """How much somebody else wrote in the hour before an item, in this look and in those before."""
    at = foreign[number].created_at
    since = at - timedelta(hours=1)
    here = sum(1 for one in foreign[max(0, number - 1_000) : number] if one.created_at > since)
    return here + sightings.written_between(connection, account_id, since, at)


def by_hand(desk: Desk, account: Account) -> tuple[Baseline, list[OwnItem]]:
    """Return what the archive says is usual of what nothing of ours made; raises TooLittle."""
    with desk.archive().database.read() as connection:
        items = watching.newest_own(connection, account.id, baseline.NEWEST)
    with desk.database.read() as connection:
        mine = ours.made(connection, desk, account.id, [one.network_id for one in items])
    hands = [one for one in items if one.network_id not in mine]
    if len(hands) < baseline.ENOUGH:
        raise baseline.TooLittle(account=account, count=len(hands), enough=baseline.ENOUGH)
    return baseline.learned(hands, account.zone), hands
