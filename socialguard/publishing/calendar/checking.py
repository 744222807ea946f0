"""Every row of a calendar is checked before the first is queued: as a post is, and beside the other rows.

A row that stands in the ledger already (same account, time and content, whatever became of it) is known: importing
a file again adds nothing, and brings nothing back that a person cancelled."""

import os
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.ledger import agenda
from socialguard.model.account import Account
from socialguard.model.delivery import Content, Media
from socialguard.model.finding import Finding, Severity
from socialguard.model.lookups import Lookups
from socialguard.publishing import accept
from socialguard.publishing.calendar import columns, foreign, table
from socialguard.publishing.calendar.entries import Entry, entry, moment
from socialguard.publishing.calendar.sheet import Checked, Refused, Sheet, Wish, key_of
from socialguard.publishing.calendar.table import CalendarUnusable, Row
from socialguard.publishing.interface import Attached, Candidate, Desk, Plan, Request, Session
from socialguard.publishing.prepare import candidate_of, decided
from socialguard.publishing.rendering import contents_for, fallbacks
from socialguard.publishing.times import Moment, within_reach

BATCH: Final = 50
"""Rows that are checked in one read transaction: none may be long (DESIGN: Databases)."""

LOOKING: Final = 120.0
"""Seconds in which links and handles of a whole calendar are looked up, where a policy wants that."""

# No row of the file can be judged after one of these.
_STOPS_ALL: Final = (errors.Tampered, errors.Locked, errors.DiskFull, errors.Busy)

Tick = Callable[[int], None]
NamedRow = tuple[Row, Mapping[str, str]]
Files = tuple[tuple[int, Media], ...]
"""The files of a row, each with the part of the thread that it belongs to."""


class SameRow(errors.UsageError):
    """It is the same as line {line}."""


class TwoReadings(errors.UsageError):
    """{cell} could be a client of several words, or several names."""

    remedy = "Put commas between the names."


class NoSuchFile(errors.UsageError):
    """{name} is not there."""

    remedy = "Name it as it lies beside the calendar, with / between directories, and a second one in media2."


class RowFrozen(errors.Frozen):
    """FROZEN  {account}, since {since}, by {actor}: "{reason}"."""


class SameText(errors.Held):
    """{account} has the same text in line {line}."""

    remedy = "Change the text, or pass it on purpose: --override twin --reason …"


class OtherTime(errors.Held):
    """{account} has delivery {delivery} with that text, at another time."""

    remedy = (
        "If that is when it shall go out: socialguard plan move {delivery} TIME, and import again. If both are "
        "meant: --override twin --reason …"
    )


class OtherText(errors.Held):
    """{account} has delivery {delivery} at that time, with another text or link."""

    remedy = (
        "If that is what it shall say: socialguard queue edit {delivery} TEXT, or socialguard queue cancel "
        "{delivery} and import again. If both are meant: --override spacing --reason …"
    )


def rows_of(path: Path, wish: Wish) -> list[NamedRow]:
    """Return the rows of a file with their cells by our names; raises CalendarUnusable, Unreadable."""
    rows = table.read(path)
    if wish.form is None:
        return columns.under_heading(rows, path.name)
    if not wish.to:
        detail = f"a file of {wish.form} names no accounts; say them with --to."
        raise CalendarUnusable(file=path.name, detail=detail, remedy="Add --to x:@acme.")
    found = foreign.FORMS[wish.form](rows, path.name)
    if not found:
        raise CalendarUnusable(file=path.name, detail="it has a heading and no rows.")
    return found


def check(
    desk: Desk, rows: Sequence[NamedRow], place: Path, wish: Wish, session: Session, tick: Tick = lambda _: None
) -> Sheet:
    """Check all rows and return what is to be said of each; `place` is where the files lie that rows name."""
    with desk.database.read() as connection:
        log = desk.log.head(connection)
    checker = _Checker(desk, place, wish, session)
    for start in range(0, len(rows), BATCH):
        part = rows[start : start + BATCH]
        wanted = list(checker.read(part))  # files may be large: no transaction waits for them
        with desk.database.read() as connection:
            fresh = [one for row, media in wanted for one in checker.find(connection, row, media)]
            unknown = checker.unknown(connection, fresh)
        checker.look_up(unknown)  # servers are slow: no transaction waits for them either
        with desk.database.read() as connection:
            for one in fresh:
                checker.judge(connection, one)
        tick(len(part))
    with desk.database.read() as connection:
        checker.settle(connection)
        asked = checker.asked()
        challenge = desk.gate.challenge(connection, asked, session) if asked else None
    return Sheet(
        found=len(rows),
        good=tuple(checker.good),
        known=tuple(checker.known),
        refused=tuple(sorted(checker.refused, key=lambda one: one.line)),
        asked=asked,
        challenge=challenge,
        session=session,
        checked_at=checker.now,
        log=log,
    )


@dataclass(frozen=True, slots=True)
class _Fresh:
    """What a row would queue, and when."""

    line: int
    request: Request
    candidates: tuple[Candidate, ...]
    due: Moment


class _Checker:
    """Goes through the rows in their order and remembers what later rows are held against."""

    def __init__(self, desk: Desk, place: Path, wish: Wish, session: Session) -> None:
        self.desk, self.place, self.wish, self.session = desk, place, wish, session
        self.now = clock.now()
        self.good: list[Checked] = []
        self.known: list[int] = []
        self.refused: list[Refused] = []
        self._accounts: dict[tuple[str, ...], tuple[Account, ...] | errors.SocialGuardError] = {}
        self._stopped: dict[str, errors.SocialGuardError | None] = {}
        self._planned: dict[str, frozenset[object]] = {}
        self._waiting: dict[str, dict[str, datetime]] = {}
        self._rows: dict[tuple[object, ...], int] = {}
        self._texts: dict[tuple[str, str, str | None], int] = {}
        self._files: dict[tuple[str, str], Media] = {}
        self._review = desk.gate.reviewing()
        self._left = LOOKING

    def read(self, part: Sequence[NamedRow]) -> Iterator[tuple[Entry, Files]]:
        """Yield what rows ask for, with their files; what cannot be read is refused."""
        for row, cells in part:
            with self._refusing(row.line):
                if row.problem is not None:
                    raise errors.UsageError(detail=row.problem)
                asked = entry(row.line, cells, self.wish.to)
                asked = replace(asked, campaign=asked.campaign or self.wish.campaign)
                yield asked, tuple((part, self._file(name, alt)) for name, alt, part in asked.media)

    def find(self, connection: Connection, asked: Entry, media: Files) -> Iterator["_Fresh"]:
        """Yield what a row would queue; nothing where it is known or refused."""
        with self._refusing(asked.line):
            found = self._read(connection, asked, media)
            if found is None:
                self.known.append(asked.line)
            else:
                files = [Attached(self.place / name, alt, part) for name, alt, part in asked.media]
                yield _Fresh(asked.line, replace(asked.request, media=files), *found)

    def unknown(self, connection: Connection, fresh: Sequence["_Fresh"]) -> Lookups:
        """Return what a policy wants to be looked up for these rows."""
        return self._review.unknown(connection, [one for row in fresh for one in row.candidates])

    def look_up(self, wanted: Lookups) -> None:
        """Ask servers and networks while the time for it lasts; the checks tell what was not asked."""
        begun = clock.monotonic()
        self.desk.gate.look_up(wanted, max(0.0, self._left))
        self._left -= clock.monotonic() - begun

    def judge(self, connection: Connection, row: "_Fresh") -> None:
        """Check what a row would queue."""
        with self._refusing(row.line):
            said = [finding for one in row.candidates for finding in self._review.findings(connection, one)]
            # Nobody is asked row by row, so a text that does not sound like its account is held in a terminal too.
            said += self.desk.gate.doubts(connection, row.candidates, replace(self.session, context=None))
            said += fallbacks(list({one.account.id: one.account for one in row.candidates}.values()), row.request)
            findings = decided(connection, self.desk, row.candidates, said, dict(self.wish.overrides))
            self._require_unmoved(connection, row, [one for one in findings if one.stops])
            self._judge(row, findings)

    def settle(self, connection: Connection) -> None:
        """Refuse rows at the time of a post that waits and that no row of the file is: a text that was changed in
        the file stands beside its old one else, and both go out."""
        if "spacing" in self.wish.overrides:
            return
        named = {key for row in self._rows for key in row}
        waiting: dict[tuple[str, datetime], str] = {}
        for account_id in {one.account.id for one in self.asked()}:
            for delivery, at, content in agenda.waiting(connection, account_id):
                if key_of(account_id, at, content) not in named:
                    waiting.setdefault((account_id, at), delivery)
        if not waiting:
            return
        good, self.good = self.good, []
        for row in good:
            places = [(one, waiting.get((one.account.id, one.when or self.now))) for one in row.plan.candidates]
            other = next(((one.account, delivery) for one, delivery in places if delivery is not None), None)
            if other is None:
                self.good.append(row)
            else:
                self.refused.append(Refused(row.line, OtherText(account=other[0], delivery=other[1])))

    def asked(self) -> tuple[Candidate, ...]:
        """Return one candidate, without its content, for each account of the good rows."""
        found: dict[str, Candidate] = {}
        for row in self.good:
            for one in row.plan.candidates:
                found.setdefault(one.account.id, replace(one, content=Content(""), length=0, price=0))
        return tuple(found.values())

    @contextmanager
    def _refusing(self, line: int) -> Iterator[None]:
        try:
            yield
        except _STOPS_ALL:
            raise
        except errors.SocialGuardError as problem:
            self.refused.append(Refused(line, problem))

    def _read(
        self, connection: Connection, asked: Entry, media: Files
    ) -> tuple[tuple[Candidate, ...], Moment] | None:
        """Return what a row would queue, None where it is known."""
        accounts = self._accounts_of(connection, asked)
        due = moment(asked, _zone(asked, accounts), self.wish.dates)
        fresh = []
        for account in accounts:
            parts = contents_for(self.desk.network(account.network), account, asked.request, media)
            key = tuple(key_of(account.id, due.instant, part) for part in parts)
            before = self._rows.setdefault(key, asked.line)
            if before != asked.line:
                raise SameRow(line=before)
            if not all(self._is_known(connection, account, due, part) for part in parts):
                fresh.append((account, parts))
        if not fresh:
            return None
        if due.instant <= self.now:
            raise errors.BadTime(text=asked.when, detail=f"{due.wall:%Y-%m-%d %H:%M} is past.")
        within_reach(due, asked.when, self.now)
        for account, parts in fresh:
            self._require_open(connection, account)
            for part in parts:
                self._require_new_text(account, part, asked.line)
        candidates = (
            candidate_of(connection, self.desk, account, part, due.instant)
            for account, parts in fresh
            for part in parts
        )
        return tuple(candidates), due

    def _require_unmoved(self, connection: Connection, row: "_Fresh", stopping: Sequence[Finding]) -> None:
        """Refuse a row that nothing stops but a post with its text, which waits for another time."""
        if not stopping or any(one.check != "twin" or one.part is not None for one in stopping):
            return
        twins = {twin.fields["id"] for twin in stopping}
        for one in row.candidates:
            if one.account.id not in self._waiting:
                waiting = agenda.waiting(connection, one.account.id)
                self._waiting[one.account.id] = {delivery: at for delivery, at, _content in waiting}
            for delivery in twins & self._waiting[one.account.id].keys():
                if self._waiting[one.account.id][str(delivery)] != one.when:
                    raise OtherTime(account=one.account, delivery=delivery, findings=tuple(stopping))

    def _judge(self, row: "_Fresh", findings: tuple[Finding, ...]) -> None:
        stopping = [one for one in findings if one.stops]
        if stopping:
            blocked = any(one.severity is Severity.BLOCK for one in stopping)
            fix = "Fix it." if blocked else f"Fix it, or --override {stopping[0].check} --reason …"
            detail = "; ".join(f"{one.account}: {one.message()}" for one in stopping)
            problem = errors.Held(detail=detail, fix=fix, findings=stopping)
            self.refused.append(Refused(row.line, problem))
            return
        plan = Plan("-", row.candidates, findings, None, self.session, self.now, row.due.zone, row.due.wall,
                    overrides=self.wish.overrides, campaign=row.request.campaign)  # fmt: skip
        self.good.append(Checked(row.line, plan, row.request))

    def _accounts_of(self, connection: Connection, asked: Entry) -> tuple[Account, ...]:
        """The accounts of a row: with clients of one word, or of several where only that names accounts."""
        if asked.spaced in ((), asked.selectors):
            return self._resolve(connection, asked.selectors)
        try:
            spaced = self._resolve(connection, asked.spaced)
        except errors.SocialGuardError:
            return self._resolve(connection, asked.selectors)
        parted = spaced
        with suppress(errors.UsageError, errors.NotFound):
            parted = self._resolve(connection, asked.selectors)
        if parted != spaced:
            raise TwoReadings(cell=" ".join(asked.selectors))
        return spaced

    def _resolve(self, connection: Connection, selectors: tuple[str, ...]) -> tuple[Account, ...]:
        found = self._accounts.get(selectors)
        if found is None:
            try:
                found = self.desk.trust.resolve(connection, selectors)
            except (errors.UsageError, errors.NotFound) as problem:
                found = problem
            self._accounts[selectors] = found
        if isinstance(found, errors.SocialGuardError):
            raise found
        return found

    def _require_open(self, connection: Connection, account: Account) -> None:
        if account.id not in self._stopped:
            self._stopped[account.id] = None
            try:
                accept.require_open(connection, self.desk, account, self.session, "-")
            except errors.Frozen as problem:  # a row has no draft yet
                frozen = self._stopped[account.id] = RowFrozen()
                frozen.fields = problem.fields
            except (errors.Held, errors.AuthenticationNeeded) as problem:
                self._stopped[account.id] = problem
        stopped = self._stopped[account.id]
        if stopped is not None:
            raise stopped

    def _require_new_text(self, account: Account, content: Content, line: int) -> None:
        """As the check `twin` would say, were the rows above queued already."""
        if not content.text or "twin" in self.wish.overrides:
            return
        plain = " ".join(unicodedata.normalize("NFKC", content.text).casefold().split())
        before = self._texts.setdefault((account.id, plain, content.link), line)
        if before != line:
            raise SameText(account=account, line=before)

    def _is_known(self, connection: Connection, account: Account, due: Moment, content: Content) -> bool:
        planned = self._planned.get(account.id)
        if planned is None:
            found = agenda.planned(connection, account.id)
            planned = self._planned[account.id] = frozenset(key_of(account.id, at, said) for at, said in found)
        return key_of(account.id, due.instant, content) in planned

    def _file(self, name: str, alt: str) -> Media:
        """A file beside the calendar; nothing outside its directory is taken."""
        if (name, alt) not in self._files:
            path = Path(os.path.realpath(self.place / name))  # `resolve` fails on a loop of links
            if not path.is_relative_to(self.place.resolve()):
                raise errors.UsageError(detail=f"{name} is not in the directory of the calendar.")
            if not path.exists():
                raise NoSuchFile(name=name)
            self._files[name, alt] = self.desk.media.keep(path, alt)
        return self._files[name, alt]


def _zone(asked: Entry, accounts: Sequence[Account]) -> str:
    zones = sorted({account.zone for account in accounts})
    if asked.zone is None and len(zones) > 1:
        raise errors.BadTime(
            text=asked.when,
            detail=f"the accounts are in different zones ({', '.join(zones)}).",
            remedy="Name one in a column zone, or give each account a row.",
        )
    return asked.zone or zones[0]
