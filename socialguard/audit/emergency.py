"""What still records a freeze, a cancel or a revoke when the log cannot be written.

`emergency.jsonl` is allocated when the workspace is made and only written in place, so that a full disk does not
stop it; every record is on the disk before `note` returns, and goes to syslog, too. Later `absorb` brings the
records into the log, each exactly once.

In a shared workspace a neighbour may put a link in its place, or hold its lock: nothing is ever written through a
link, and no stop waits for a lock longer than a moment."""

import fcntl
import hashlib
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, select

from socialguard import clock, errors
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.leaf import MAX_REASON, SALT_BYTES, encode, refuse_reason
from socialguard.audit.log import AuditLog
from socialguard.canon import jcs
from socialguard.model import bounded
from socialguard.model.credential import HIDDEN, redact
from socialguard.model.text import marked, visible
from socialguard.store.tables import audit_entry

FILE_NAME: Final = "emergency.jsonl"
ALLOCATED: Final = 256 * 1024
"""Bytes that the file has from the beginning: empty lines, which records replace."""

PATIENCE: Final = 5.0
"""Seconds that a record waits for its turn; honest programs hold the lock for as long as a write takes."""

_LINK: Final = marked("it is a link to another file.")
_LARGE: Final = marked("it is larger than any that this program wrote.")
_BLANK: Final = b"\n" * ALLOCATED
_LOOK: Final = 0.02
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Record:
    """One act that was noted. `reason` has lost whatever looked like a secret: stopping is never refused."""

    id: str
    noted_at: str
    action: str
    actor: Actor
    account: str | None
    reason: str
    obj: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A line that a crash cut short."""

    id: str


@dataclass(frozen=True, slots=True)
class Noted:
    """Where a record arrived."""

    file: bool
    syslog: bool


class EmergencyFile:
    """The emergency file of one workspace."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def prepare(self) -> None:
        """Allocate the file where it is missing; to be called while the disk is not full. Raises OSError."""
        with self._locked() as file:
            have = os.fstat(file).st_size
            if have < ALLOCATED:
                # Real bytes, since blocks that are only reserved can still fail when they are first written.
                os.pwrite(file, b"\n" * (ALLOCATED - have), have)
                os.fsync(file)

    def note(
        self,
        action: str,
        actor: Actor,
        *,
        account: str | None = None,
        reason: str = "",
        obj: Mapping[str, object] | None = None,
    ) -> Noted:
        """Record an act that cannot be logged; returns where it arrived, and never raises for a full disk."""
        line = jcs.encode(
            {
                "v": _VERSION,
                "id": f"em-{secrets.token_hex(16)}",
                "noted_at": jcs.timestamp(clock.now()),
                "action": action,
                "actor": {"id": actor.id, "kind": actor.kind, "via": actor.via},
                "account": account,
                "reason": kept(reason),
                "obj": dict(obj or {}),
            }
        )
        try:
            if self.is_link():
                self.path.unlink()  # a stop is noted all the same, in a file of our own
            with self._locked(must=False) as file:
                at = len(_used(file))
                os.pwrite(file, line + b"\n", at)
                os.fsync(file)
            written = True
        except OSError:
            written = False
        return Noted(written, _to_syslog(line))

    def records(self) -> tuple[Record | Damaged, ...]:
        """Return what is noted and not yet cleared, oldest first; nothing where the file is missing. Raises
        Tampered where it is a link."""
        try:
            with os.fdopen(self._opened(os.O_RDONLY), "rb") as file:
                data = bounded.rest(file)
        except FileNotFoundError:
            return ()
        except _Linked as problem:
            raise errors.Tampered(
                what="The emergency file",
                detail=_LARGE if isinstance(problem, _Large) else _LINK,
                remedy=f"Find out who put it there, then take it away: rm {self.path}",
            ) from None
        if data == _BLANK:  # mostly it is, and every send looks
            return ()
        return tuple(_parse(line) for line in data.split(b"\n") if line)

    def holds_any(self) -> bool:
        """Return whether anything is noted, or the file is none of ours; `records` says what."""
        try:
            with os.fdopen(self._opened(os.O_RDONLY), "rb") as file:
                return bool(bounded.rest(file).strip(b"\n"))
        except _Linked:
            return True
        except OSError:
            return False

    def absorb(self, connection: Connection, log: AuditLog) -> int:
        """Append every record that the log does not hold yet, in the caller's transaction; returns how many.

        A record's id is its entry's `corr`, so a second call after a crash finds it in the log. The file is
        emptied by the first call that finds every record there, and so committed before."""
        records = self.records()
        if not records:
            return 0
        known = select(audit_entry.c.corr).where(audit_entry.c.corr.in_([each.id for each in records]))
        there = set(connection.execute(known).scalars())
        missing = [each for each in records if each.id not in there]
        for each in missing:
            log.append(connection, _entry(each))
        if not missing:
            self._clear(records)
        return len(missing)

    def is_link(self) -> bool:
        """Whether somebody put a link, or a file larger than any of ours, in the place of the file."""
        try:
            os.close(self._opened(os.O_RDONLY))
        except _Linked:
            return True
        except OSError:
            return False
        return False

    def _clear(self, absorbed: tuple[Record | Damaged, ...]) -> None:
        with suppress(BlockingIOError), self._locked() as file:
            if self.records() == absorbed:  # nothing was noted meanwhile
                size = os.fstat(file).st_size
                os.pwrite(file, b"\n" * size, 0)
                os.ftruncate(file, min(size, ALLOCATED))
                os.fsync(file)

    @contextmanager
    def _locked(self, *, must: bool = True) -> Iterator[int]:
        """The file, alone; BlockingIOError where another holds the lock for long and it `must` be held."""
        file = self._opened(os.O_RDWR | os.O_CREAT)
        try:
            end = clock.monotonic() + PATIENCE
            while not _is_taken(file):
                if clock.monotonic() < end:
                    clock.pause(_LOOK)
                elif must:
                    raise BlockingIOError
                else:
                    break
            yield file
        finally:
            os.close(file)

    def _opened(self, how: int) -> int:
        try:
            file = os.open(self.path, how | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, 0o600)
        except OSError:
            if self.path.is_symlink():
                raise _Linked from None
            raise
        found = os.fstat(file)
        if bounded.is_regular(found) and found.st_nlink == 1 and found.st_size <= bounded.LARGEST:
            return file
        os.close(file)
        raise _Large if found.st_size > bounded.LARGEST else _Linked


class _Linked(OSError):
    """What stands in the place of the file is another one."""


class _Large(_Linked):
    """It is larger than any that this program wrote."""


def _is_taken(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _used(file: int) -> bytes:
    """Return the part of the file that holds records, with the line break after the last."""
    data = os.pread(file, os.fstat(file).st_size, 0).rstrip(b"\n")
    return data + b"\n" if data else b""


def _parse(line: bytes) -> Record | Damaged:
    try:
        value = json.loads(line)
        actor = value["actor"]
        if value["v"] != _VERSION:
            raise ValueError
        jcs.parse_timestamp(value["noted_at"])
        record = Record(
            id=str(value["id"]),
            noted_at=str(value["noted_at"]),
            action=str(value["action"]),
            actor=Actor(str(actor["id"]), str(actor["kind"]), str(actor["via"])),
            account=None if value["account"] is None else str(value["account"]),
            reason=str(value["reason"]),
            obj=dict(value["obj"]),
        )
        # Whoever can write the file must not be able to stop the log with it.
        encode(_entry(record), org="", seq=0, ts=record.noted_at, salt=bytes(SALT_BYTES))
        return record
    except (ValueError, KeyError, TypeError, RecursionError, errors.UsageError):
        return Damaged(f"em-{hashlib.sha256(line).hexdigest()[:32]}")


def _entry(each: Record | Damaged) -> Entry:
    if isinstance(each, Damaged):
        return Entry("emergency.damaged", "unreadable", Actor("system", "system", "emergency"), corr=each.id)
    obj = {"noted_at": each.noted_at, "noted": dict(each.obj)}
    return Entry(each.action, "done", each.actor, each.account, corr=each.id, reason=each.reason or None, obj=obj)


def kept(reason: str) -> str:
    """Return what is kept of a reason to stop: no secret, no character that a database refuses, not too long.
    Stopping is never refused for its words."""
    plain = reason.replace("\0", "").encode("utf-8", "replace").decode()
    found = redact(plain)[:MAX_REASON]
    try:
        refuse_reason(found)
    except errors.UsageError:
        return HIDDEN
    return found


def _to_syslog(line: bytes) -> bool:
    """Hand the record to the system's log, as far as there is one."""
    try:
        import syslog
    except ImportError:
        return False  # Windows
    syslog.openlog("socialguard", syslog.LOG_PID, syslog.LOG_AUTH)
    syslog.syslog(syslog.LOG_WARNING, visible(line.decode("utf-8"), 1500))
    syslog.closelog()
    return Path("/dev/log").exists()
