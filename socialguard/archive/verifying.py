"""Proof that the files are those that were written: every one of them is read, and every problem named once."""

import hashlib
from pathlib import Path

from sqlalchemy import Connection, select

from socialguard.archive import blobs, manifest, segments
from socialguard.archive.closing import Files
from socialguard.archive.interface import Problem, Progress, Verified
from socialguard.store.archive_tables import blob, segment


def verify(connection: Connection | None, files: Files, progress: Progress) -> Verified:
    """Look at the manifest, all segments and all files of media. `connection` reads the index, which knows more of
    what should be there; None where there is none."""
    found = files.manifest()
    problems = list(found.problems)
    if found.torn:
        problems.append(Problem(f"{manifest.FILE} line {len(found.segments) + 1}", "it is cut off"))
    if found.lags and not any(one.where in (manifest.HEAD, manifest.FILE) for one in problems):
        problems.append(Problem(manifest.HEAD, f"it is not the last line of {manifest.FILE}"))
    named: set[str] = set()
    total, done = sum(one.size for one in found.segments), 0
    for one in found.segments:
        named.add(one.file_name)
        try:
            segments.read(files.segments, one)
        except segments.BadSegment as problem:
            problems.append(Problem(f"segments/{one.file_name}", str(problem)))
        done += one.size
        progress(done, total)
    problems += [
        Problem(f"segments/{path.name}", f"no line of {manifest.FILE} names it")
        for path in segments.files(files.segments)
        if path.name not in named
    ]
    kept = 0
    if connection is not None:
        known = connection.execute(select(segment.c.line_sha256).order_by(segment.c.number)).scalars().all()
        lost = set(known) - {one.line_sha256 for one in found.segments}
        if lost and not problems:
            problems.append(Problem(manifest.FILE, f"it lacks {len(lost)} lines that the index knows"))
        for sha256, size in connection.execute(select(blob.c.sha256, blob.c.size).order_by(blob.c.sha256)):
            kept += 1
            what = _wrong_with(blobs.path_of(files.place, sha256), sha256, size)
            if what is not None:
                problems.append(Problem(f"blobs/{sha256}", what))
    return Verified(len(found.segments), sum(one.lines for one in found.segments), kept, tuple(problems))


def _wrong_with(path: Path, sha256: str, size: int) -> str | None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return "it is missing"
    except OSError as problem:
        return f"it cannot be read ({problem.strerror})"
    return None if digest == sha256 else "its bytes are not those that were kept"
