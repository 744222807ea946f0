"""What `affinity status` tells: what is known of each account, how often a question was in vain, and how often
one was asked and overruled, week by week."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from socialguard import clock
from socialguard.publishing.doubted import ASKED, OVERRULED
from socialguard.workspace.affinity import rates

if TYPE_CHECKING:
    from socialguard.workspace.opened import Workspace

WEEKS: Final = 8
_PAGE: Final = 500


@dataclass(frozen=True, slots=True)
class Known:
    """One account: its confirmed posts that were learned, whether they are enough to judge by, and of the `judged`
    ones (looked at before they were learned) how many would have been asked about; which part that should stay
    below (`rate`); and how much stranger its newest posts looked than those before, in standard deviations
    (`drift`, None where there are too few)."""

    account: str
    posts: int
    is_enough: bool
    judged: int
    asked: int
    rate: float
    drift: float | None


@dataclass(frozen=True, slots=True)
class Week:
    """One ISO week (`2026-W48`): how often a person was asked, and how often the text went out all the same."""

    week: str
    alarms: int
    overrules: int


@dataclass(frozen=True, slots=True)
class Status:
    """All of it."""

    accounts: tuple[Known, ...]
    weeks: tuple[Week, ...]


def status(workspace: "Workspace") -> Status:
    """Return what there is to know; it needs no key."""
    from socialguard.guard.affinity.portfolio import ENOUGH
    from socialguard.guard.affinity.store import restored

    with workspace.database.read() as connection:
        found = restored(connection)
        names = workspace.names(connection)
    allowed = rates(workspace, workspace.accounts())
    accounts, drift = found.accounts, found.drift
    alarms = found.false_alarms
    known = tuple(
        Known(
            name,
            accounts.get(account, 0),
            accounts.get(account, 0) >= ENOUGH,
            alarms.get(account, (0, 0))[1],
            alarms.get(account, (0, 0))[0],
            allowed[account],
            drift.get(account),
        )
        for account, name in sorted(names.items(), key=lambda pair: pair[1])
        if account in allowed
    )
    return Status(known, _weeks(workspace))


def _weeks(workspace: "Workspace") -> tuple[Week, ...]:
    now = clock.now()
    weeks = [_week_of((now - timedelta(weeks=back)).date().isoformat()) for back in range(WEEKS)]
    asked, overruled = (_count(workspace, action) for action in (ASKED, OVERRULED))
    return tuple(Week(week, asked.get(week, 0), overruled.get(week, 0)) for week in weeks)


def _count(workspace: "Workspace", action: str) -> dict[str, int]:
    from socialguard.audit import reader

    wanted = reader.Filter(action=action, since=clock.now() - timedelta(weeks=WEEKS))
    found: dict[str, int] = {}
    before = None
    while True:
        page = reader.page(workspace.database, wanted, limit=_PAGE, before=before)
        for entry in page:
            week = _week_of(entry.ts[:10])
            found[week] = found.get(week, 0) + 1
        if len(page) < _PAGE:
            return found
        before = (page[-1].incarnation, page[-1].seq)


def _week_of(day: str) -> str:
    from datetime import date

    year, week, _ = date.fromisoformat(day).isocalendar()
    return f"{year}-W{week:02}"
