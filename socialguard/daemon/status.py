"""What can be told of the daemon from outside: from its lease and the runs of its duties, without any key.

`check` is the answer of a monitoring plugin: one line, and 0, 1 or 2."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from socialguard import clock
from socialguard.daemon.disk import Forecast
from socialguard.store import duties, lease
from socialguard.store.duties import DutyRun
from socialguard.store.process import host_id, is_dead

LEASE: Final = "daemon"
"""The name of the daemon's lease, and of the row that says since when it works."""

DISK: Final = "disk"
SLACK: Final = timedelta(seconds=10)
"""The runs are kept every few seconds: what is later than this by their account is late."""
LATE_WARNING: Final = timedelta(seconds=30)
LATE_CRITICAL: Final = timedelta(minutes=2)
LATE_TURN: Final = timedelta(minutes=15)
"""For what is in no hurry: an account's backup waits for the look at all crons, and for others before it."""
OK, WARNING, CRITICAL = 0, 1, 2
_MOST_TOLD: Final = 5
"""So many reasons stand in a monitoring plugin's line: of hundreds of accounts it would cut the rest off."""
_NAMES: Final = ("OK", "WARNING", "CRITICAL")
# Without these nothing goes out, or nobody could prove what did.
VITAL: Final = frozenset({"publish", "checkpoint"})


@dataclass(frozen=True, slots=True)
class Status:
    """Whether a daemon works, since when, as which process, and how its duties stand. `mute` is the process of one
    that runs on this machine and has given no sign of life for as long as its lease holds."""

    alive: bool
    since: datetime | None
    pid: int | None
    duties: tuple[DutyRun, ...]
    mute: int | None = None


def read(connection: Connection) -> Status:
    """Return how the daemon of a workspace stands."""
    found = lease.holder(connection, LEASE)
    alive = found is not None and found.is_alive
    began = since(connection) if alive else None
    kept = tuple(_overdue(run, alive=alive) for run in duties.runs(connection) if run.name != LEASE)
    pid = None if found is None else found.process.pid
    if found is None or alive:
        return Status(alive, began, pid, kept)
    runs = found.process.host == host_id() and not is_dead(found.process)
    return Status(alive, began, None, kept, pid if runs else None)


def since(connection: Connection) -> datetime | None:
    """Return when the daemon that worked last was started."""
    return next((run.last_run for run in duties.runs(connection) if run.name == LEASE), None)


def document(status: Status, names: Mapping[str, str], disk: Forecast) -> dict[str, object]:
    """Return a status as `--json` prints it; `names` are the accounts by their ids."""
    return {
        "alive": status.alive,
        "since": status.since,
        "pid": status.pid,
        "duties": [
            {
                "name": shown(run.name, names),
                "last_run": run.last_run,
                "last_ok": run.last_ok,
                "next_run": run.next_run,
                "lag_s": round(run.lag.total_seconds(), 3),
                "error": run.error,
            }
            for run in status.duties
        ],
        "disk": {"free_bytes": disk.free, "full_on": disk.full_on},
    }


def shown(name: str, accounts: Mapping[str, str]) -> str:
    """Return a duty's name with the account's name in place of its id."""
    duty, _, account_id = name.partition(" ")
    return f"{duty} {accounts.get(account_id, account_id)}" if account_id else duty


def check(status: Status, names: Mapping[str, str], disk: Forecast) -> tuple[int, str]:
    """Return the code and the line of a monitoring plugin."""
    filling = disk.problem()
    if not status.alive:
        why = "no daemon works" if status.mute is None else f"the daemon, process {status.mute}, can keep nothing"
        return CRITICAL, _line(CRITICAL, [why, *([filling] if filling else [])], ())
    found: list[tuple[int, str]] = []
    if filling is not None:
        found.append((CRITICAL if disk.is_urgent else WARNING, filling))
    for run in status.duties:
        if run.name == DISK:
            continue  # told above, as it is now
        name = shown(run.name, names)
        if run.error is not None:
            found.append((CRITICAL if run.name in VITAL else WARNING, f"{name}: {run.error}"))
        late = _late(run)
        if late > LATE_CRITICAL and run.name in VITAL:
            found.append((CRITICAL, f"{name} is {late.total_seconds():.0f} s late"))
        elif late > (LATE_WARNING if run.name in VITAL else LATE_TURN):
            found.append((WARNING, f"{name} is {late.total_seconds():.0f} s late"))
    found.sort(key=lambda one: -one[0])
    code = found[0][0] if found else OK
    told = [text for _, text in found[:_MOST_TOLD]] or [f"{len(status.duties)} duties"]
    if len(found) > _MOST_TOLD:
        told.append(f"and {len(found) - _MOST_TOLD} more: socialguard daemon status")
    return code, _line(code, told, status.duties)


def unread(reason: str) -> tuple[int, str]:
    """Return the code and the line of a monitoring plugin where the workspace cannot be looked into: no daemon can
    work there either."""
    return CRITICAL, _line(CRITICAL, [reason], ())


def _late(run: DutyRun) -> timedelta:
    """How late a duty is, or, of what is vital, began last. A backup that was made up for is late no more, and its
    next run may be a day away."""
    if run.name in VITAL or run.next_run is None:
        return run.lag
    return max(clock.now() - run.next_run, timedelta(0))


def _line(code: int, texts: Sequence[str], runs: Sequence[DutyRun]) -> str:
    """One line; a bar would begin the figures (monitoring plugins: development guidelines)."""
    lag = max((_late(run).total_seconds() for run in runs), default=0.0)
    told = "; ".join(texts).replace("|", "/").replace("\n", " ")
    warning, critical = LATE_WARNING.total_seconds(), LATE_CRITICAL.total_seconds()
    return f"{_NAMES[code]} - {told} | lag={lag:.3f}s;{warning:.0f};{critical:.0f};0"


def _overdue(run: DutyRun, *, alive: bool) -> DutyRun:
    """A run whose next time has passed is late by that much, whatever was kept; without a daemon none is due."""
    if not alive or run.next_run is None:
        return run
    over = clock.now() - run.next_run
    return replace(run, lag=max(run.lag, over)) if over > SLACK else run
