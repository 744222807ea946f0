"""The daemon of one workspace: it takes the lease, starts the duties, and ends within ten seconds when told to.

Killed at any instant it leaves nothing that the next start does not find out: what is due and what was begun
stands in the tables. What says that the workspace was tampered with or cannot be read ends it (13, 15), since
nothing may be sent then; whatever else fails is logged, shown by `daemon status`, and tried again."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from types import FrameType
from typing import Final

from socialguard import clock, errors
from socialguard.daemon import duties, memory, metrics, notify
from socialguard.daemon.backups import THREADS
from socialguard.daemon.interface import Backup, Duty
from socialguard.daemon.lanes import Lanes
from socialguard.daemon.logs import about, log
from socialguard.daemon.publisher import Publisher
from socialguard.daemon.schedule import Schedule
from socialguard.daemon.status import LATE_WARNING, LEASE, VITAL, since
from socialguard.publishing.leave import leave
from socialguard.store import duties as kept
from socialguard.store.duties import DutyRun
from socialguard.store.lease import Lease, holder
from socialguard.store.process import host_id
from socialguard.workspace.opened import Workspace

HELD_FOR: Final = timedelta(seconds=30)
"""How long the lease of a daemon outlives its last sign of life where nobody can tell that it died."""
STOP_SECONDS: Final = 8.0
PROMPT_SECONDS: Final = 30.0
"""A publish tick that is later than this is stuck: the service manager is told nothing, and starts us again."""
_BEAT: Final = 1.0
_RECORD_BEATS: Final = 5
_MEMORY_BEATS: Final = 60
_SIGNALS: Final = ("SIGTERM", "SIGINT", "SIGHUP")


class Daemon:
    """The daemon of an open workspace, whose database nobody else uses in this process. `has_worked` says that it
    came to that."""

    def __init__(self, workspace: Workspace, backup: Backup | None = None) -> None:
        self._workspace = workspace
        self._lease = Lease(workspace.database, LEASE, HELD_FOR)
        self._stop = threading.Event()
        self._fatal: Exception | None = None
        self.has_worked = False
        self._lanes = Lanes(self._failed)
        self._backup = backup
        self._backup_lanes = Lanes(self._failed, THREADS)
        self._since = clock.now()
        self._schedule: Schedule | None = None

    def run(self) -> None:
        """Work until SIGTERM, SIGINT or SIGHUP. Raises AlreadyRunning, Tampered, Unreadable, and Busy where
        another daemon took over while this one was stopped, NotAllowed where an owner removed this worker."""
        workspace = self._workspace
        self._require_worker()
        self._take()
        try:
            warm(workspace)
            publisher = Publisher(workspace.desk, self._lanes, self._stop)
            publisher.reconcile()  # before anything is sent
            every = self._duties(publisher)
            self._forget_all_but(every)
            schedule = self._schedule = Schedule(every, self._failed)
            with _told_to_stop(self._stop), metrics.served(workspace):
                schedule.start()
                self._record(schedule.runs())  # before anybody is told to look
                self.has_worked = True
                notify.notify("READY=1", f"STATUS=Accounts: {len(workspace.accounts())}.")
                log.info("the daemon works", extra=about(accounts=len(workspace.accounts())))
                self._beat(schedule)
                notify.notify("STOPPING=1")
                log.info("the daemon stops", extra=about(busy=self._lanes.busy))
                self._end(schedule)
        finally:
            with suppress(errors.SocialGuardError):
                self._lease.release()
        if self._fatal is not None:
            raise self._fatal

    def _require_worker(self) -> None:
        workspace = self._workspace
        worker = workspace.identity.worker_id
        with workspace.database.read() as connection:
            if worker not in workspace.signed.books(connection).manifest.workers:
                detail = "it is no worker of this workspace any more"
                raise errors.NotAllowed(who=worker, what="run a daemon", detail=detail)

    def _take(self) -> None:
        database = self._workspace.database
        try:
            self._lease.take()
        except errors.Busy:
            with database.read() as connection:
                found, began = holder(connection, LEASE), since(connection)
            if found is None:
                raise
            where = "this machine" if found.process.host == host_id() else f"host {found.process.host}"
            told = "an unknown time" if began is None else f"{began:%Y-%m-%d %H:%M:%S} UTC"
            raise errors.AlreadyRunning(pid=found.process.pid, host=where, since=told) from None

    def _duties(self, publisher: Publisher) -> Sequence[Duty]:
        workspace = self._workspace
        every = [*duties.made(workspace, publisher, self._lanes, self._failed, self._is_well)]
        if self._backup is not None:
            lanes = self._backup_lanes
            every.append(duties.backups(workspace, self._backup, lanes, self._stop, self._failed))
            every.append(duties.watching(workspace, lanes, self._failed))
            every.append(duties.learning(workspace))
        return every

    def _forget_all_but(self, every: Sequence[Duty]) -> None:
        """Forget duties that an earlier daemon had, by other settings: they would be late and failed for ever."""
        ours = {LEASE, *(duty.name for duty in every)}
        with self._workspace.database.write() as connection:
            known = [run.name for run in kept.runs(connection) if " " not in run.name]  # an account's have one
            kept.forget(connection, [name for name in known if name not in ours])

    def _is_well(self) -> bool:
        """Whether what is vital went well when it was done last, and is done in time."""
        runs = () if self._schedule is None else self._schedule.runs()
        return bool(runs) and all(
            run.error is None and run.last_ok is not None and run.lag < LATE_WARNING
            for run in runs
            if run.name in VITAL
        )

    def _beat(self, schedule: Schedule) -> None:
        """Keep the lease, and tell that we live while the publish tick is prompt."""
        watched = notify.watchdog_seconds()
        beats = 0
        while not self._stop.wait(_BEAT):
            schedule.look()
            if beats % _RECORD_BEATS == 0:
                self._record(schedule.runs())
            if beats % _MEMORY_BEATS == 0:
                memory.give_back()
            if watched is not None and schedule.is_prompt("publish", PROMPT_SECONDS):
                notify.notify("WATCHDOG=1")
            beats += 1

    def _record(self, runs: Sequence[DutyRun]) -> None:
        """Renew the lease and keep the runs for `daemon status`; all that ends us here is a lost lease."""
        try:
            with self._workspace.database.write() as connection:
                self._lease.renew(connection)
                kept.record(connection, [*runs, DutyRun(LEASE, last_run=self._since)])
        except errors.Busy as problem:
            if problem.fields.get("what") == LEASE:
                log.error("another daemon has taken over")
                self._fatal = problem
                self._stop.set()
        except errors.SocialGuardError as problem:
            log.error("the runs of the duties cannot be kept", extra=about(error=problem.message()))

    def _end(self, schedule: Schedule) -> None:
        schedule.stop()
        self._backup_lanes.close(0.0)  # it ends at its page's end; what it began is taken up again
        if not self._lanes.close(STOP_SECONDS):
            for value in leave(self._workspace.desk):
                log.warning("left while sending", extra=about(delivery=value.id, account=value.account_id))
        with suppress(errors.SocialGuardError):
            self._record(schedule.runs())

    def _failed(self, problem: Exception) -> None:
        """End where nothing may be sent any more. A database's server that is away comes back."""
        if isinstance(problem, errors.DatabaseAway):
            return
        if isinstance(problem, errors.Tampered | errors.Unreadable):
            self._fatal = self._fatal or problem
            self._stop.set()


def warm(workspace: Workspace) -> None:
    """Open everything that threads share, before there are threads: what is opened twice at once is two things."""
    workspace.keys.worker()
    with suppress(errors.LogKeyElsewhere), workspace.database.read() as connection:
        workspace.log_signer(connection)
    for name in {account.network for account in workspace.accounts()}:
        workspace.network(name).warm()
    for part in (workspace.pins, workspace.desk, workspace.custody, workspace.anchors):
        assert part is not None


@contextmanager
def _told_to_stop(stop: threading.Event) -> Iterator[None]:
    """Set `stop` when this process is asked to end, for the time of the block."""

    def asked(number: int, frame: FrameType | None) -> None:
        stop.set()

    numbers = [getattr(signal, name) for name in _SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, asked) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
