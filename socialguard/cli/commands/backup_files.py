"""`socialguard backup status`, `verify`, `rebuild`: what is kept, and whether it is as it was written."""

from collections.abc import Callable
from typing import Any

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.cli import progress
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.cli.phrases import phrase
from socialguard.cli.times_told import age, brief
from socialguard.cli.words import _, counted, decimal, listed, say
from socialguard.workspace.opened import Workspace


@command("status")
def status(face: Face) -> None:
    """Show how much of each account is kept, and how old it is."""
    from socialguard.archive import overview
    from socialguard.daemon.backups import NAME, require_crons
    from socialguard.store import duties

    now = clock.now()
    rows: list[dict[str, Any]] = []
    with open_workspace(face) as workspace:
        require_crons(workspace.settings)  # a schedule that the daemon would refuse is no schedule
        accounts = workspace.accounts()
        _tell_rebuilt(face, workspace)
        with workspace.database.read() as connection:
            next_runs = {run.name: run.next_run for run in duties.runs(connection)}
        size = overview.bytes_of(workspace.layout.archive, workspace.layout.archive_index)
        with workspace.archive.database.read() as connection:
            for account in accounts:
                found = overview.of_account(connection, account.id)
                next_run = next_runs.get(f"{NAME} {account.id}")
                rows.append(
                    {
                        "account": str(account),
                        "items": found.items,
                        "own": found.own,
                        "newest_at": None if found.newest_at is None else jcs.timestamp(found.newest_at),
                        "read_at": None if found.read_at is None else jcs.timestamp(found.read_at),
                        "age_s": None
                        if found.read_at is None
                        else max(0, int((now - found.read_at).total_seconds())),
                        "gaps_open": found.gaps,
                        "files": found.files,
                        "files_wanted": found.files_wanted,
                        "file_bytes": found.file_bytes,
                        "next_run": None if next_run is None else jcs.timestamp(next_run),
                        "network_shows_no_more": list(found.limited),
                    }
                )

    zones = {str(account): account.zone for account in accounts}

    def people() -> None:
        face.printer.table(
            [_("account"), _("items"), _("newest"), _("read"), _("open gaps"), _("files"), _("next run")],
            [
                (
                    row["account"],
                    row["items"],
                    brief(row["newest_at"], now, zones[row["account"]]),
                    _("never") if row["age_s"] is None else say("{age} ago", age=age(row["age_s"])),
                    row["gaps_open"],
                    f"{row['files']}/{row['files'] + row['files_wanted']}",
                    brief(row["next_run"], now, zones[row["account"]]),
                )
                for row in rows
            ],
        )
        for row in rows:
            if row["network_shows_no_more"]:
                what = listed(_(name) for name in row["network_shows_no_more"])
                face.printer.say(
                    "{account}: the network shows no older {what}.", account=row["account"], what=what
                )
        face.printer.say("The archive takes {size} MB.", size=decimal(size / 1e6))

    face.printer.answer({"accounts": rows, "bytes": size}, people)


@command("verify")
def verify(face: Face) -> int:
    """Prove that every file of the archive is as it was written; names what is not."""
    from socialguard.archive import verifying

    with open_workspace(face) as workspace, progress.over(face, _("bytes")) as step:
        try:
            found = workspace.archive.verify(_by_steps(step))
        except (errors.ArchiveDamaged, errors.PagesOpen, errors.NotFound, errors.Locked):
            # No index can be made of what is there: the files are looked at without one.
            found = verifying.verify(verifying.Known(), workspace.archive_files, _by_steps(step))
        names = {one.id: str(one) for one in workspace.accounts()}
    document: dict[str, Any] = {
        "status": "damaged" if found.problems else "whole",
        "segments": found.segments,
        "lines": found.lines,
        "files": found.blobs,
        "unopened": found.unopened,
        "plain": found.plain,
        "destroyed": [_destroyed(one, names) for one in found.destroyed],
        "problems": [{"where": one.where, "what": one.what} for one in found.problems],
    }

    def people() -> None:
        if not found.problems:
            face.printer.say(
                "whole: {segments} with {lines}, {files}.",
                segments=counted("{count} segment", "{count} segments", found.segments),
                lines=counted("{count} line", "{count} lines", found.lines),
                files=counted("{count} file", "{count} files", found.blobs),
            )
        for one in found.problems:
            face.printer.line(f"{one.where}: {phrase(one.what)}")
        for row in document["destroyed"]:
            face.printer.say("{account}, {month}: what others wrote was destroyed, on {at}.", **row)
        if found.unopened:
            face.printer.note_line(
                counted(
                    "{count} segment of what others wrote was proven by its bytes alone: no key opens it here.",
                    "{count} segments of what others wrote were proven by bytes alone: no key opens them here.",
                    found.unopened,
                )
            )
        if found.plain:
            face.printer.note_line(
                counted(
                    "{count} segment of what others wrote is in the clear. Seal it: socialguard backup seal",
                    "{count} segments of what others wrote are in the clear. Seal them: socialguard backup seal",
                    found.plain,
                )
            )

    face.printer.answer(document, people)
    return errors.ArchiveDamaged.exit_code if found.problems else 0


@command("rebuild")
def rebuild(face: Face) -> None:
    """Make the index of the archive anew from its segments."""
    with open_workspace(face) as workspace, progress.over(face, _("lines")) as step:
        made = workspace.archive.rebuilt or workspace.archive.rebuild(_by_steps(step))
    document = {"before": made.before, "after": made.after, "lines": made.lines, "reason": made.reason}

    def people() -> None:
        face.printer.line(
            counted(
                "The index was made anew from {count} line.",
                "The index was made anew from {count} lines.",
                made.lines,
            )
        )
        face.printer.facts([(_("root before"), made.before or "–"), (_("root after"), made.after)])

    face.printer.answer(document, people)


def _destroyed(one: tuple[str, str], names: dict[str, str]) -> dict[str, str]:
    """A destroyed shelf as `--json` shows it."""
    shelf, at = one
    _others, account_id, month = shelf.split("/")
    return {"account": names.get(account_id, account_id), "month": month, "at": at}


def _by_steps(step: progress.Step) -> Callable[[int, int], None]:
    """What counts up, for a bar that is told of each step."""
    done = 0

    def told(now: int, whole: int) -> None:
        nonlocal done
        step(now - done)
        done = now

    return told


def _tell_rebuilt(face: Face, workspace: Workspace) -> None:
    made = workspace.archive.rebuilt
    if made is not None:
        face.printer.note_line(
            counted(
                "The index was made anew from {count} line ({reason}).",
                "The index was made anew from {count} lines ({reason}).",
                made.lines,
                reason=_(made.reason or ""),
            )
        )
