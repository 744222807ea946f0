"""`socialguard audit prune`: let go what old entries say; their hashes stay."""

from datetime import datetime

import click

from socialguard import errors
from socialguard.cli import progress
from socialguard.cli.assent import Assent, require_assent
from socialguard.cli.commands.audit import instant
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, reason
from socialguard.cli.words import _, counted, later


class NotPruned(errors.Cancelled):
    """Stopped. Every entry is as it was."""


@command("prune")
@click.option("--before", required=True, metavar="TIME", help="Entries before this instant (ISO 8601).")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option(
    "--confirm", "confirmed", multiple=True, metavar="COUNT", help="Without a terminal: so many entries."
)
@reason()
def prune(face: Face, before: str, dry_run: bool, confirmed: tuple[str, ...], reason: str) -> None:
    """Let go what entries say that are old, for good; their hashes stay, and what they prove."""
    from socialguard.workspace import retention

    moment = instant(before)
    assert isinstance(moment, datetime)
    with open_workspace(face) as workspace:
        with progress.over(face, _("entries")) as step:
            done = 0

            def told(now: int, whole: int) -> None:
                nonlocal done
                step(now - done)
                done = now

            found = retention.plan(workspace, moment, told)
        pruned = 0
        if found.count and not dry_run:
            _confirm(face, found, confirmed)
            pruned = retention.carry_out(workspace, found, reason)
    document = {
        "before": found.before,
        "entries": found.count,
        "pruned": pruned,
        "kept_by": found.kept_by or None,
    }

    def people() -> None:
        if pruned:
            face.printer.line(
                counted(
                    "Of {count} entry only the hash is kept now.",
                    "Of {count} entries only the hash is kept now.",
                    pruned,
                )
            )
        else:
            face.printer.line(
                counted(
                    "{count} entry is old enough to lose what it says.",
                    "{count} entries are old enough to lose what they say.",
                    found.count,
                )
            )
        if found.kept_by:
            face.printer.note("Later ones stay, since this needs them: {what}.", what=found.kept_by)
        if pruned:
            face.printer.note("Copies and exports of the log, and backups of the database, still hold what went.")

    face.printer.answer(document, people)


def _confirm(face: Face, found: "object", confirmed: tuple[str, ...]) -> None:
    from socialguard.workspace.retention import Plan

    assert isinstance(found, Plan)
    asked = Assent(
        told=counted(
            "What {count} entry before {time} says goes for good: who, what, on which account, and why.",
            "What {count} entries before {time} say goes for good: who, what, on which account, and why.",
            found.count,
            time=f"{found.before:%Y-%m-%d %H:%M} UTC",
        ),
        question=later("Type {wanted} to let it go. Enter stops:"),
        wanted=str(found.count),
        names=[str(found.count)],
        act=_("Letting go what old entries say"),
    )
    require_assent(face, asked, confirmed, NotPruned)
