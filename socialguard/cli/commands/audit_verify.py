"""`socialguard audit verify`: whether the log, or an exported one, still says what was put into it."""

from pathlib import Path
from typing import Any, Final

import click

from socialguard import errors
from socialguard.cli import progress
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.cli.output import error_document, sentences
from socialguard.cli.phrases import phrase
from socialguard.cli.words import _, counted, later, say

WORDS: Final = (later("whole"), later("tampered"), later("none"), later("local"), later("outside"))
"""The verdicts of `audit verify`, and the places of anchors."""
ROWS: Final = {"ledger": later("The ledger"), "alert": later("The list of alerts")}
"""What was changed where a problem is not the log's: rows say otherwise than it."""


@command("verify")
@click.argument("directory", required=False, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--key", "keys", multiple=True, metavar="VKEY", help="With DIR: the key to trust, or its file.")
@click.option(
    "--deep",
    is_flag=True,
    help="Also entries' form, checkpoints' signatures, what is marked as sent.",
)
@click.option("--require-anchor", is_flag=True, help="Exit 17 where no anchor outside this machine holds the log.")
def verify(face: Face, directory: Path | None, keys: tuple[str, ...], deep: bool, require_anchor: bool) -> int:
    """Verify the whole log against its checkpoints, pins and anchors; or an exported one in DIR."""
    from socialguard.audit.verify import NOT_PROVED

    if directory is None:
        if keys:
            raise errors.UsageError(detail="--key is for an exported log: name its directory.")
        report = _of_workspace(face, deep, require_anchor)
    else:
        if deep or require_anchor:
            raise errors.UsageError(detail="An exported log is always verified deep, and no anchor is asked.")
        report = _of_directory(face, directory, keys)
    document = {
        "status": report.status,
        "entries": report.entries,
        "root": report.root,
        "anchored": report.anchored,
        "unproven": report.unproven,
        "pruned": report.pruned,
        "incarnation": report.incarnation,
        "problems": [{"kind": one.kind, "entry": one.entry, "detail": one.detail} for one in report.problems],
    }

    error = _error(report)
    if error is not None:
        document["error"] = error_document(error)

    def people() -> None:
        face.printer.say(
            "{status}: {entries}, root {root}, anchored: {anchored}.",
            status=_status(report),
            entries=counted("{count} entry", "{count} entries", report.entries),
            root=report.root,
            anchored=_(report.anchored),
        )
        if report.pruned:
            face.printer.line(
                counted(
                    "Of {count} entry only the hash is kept: an owner let go what it said.",
                    "Of {count} entries only the hash is kept: an owner let go what they said.",
                    report.pruned,
                )
            )
        if report.unproven:
            face.printer.line(
                counted(
                    "{count} entry after the last checkpoint is unproven.",
                    "{count} entries after the last checkpoint are unproven.",
                    report.unproven,
                )
            )
        for one in report.problems:
            face.printer.line(f"{one.kind}: {phrase(one.detail)}")
        if error is not None and (remedy := sentences(error)[1]):
            face.printer.line(remedy)
        if report.anchored != "outside":
            face.printer.line(_(NOT_PROVED))

    face.printer.answer(document, people)
    return int(report.exit_code)


def _error(report: Any) -> errors.SocialGuardError | None:  # Any: audit.verify.Report
    """Return the gravest problem of a report as an error, None where the log is whole."""
    if not report.exit_code:
        return None
    problem = next(one for one in report.problems if one.exit_code == report.exit_code)
    if problem.exit_code == errors.NotAnchored.exit_code:
        return errors.NotAnchored(detail=problem.detail)
    if problem.exit_code == errors.Stale.exit_code:
        remedy = "Bring the anchor back, then run: socialguard audit checkpoint"
        return errors.Stale(detail=problem.detail, remedy=remedy)
    if problem.exit_code == errors.Unreadable.exit_code:
        return errors.Unreadable(path="An anchor", detail=problem.detail)
    remedy = "Keep copies of everything as it is; docs/operations.md says what to do at this alarm."
    what = ROWS.get(problem.kind, "The audit log")
    return errors.Tampered(what=what, detail=problem.detail, remedy=remedy)


def _status(report: Any) -> str:  # Any: audit.verify.Report, imported late
    """Return a verdict in the person's language; declared gaps are named."""
    if report.gaps and report.status not in WORDS:
        return say("whole, gap {gaps} declared", gaps=", ".join(str(gap) for gap in report.gaps))
    return _(report.status)


def _of_workspace(face: Face, deep: bool, require_anchor: bool) -> Any:  # Any: audit.verify.Report
    from socialguard.workspace import verifying

    with open_workspace(face) as workspace, progress.over(face, _("entries")) as step:
        done = 0

        def told(now: int, whole: int) -> None:
            nonlocal done
            step(now - done)
            done = now

        return verifying.verify(workspace, deep=deep, told=told, require_anchor=require_anchor)


def _of_directory(face: Face, directory: Path, keys: tuple[str, ...]) -> Any:  # Any: audit.verify.Report
    """Verify an export with the keys given, else with those that this workspace's owners signed."""
    from socialguard.audit import exported

    pinned = [exported.public_key(_vkey(each)) for each in keys] if keys else _keys_of_workspace(face)
    with progress.over(face, _("entries")) as step:
        return exported.verify(directory, pinned, step)


def _keys_of_workspace(face: Face) -> list[bytes]:
    try:
        with open_workspace(face) as workspace, workspace.database.read() as connection:
            return [key.public for key in workspace.signed.log_keys(connection)]
    except errors.NoWorkspace:
        raise errors.UsageError(
            detail="There is no workspace here that names the key to trust.",
            remedy="Give the verifier key that its owners gave you, not one from the directory: --key VKEY",
        ) from None


def _vkey(given: str) -> str:
    try:
        return Path(given).read_text(encoding="ascii") if Path(given).is_file() else given
    except (OSError, ValueError):
        raise errors.Unreadable(path=Path(given).name, detail="it holds no verifier key.") from None
