"""Bring waiting checkpoints to their anchors. A failure is noted in the queue and never stops anything else.

Every command that sends opens the anchors; each kind is imported where the settings name one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import delete, func, select, update

from socialguard import errors
from socialguard.audit.anchors import holding
from socialguard.audit.anchors.interface import Anchor, AnchorFailed, Statement, short_name
from socialguard.audit.anchors.local import LocalAnchor
from socialguard.store.database import Database
from socialguard.store.tables import anchor_queue, checkpoint

_MOST = 1000
"""Checkpoints in one go: what waits longer goes with the next call."""


@dataclass(frozen=True, slots=True)
class Published:
    """What came of the waiting checkpoints of one anchor: how many arrived, or why none did."""

    anchor: str
    count: int
    error: str | None = None


def open_anchors(
    places: Sequence[str],
    *,
    local: Path | None,
    workspace: Path,
    cache: Path,
    key_of: Callable[[str], str],
    ca_bundle: str | None = None,
) -> tuple[Anchor, ...]:
    """Return the anchors that the settings name (`dir:/mnt/log`, `git:URL`, `syslog+tls://HOST`, `s3://BUCKET`),
    local first.

    `local` is the file of the local anchor, which must lie outside `workspace`; `cache` is where git works;
    `key_of` gives the key of an anchor by name. Raises UsageError for an unknown kind or a place inside the
    workspace."""
    made: list[Anchor] = []
    if local is not None:
        made.append(LocalAnchor(_outside(local, workspace)))
    for text in places:
        kind, _, place = text.partition(":")
        if kind == "dir" and place:
            from socialguard.audit.anchors.directory import DirectoryAnchor

            made.append(DirectoryAnchor(_outside(Path(place).expanduser(), workspace), workspace))
        elif kind == "git" and place:
            from socialguard.audit.anchors.git import GitAnchor

            made.append(GitAnchor(place, cache))
        elif kind in ("syslog+tls", "syslog+tcp"):
            from socialguard.audit.anchors.syslog import SyslogAnchor

            made.append(SyslogAnchor(text, ca_bundle))
        elif kind == "s3":
            from socialguard.audit.anchors.s3 import S3Anchor

            made.append(S3Anchor(text, partial(key_of, short_name(kind, text)), ca_bundle))
        else:
            raise errors.UsageError(
                detail=f"{text} is not an anchor; write dir:DIRECTORY, git:URL, syslog+tls://HOST or s3://BUCKET."
            )
    return tuple(made)


def publish_pending(database: Database, org: str, anchors: Sequence[Anchor]) -> tuple[Published, ...]:
    """Send each anchor the checkpoints that wait for it, and return what came of it, one for each anchor that had
    some. No transaction is open while an anchor works."""
    results = []
    for anchor in anchors:
        waiting = _waiting(database, org, anchor.name)
        if not waiting:
            continue
        ids = [identity for identity, _ in waiting]
        try:
            anchor.publish([statement for _, statement in waiting])
            outside = anchor.outside
        except AnchorFailed as problem:
            error = problem.message()
            with database.write() as connection:
                failed = update(anchor_queue).where(anchor_queue.c.id.in_(ids))
                connection.execute(failed.values(last_error=error))
            results.append(Published(anchor.name, 0, error))
            continue
        with database.write() as connection:
            connection.execute(delete(anchor_queue).where(anchor_queue.c.id.in_(ids)))
            holding.note(connection, anchor.name, waiting[-1][1], outside=outside)
        results.append(Published(anchor.name, len(ids)))
    return tuple(results)


def is_far(name: str) -> bool:
    """Whether the anchor of that name lies beyond a network: it may take long, and no command waits for it."""
    return name.startswith(("git:", "s3:", "syslog:"))


def waiting_since(database: Database, name: str) -> str | None:
    """Return when the oldest checkpoint was made that waits for an anchor, None where none waits."""
    query = (
        select(func.min(checkpoint.c.made_at))
        .join_from(
            anchor_queue,
            checkpoint,
            (checkpoint.c.incarnation == anchor_queue.c.incarnation) & (checkpoint.c.size == anchor_queue.c.size),
        )
        .where(anchor_queue.c.anchor == name)
    )
    with database.read() as connection:
        return connection.execute(query).scalar()


def _waiting(database: Database, org: str, name: str) -> list[tuple[int, Statement]]:
    query = (
        select(anchor_queue.c.id, checkpoint.c.incarnation, checkpoint.c.size, checkpoint.c.note)
        .join_from(
            anchor_queue,
            checkpoint,
            (checkpoint.c.incarnation == anchor_queue.c.incarnation) & (checkpoint.c.size == anchor_queue.c.size),
        )
        .where(anchor_queue.c.anchor == name)
        .order_by(anchor_queue.c.id)
        .limit(_MOST)
    )
    with database.read() as connection:
        rows = connection.execute(query).all()
    return [(row.id, Statement(org, row.incarnation, row.size, bytes(row.note))) for row in rows]


def _outside(place: Path, workspace: Path) -> Path:
    if place.absolute().resolve().is_relative_to(workspace.absolute().resolve()):
        raise errors.UsageError(
            detail=f"The anchor {place.name} lies inside the workspace and would fall with it."
        )
    return place
