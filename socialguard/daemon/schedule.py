"""When a duty runs: one interval job each, in memory. The scheduler only wakes us; our tables say what is due.

A duty never runs twice at once, and after a pause (the machine slept, the process was stopped) it runs once, not
once for each time that was missed. A clock that was set cannot put a duty off: `look` sees it and begins anew."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from socialguard import clock, errors
from socialguard.daemon.interface import Duty, Problem
from socialguard.daemon.logs import about, log
from socialguard.model.credential import redact
from socialguard.store.duties import DutyRun

if TYPE_CHECKING:
    from apscheduler.schedulers.background import BackgroundScheduler

JUMP_SECONDS: Final = 2.0
"""A clock that moved by more than this against the one that never goes back was set, or the machine slept."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """How a duty stands; `at` is when it should run next, by the clock that never goes back."""

    run: DutyRun
    at: float


class Schedule:
    """Duties, each run every so often in a thread of its own. `failed` is called with what a duty raised."""

    def __init__(self, duties: Sequence[Duty], failed: Callable[[Exception], None]) -> None:
        self._duties = tuple(duties)
        self._failed = failed
        self._lock = threading.Lock()
        begin = clock.monotonic()
        self._planned = {duty.name: _Planned(DutyRun(duty.name, next_run=clock.now()), begin) for duty in duties}
        self._scheduler: BackgroundScheduler | None = None
        self._offset = _offset()

    def start(self) -> None:
        """Begin: every duty runs at once, then in its time."""
        from apscheduler.executors.pool import ThreadPoolExecutor
        from apscheduler.jobstores.memory import MemoryJobStore
        from apscheduler.schedulers.background import BackgroundScheduler

        scheduler = BackgroundScheduler(
            jobstores={"default": MemoryJobStore()},
            executors={"default": ThreadPoolExecutor(len(self._duties))},  # none waits for another
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )
        for duty in self._duties:
            scheduler.add_job(
                self._do, "interval", seconds=duty.seconds, args=[duty], id=duty.name, next_run_time=_real_now()
            )
        self._scheduler = scheduler
        scheduler.start()

    def stop(self) -> None:
        """Begin no duty any more; one that runs is not waited for."""
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=False)

    def look(self) -> None:
        """See whether the clock was set, and let every duty run at once where it was: an hour back would otherwise
        be an hour without any."""
        before, self._offset = self._offset, _offset()
        if abs(self._offset - before) > JUMP_SECONDS and self._scheduler is not None:
            log.warning("the clock was set", extra=about(by_s=round(self._offset - before, 3)))
            for job in self._scheduler.get_jobs():
                job.modify(next_run_time=_real_now())

    def runs(self) -> tuple[DutyRun, ...]:
        """Return the last run of each duty. One that is late shows how late it is by now."""
        now = clock.monotonic()
        with self._lock:
            planned = tuple(self._planned.values())
        return tuple(
            replace(one.run, lag=max(one.run.lag, timedelta(seconds=max(0.0, now - one.at)))) for one in planned
        )

    def is_prompt(self, name: str, within: float) -> bool:
        """Return whether a duty is not later than `within` seconds."""
        with self._lock:
            return clock.monotonic() - self._planned[name].at <= within

    def _do(self, duty: Duty) -> None:
        began, at = clock.monotonic(), clock.now()
        with self._lock:
            planned = self._planned[duty.name]
            lag = timedelta(seconds=max(0.0, began - planned.at))
        error = self._attempt(duty, planned.run.error)
        ended = clock.monotonic()
        following = max(began + duty.seconds, ended)
        with self._lock:
            run = DutyRun(
                name=duty.name,
                last_run=at,
                last_ok=planned.run.last_ok if error else at,
                next_run=clock.now() + timedelta(seconds=following - ended),
                lag=lag,
                error=error,
            )
            self._planned[duty.name] = _Planned(run, following)

    def _attempt(self, duty: Duty, before: str | None) -> str | None:
        """Do it once; what goes wrong is told and logged, what is as `before` once, and ends no other duty."""
        try:
            duty.work()
        except Problem as problem:
            error = redact(str(problem))
            if error != before:
                log.warning("duty did not succeed", extra=about(duty=duty.name, error=error))
            return error
        except Exception as problem:  # noqa: BLE001 - the outermost place of a duty
            error = f"{type(problem).__name__} (the log has more)"
            if isinstance(problem, errors.SocialGuardError):
                error = redact(problem.message())
            if error != before:
                log.exception("duty failed", extra=about(duty=duty.name))
            self._failed(problem)
            return error
        return None


def _real_now() -> datetime:
    """The instant by the clock that the scheduler goes by, which no test moves."""
    return datetime.now(UTC)


def _offset() -> float:
    """How far the clock is from the one that never goes back."""
    return time.time() - time.monotonic()
