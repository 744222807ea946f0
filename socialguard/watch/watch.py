"""The watch of one workspace, as its faces meet it."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from socialguard import clock, errors
from socialguard.archive import looking
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.log import AuditLog
from socialguard.model.account import Account
from socialguard.model.text import marked
from socialguard.watch import baseline, examining, ours, probing, sightings
from socialguard.watch.baseline import Baseline
from socialguard.watch.interface import Desk, Outcome, Seen, Severity, Sighting


class Watch:
    """Looks at accounts of a workspace."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def examine(self, account: Account) -> Outcome:
        """Judge what the archive holds of an account, and ask no network."""
        outcome = Outcome(account)
        examining.examine(self._desk, outcome)
        return outcome

    def fetch(self, account: Account) -> Outcome:
        """Fetch what is new in the lists of an account and judge it; raises what went wrong, after what is here
        was judged."""
        try:
            self._desk.read_lists(account)
        finally:
            outcome = self.examine(account)
        return outcome

    def look(self, account: Account, *, newest: int | None = None) -> Outcome:
        """Fetch what is new of an account, judge it, and ask the network for the `newest` own posts whether they
        are still there; what went wrong is in the outcome's `error`, after what could be judged was."""
        outcome = Outcome(account)
        if not account.is_usable:
            outcome.skipped = account.state.value
            return outcome
        with self._desk.database.read() as connection:
            last = sightings.last(connection)  # what a backup brings is judged page by page
        try:
            self._desk.fetch(account)
        except errors.SocialGuardError as problem:
            outcome.error = problem
        try:
            examining.examine(self._desk, outcome)
            # What others wrote may be closed to a credential that can see its own posts.
            is_told = outcome.error is None or outcome.error.fields.get("reason") == "permission"
            if is_told and not outcome.waits:
                probing.probe(self._desk, outcome, newest)
        except errors.Tampered:
            raise
        except errors.SocialGuardError as problem:
            outcome.error = outcome.error or problem
        with self._desk.archive().database.read() as connection:
            outcome.profile_at = looking.looked_at(connection, account.id, looking.PROFILE)
        with self._desk.database.read() as connection:
            outcome.sightings = [one.sighting for one in sightings.of_account(connection, account.id, last)]
        return outcome

    def learn(self, account: Account) -> Baseline:
        """Return what would be usual on an account; raises TooLittle."""
        return examining.by_hand(self._desk, account)[0]

    def accept(self, account: Account, log: AuditLog, actor: Actor) -> Baseline:
        """Learn what is usual on an account and have it accepted from now on; raises TooLittle, and NotAllowed for
        who may not post there."""
        usual, _ = examining.by_hand(self._desk, account)
        key_id, signature = self._desk.sign(baseline.STATEMENT, baseline.statement(account.id, usual))
        with self._desk.database.write() as connection:
            if key_id not in self._desk.judges(connection, account.id):
                what, why = marked("say what is usual there"), marked("it takes the right to publish")
                raise errors.NotAllowed(who=marked("You"), what=what, detail=why)
            baseline.keep(connection, account.id, usual, key_id, signature)
            obj = {"posts": usual.posts, "sources": len(usual.sources), "hours": len(usual.hours)}
            said = {**obj, "statement": baseline.digest(account.id, usual)}
            log.append(connection, Entry(baseline.ACTION, "ok", actor, account.id, obj=said))
        return usual

    def forget(self, account: Account, log: AuditLog, actor: Actor) -> bool:
        """Accept nothing by hand any more; return whether anything was accepted."""
        with self._desk.database.write() as connection:
            found = baseline.forget(connection, account.id)
            log.append(connection, Entry(baseline.ACTION, "forgotten", actor, account.id))
        return found

    def written(self, account: Account, since: datetime) -> list[Sighting]:
        """Return what somebody else wrote on an account that was seen since then and is not known to be gone. What
        is ours by the log is never among them, whatever the rows of sightings say: it could be deleted for it."""
        with self._desk.database.read() as connection:
            gone = sightings.known(connection, account.id, [Seen.DELETION])
            found = sightings.of_account(connection, account.id)
            mine = ours.made(connection, self._desk, account.id, [one.sighting.subject for one in found])
        return [
            one.sighting
            for one in found
            if one.sighting.kind in sightings.WRITTEN
            and one.seen_at >= since
            and one.sighting.subject not in gone | mine
        ]

    def note_deleted(self, account: Account, gone: Sequence[Sighting]) -> None:
        """Note that we deleted what somebody else wrote: that it is gone is no alarm."""
        with self._desk.database.write() as connection:
            known = sightings.known(connection, account.id, [Seen.DELETION])
            noted = [
                replace(one, kind=Seen.DELETION, severity=Severity.NOTE, at=clock.now(), reasons=())
                for one in gone
                if one.subject not in known
            ]
            sightings.keep(connection, account.id, noted)
