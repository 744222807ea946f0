"""Proof that the files are those that were written: every one of them is read, and every problem named once.

Sealed segments are proven by their bytes; where this machine can open their keys, by their lines as well."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from socialguard import errors
from socialguard.archive import blobs, manifest, segments
from socialguard.archive.closing import Files
from socialguard.archive.interface import Problem, Progress, Segment, Verified
from socialguard.archive.lines import OWN
from socialguard.archive.manifest import Manifest
from socialguard.model import bounded
from socialguard.store.archive_tables import blob, segment


@dataclass(frozen=True, slots=True)
class Known:
    """What an index says that there must be: lines of the manifest by hash, files of media."""

    lines: tuple[str, ...] = ()
    blobs: tuple[str, ...] = ()


def known_to(connection: Connection) -> Known:
    """Return what the index knows."""
    lines = connection.execute(select(segment.c.line_sha256).order_by(segment.c.number)).scalars()
    return Known(tuple(lines), tuple(connection.execute(select(blob.c.sha256).order_by(blob.c.sha256)).scalars()))


def verify(known: Known, files: Files, progress: Progress) -> Verified:
    """Look at the manifest, all segments and all files of media; no database is read meanwhile."""
    found = files.manifest()
    problems = list(found.problems)
    if found.torn:
        problems.append(Problem(f"{manifest.FILE} line {found.lines + 1}", "it is cut off"))
    if found.lags and not any(one.where in (manifest.HEAD, manifest.FILE) for one in problems):
        problems.append(Problem(manifest.HEAD, f"it is not the last line of {manifest.FILE}"))
    named: set[str] = set()
    total, done, unopened = sum(one.size for one in found.segments), 0, 0
    for one in found.segments:
        named.add(one.file_name)
        try:
            unopened += not _read(files, one, found)
        except segments.BadSegment as problem:
            problems.append(Problem(f"segments/{one.file_name}", str(problem)))
        done += one.size
        progress(done, total)
    problems += [
        Problem(f"segments/{path.name}", f"no line of {manifest.FILE} names it")
        for path in segments.files(files.segments)
        if path.name not in named
    ]
    lost = set(known.lines) - {one.line_sha256 for one in found.segments}
    if lost and not problems:
        problems.append(Problem(manifest.FILE, f"it lacks {len(lost)} lines that the index knows"))
    for sha256 in known.blobs:
        what = _wrong_with(blobs.path_of(files.place, sha256), sha256)
        if what is not None:
            problems.append(Problem(f"blobs/{sha256}", what))
    lines = sum(one.lines for one in found.segments)
    plain = sum(1 for one in found.segments if one.shelf != OWN and not one.key_id)
    return Verified(
        len(found.segments),
        lines,
        len(known.blobs),
        tuple(problems),
        unopened,
        plain,
        tuple(sorted(found.destroyed.items())),
    )


def _read(files: Files, one: Segment, found: Manifest) -> bool:
    """Read a segment, and return whether it could be looked into, or need not be; raises BadSegment."""
    if (files.segments / one.file_name).is_symlink():
        raise segments.BadSegment("it is a link, not the file that was written")
    if one.shelf in found.destroyed:
        segments.stored(files.segments, one)
        return True
    try:
        files.read(one)
    except (errors.NotFound, errors.Locked):
        segments.stored(files.segments, one)
        return False
    except errors.Tampered as problem:
        raise segments.BadSegment(problem.message().split(". ")[0].rstrip(".")) from None
    return True


def _wrong_with(path: Path, sha256: str) -> str | None:
    try:
        with bounded.opened(path) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "it is missing"
    except OSError as problem:
        return f"it cannot be read ({problem.strerror})"
    return None if digest == sha256 else "its bytes are not those that were kept"
