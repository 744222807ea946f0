"""One archive, opened: the face of this room for those who fill it."""

import contextlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from socialguard import clock, errors
from socialguard.archive import (
    blobs,
    closing,
    crash,
    gaps,
    instants,
    keeping,
    lines,
    manifest,
    opening,
    rebuilding,
    resealing,
    root,
    shredding,
    verifying,
)
from socialguard.archive.closing import Files
from socialguard.archive.interface import (
    Gap,
    Kept,
    Problem,
    Progress,
    Rebuilt,
    Resealed,
    Seal,
    ShelfKeys,
    Verified,
    no_progress,
)
from socialguard.model.activity import ActivityPage, Item, Profile, Stream
from socialguard.store import dialect
from socialguard.store.archive_tables import page, segment
from socialguard.store.database import Database

SOON: Final = timedelta(hours=1)
LATE: Final = timedelta(days=1)
FEW: Final = 10
"""Segments that may be made each hour: a segment is a file, and one an hour for each of 200 accounts that are
written to would be 1,700,000 a year."""


class Archive:
    """An archive's files, and its index in `database` (read it with `archive.reader`).

    `rebuilt` tells that opening it made the index anew, and why."""

    def __init__(self, files: Files, url: str, progress: Progress) -> None:
        self._files = files
        self._url = url
        self._lock = threading.Lock()
        self._database, self.rebuilt = opening.open_index(files, url, progress)
        self._file = opening.file_of(url)
        self._pending: int | None = None
        self._current: str | None = None
        self._is_proven = False

    @property
    def database(self) -> Database:
        """The index that lies at its place now. Another process, or a person, may have taken away the one that was
        opened: whoever wrote on into that file would keep nothing, and never know."""
        if self._file != opening.file_of(self._url):
            with self._lock:
                if self._file != opening.file_of(self._url):
                    self._database.close()
                    self._database, _rebuilt = opening.open_index(self._files, self._url, no_progress)
                    self._file = opening.file_of(self._url)
                    self._pending = self._current = None
        return self._database

    @classmethod
    def open(
        cls, place: Path, url: str, seal: Seal, keys: ShelfKeys, progress: Progress = no_progress
    ) -> "Archive":
        """Open the archive below `place`, its index at `url`; made where there is none, from the segments that
        there are. An index that is damaged or of another schema is set aside and made anew.

        Raises SchemaTooNew, ArchiveDamaged, PagesOpen."""
        return cls(Files(place, seal, keys), url, progress)

    @property
    def place(self) -> str:
        """How errors name the index."""
        return self._database.where

    # ── streams ──────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, account_id: str, stream: Stream) -> Gap:
        """Return the gap above all that was seen of a stream, to be read from its newest item on. Nothing is
        written before its first page: go on with `gaps` first, oldest first, then ask for this."""
        with self.database.read() as connection:
            return gaps.begin(connection, account_id, stream)

    def gaps(self, account_id: str, stream: Stream) -> tuple[Gap, ...]:
        """Return the gaps of a stream that were begun and not read to their end, oldest first."""
        with self.database.read() as connection:
            return gaps.open_gaps(connection, account_id, stream)

    def read_before(self, gap: Gap) -> datetime | None:
        """Return when the newest of a stream was looked at last, before a gap was begun; None for never."""
        with self.database.read() as connection:
            return gaps.read_before(connection, gap)

    def require_current(self) -> None:
        """Refuse to go on with an index that does not know all segments: what they hold would be fetched, and paid
        for, once more. What else is wrong with the files stops nobody from keeping what is new.

        Raises ArchiveDamaged."""
        database, head = self.database, manifest.newest(self._files.place)
        if head in (None, self._current) or self._knows(head):
            return
        with database.write() as connection:  # or another process is just closing pages, or was killed then
            if not self._files.manifest().problems:
                closing.settle(connection, self._files)
        self._current = head  # the last line may name no segment: what was destroyed

    def _knows(self, line_sha256: str | None) -> bool:
        with self.database.read() as connection:
            query = select(segment.c.number).where(segment.c.line_sha256 == line_sha256)
            newest = segment.c.number.desc()  # it is the last one, nearly always
            return connection.execute(query.order_by(newest).limit(1)).first() is not None

    # ── keeping, each in one transaction ─────────────────────────────────────────────────────────────────

    def keep(self, gap: Gap, fetched: ActivityPage) -> Kept:
        """Keep a page and how far the gap is read then; go on with `Kept.gap` while it `is_open`.

        Raises Busy where another process reads the same gap, DiskLow, ArchiveUnwritable. When enough has come
        together it is closed into segments by the way."""
        blobs.require_space(self._files.place, blobs.BACKUP_FLOOR, "the backup")
        with self.database.write() as connection:
            kept = keeping.keep_page(connection, gap, fetched)
        self._count(len(fetched.items) + 1)
        return kept

    def keep_edits(self, account_id: str, seen: Sequence[Item]) -> tuple[int, frozenset[str]]:
        """Keep what was edited of items that are kept already, and the addresses of their files as they are now;
        return how many were edited, and the ids of those that are not kept: they belong to a page of a gap."""
        blobs.require_space(self._files.place, blobs.BACKUP_FLOOR, "the backup")
        with self.database.write() as connection:
            changed, unknown = keeping.keep_edits(connection, account_id, seen)
        self._count(changed)
        return changed, unknown

    def keep_metrics(self, account_id: str, taken: Mapping[str, Mapping[str, int]]) -> int:
        """Keep what changed of metrics, by the network's id of kept items; return how many snapshots were
        taken."""
        blobs.require_space(self._files.place, blobs.BACKUP_FLOOR, "the backup")
        with self.database.write() as connection:
            made = keeping.keep_metrics(connection, account_id, taken)
        self._count(made)
        return made

    def keep_profile(self, account_id: str, profile: Profile) -> bool:
        """Keep an account's profile where it changed; return whether it did."""
        with self.database.write() as connection:
            return keeping.keep_profile(connection, account_id, profile)

    def keep_tombstones(self, account_id: str, gone: Mapping[str, str]) -> tuple[str, ...]:
        """Keep that items are deleted at their network, by the network's id: `gone` says how each is known to be
        (`GONE`, `BY_US`). Return those of which it was not known before; what is kept of them stays."""
        if not gone:
            return ()
        with self.database.write() as connection:
            buried = keeping.keep_tombstones(connection, account_id, gone)
        self._count(len(buried))
        return buried

    def keep_blob(
        self, account_id: str, network_id: str, key: str, ask: blobs.Fetch, max_bytes: int, address: str = ""
    ) -> blobs.Blob:
        """Fetch the file of an attachment of a kept item from its address, going on where an earlier attempt
        stopped, and keep it.

        Raises as `blobs.fetch`; NotFound for an item that is not kept."""
        blob = blobs.fetch(self._files.place, f"{account_id} {network_id} {key}", address, ask, max_bytes)
        with self.database.write() as connection:
            keeping.keep_stored(connection, account_id, network_id, key, blob.sha256, blob.size, blob.content_type)
        return blob

    # ── segments ─────────────────────────────────────────────────────────────────────────────────────────

    def close_pages(self) -> int:
        """Close all that was kept into immutable segments: the end of a run. Return how many were made.

        What is kept is durable before that too; a segment is a file, so runs that bring little every few minutes
        better `close_old`. The first closing reads the whole manifest. Raises ArchiveDamaged,
        ArchiveUnwritable."""
        try:
            with self.database.write() as connection:
                made = closing.close(connection, self._files, is_proven=self._is_proven)
        except OSError as problem:
            raise errors.ArchiveUnwritable(detail=problem.strerror or "it cannot be written") from None
        self._is_proven = True
        self._pending = 0
        return made

    def close_old(self) -> int:
        """Close all pages where the oldest was kept longer than `SOON` ago, or `LATE` where that would make more
        than `FEW` segments; return how many were made. Where a clock was set back since, the pages' times say
        nothing, and the last closing's age counts."""
        with self.database.read() as connection:
            oldest = connection.execute(select(page.c.at).order_by(page.c.seq).limit(1)).scalar()
            if oldest is None:
                return 0
            shelves = connection.execute(select(func.count(page.c.shelf.distinct()))).scalar_one()
        age = SOON if shelves <= FEW else LATE
        now = instants.micros(clock.now())
        if now - age // timedelta(microseconds=1) < oldest <= now:
            return 0
        if oldest > now and manifest.is_newer(self._files.place, age):
            return 0
        return self.close_pages()

    def verify(self, progress: Progress = no_progress) -> Verified:
        """Read every file of the archive and name every problem; `progress` counts bytes. An archive that cannot
        be written is proven as it lies, and one whose index cannot be read without it."""
        try:
            return self._verify(progress)
        except errors.Unreadable as problem:
            if problem.fields.get("path") != self.place:
                raise
        found = verifying.verify(verifying.Known(), self._files, progress)
        unread = Problem("archive.db", "it cannot be read; run: socialguard backup rebuild")
        return replace(found, problems=(*found.problems, unread))

    def _verify(self, progress: Progress) -> Verified:
        unwritable = (errors.ArchiveUnwritable, OSError)
        with contextlib.suppress(errors.ArchiveDamaged, *unwritable), self.database.write() as connection:
            closing.settle(connection, self._files)  # what is damaged is looked for below
        with self.database.read() as connection:
            known = verifying.known_to(connection)
        found = verifying.verify(known, self._files, progress)
        if found.problems:
            # Another process may have closed pages meanwhile: look again while none can.
            with contextlib.suppress(errors.ArchiveUnwritable), self.database.write() as connection:
                known = verifying.known_to(connection)
                found = verifying.verify(known, self._files, progress)
        if not found.problems and len(self._files.manifest().segments) > len(known.lines):
            with self.database.write() as connection:  # a segment is named before the index knows it
                known = verifying.known_to(connection)
                unknown = len(self._files.manifest().segments) - len(known.lines)
            if unknown <= 0:
                return found
            stale = Problem("archive.db", f"it does not know {unknown} segments; run: socialguard backup rebuild")
            found = replace(found, problems=(*found.problems, stale))
        return found

    def rebuild(self, progress: Progress = no_progress) -> Rebuilt:
        """Make the index anew from the segments alone, in one transaction; `progress` counts lines. One that
        cannot be read is set aside first.

        Raises PagesOpen, ArchiveDamaged, ArchiveUnwritable, Unreadable; then nothing was changed."""
        try:
            with self.database.write() as connection:
                return rebuilding.rebuild(connection, self._files, progress, self.place)
        except OSError as problem:
            raise errors.ArchiveUnwritable(detail=problem.strerror or "it cannot be written") from None
        except errors.Unreadable as problem:
            if problem.fields.get("path") != self.place:
                raise  # the files, or their keys: the index is as it was
            with self._lock:
                self._database.close()
                self._database, rebuilt = opening.replace_index(self._files, self._url, progress)
                self._file = opening.file_of(self._url)
            return rebuilt

    def seal_plain(self, progress: Progress = no_progress) -> Resealed | None:
        """Seal what an older version kept of others in the clear; None where there is nothing of that.

        Raises ArchiveDamaged; then nothing was changed."""
        with self.database.write() as connection:
            closing.finish(connection, self._files)
            count = resealing.plain(self._files)
            if not count:
                return None
            closing.close(connection, self._files)
            before = self._files.manifest()
            resealing.make(self._files)
            resealing.finish(connection, self._files, progress)
            after = self._files.manifest()
        resealing.clean(self._files)
        self._pending = None
        return Resealed(count, before.prev, after.prev)

    def shred(self, account_id: str, month: str) -> int:
        """Destroy what others wrote to an account in a month (YYYY-MM): the key, the index's rows and words, files
        of media, an index that was set aside. Return how many items went; to repeat it does no harm, and ends what
        was interrupted.

        Raises UsageError while segments of theirs are not sealed, Busy where a reader holds on to the index: it is
        destroyed then, and only the file was not compacted."""
        shelf = lines.shelf_of_others(account_id, month)
        with self.database.write() as connection:
            found = closing.settle(connection, self._files)
            shredding.require_sealed(found, shelf)
            shredding.declare(self._files, found, shelf)
            crash.at(crash.DESTROYED_NAMED)
            gone = shredding.finish(connection, self._files, self._files.manifest())
        self._pending = None
        opening.forget_set_aside(self._url)
        dialect.compact(self.database.engine)
        return gone

    def root(self) -> str:
        """Return the canonical root of all that is kept (hex)."""
        with self.database.read() as connection:
            return root.canonical_root(connection)

    def close(self) -> None:
        """Close the index; what was kept is durable."""
        self._database.close()

    def _count(self, more: int) -> None:
        """Close the journal when it holds enough for a segment: it stays small, and so does its memory."""
        if self._pending is None:
            with self.database.read() as connection:
                self._pending = int(connection.execute(select(func.sum(page.c.lines))).scalar() or 0)
        else:
            self._pending += more
        if self._pending >= closing.MAX_LINES:
            self.close_pages()
