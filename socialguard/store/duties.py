"""The duties of the daemon, as their runs are kept: when each ran, whether it went well, when it runs next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from socialguard.canon import jcs
from socialguard.store.tables import duty_run

_UPDATE: Final = (
    update(duty_run)
    .where(duty_run.c.name == bindparam("duty"))
    .values({name: bindparam(name) for name in ("last_run", "last_ok", "next_run", "lag_ms", "error")})
)
_ERROR_LENGTH: Final = 500


@dataclass(frozen=True, slots=True)
class DutyRun:
    """The last run of a duty. `lag` is how much later than planned it began; `error` what went wrong in it, None
    where it went well; `next_run` None where it will not run again."""

    name: str
    last_run: datetime | None = None
    last_ok: datetime | None = None
    next_run: datetime | None = None
    lag: timedelta = timedelta(0)
    error: str | None = None


def record(connection: Connection, runs: Iterable[DutyRun]) -> None:
    """Keep these runs in place of the ones before."""
    for run in runs:
        values = {
            "last_run": _instant(run.last_run),
            "last_ok": _instant(run.last_ok),
            "next_run": _instant(run.next_run),
            "lag_ms": int(run.lag.total_seconds() * 1000),
            "error": None if run.error is None else run.error[:_ERROR_LENGTH],
        }
        if connection.execute(_UPDATE, {"duty": run.name, **values}).rowcount == 0:
            connection.execute(insert(duty_run).values(name=run.name, **values))


def forget(connection: Connection, names: Iterable[str]) -> None:
    """Forget duties that are none any more, such as those of an account that was removed."""
    connection.execute(delete(duty_run).where(duty_run.c.name.in_(list(names))))


def runs(connection: Connection) -> tuple[DutyRun, ...]:
    """Return the last run of every duty, sorted by name."""
    found = connection.execute(select(duty_run).order_by(duty_run.c.name))
    return tuple(
        DutyRun(
            name=row.name,
            last_run=_parsed(row.last_run),
            last_ok=_parsed(row.last_ok),
            next_run=_parsed(row.next_run),
            lag=timedelta(milliseconds=row.lag_ms or 0),
            error=row.error,
        )
        for row in found
    )


def _instant(value: datetime | None) -> str | None:
    return None if value is None else jcs.timestamp(value)


def _parsed(value: str | None) -> datetime | None:
    return None if value is None else jcs.parse_timestamp(value)
