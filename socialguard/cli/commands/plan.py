"""`socialguard plan import`: a calendar, checked whole and queued together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, cast

import click

from socialguard import errors
from socialguard.cli import calendars, composing, deliveries, output, progress, prompts
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace, session_of
from socialguard.cli.options import command, confirm, override, selectors
from socialguard.cli.words import _, counted
from socialguard.model.campaign import campaign_name
from socialguard.publishing.interface import Answer

if TYPE_CHECKING:
    from socialguard.publishing.calendar.entries import Dates
    from socialguard.publishing.calendar.sheet import Sheet
    from socialguard.publishing.interface import Desk

SHOWN: Final = 50
"""Refused rows and findings that a person is shown; `--json` has all."""


class RowsRefused(errors.UsageError):
    """{refused} of {found} rows cannot be queued. Nothing was queued."""

    remedy = "Correct them, or queue the others with --valid-only."


class NothingQueued(errors.Cancelled):
    """Stopped. Nothing was queued."""


class WrongNameForAll(errors.WrongName):
    """Not {expected}. Nothing was queued."""


@command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--valid-only", is_flag=True, help="Queue the rows that pass, though others are refused.")
@click.option("--from", "form", type=click.Choice(["hootsuite", "buffer"]), help="The tool that the file is for.")
@selectors("--to", "to", required=False)
@click.option(
    "--dates", type=click.Choice(["day-first", "month-first"]), help="What 03/04/2026 means; else it is refused."
)
@click.option("--campaign", metavar="NAME", help="What the rows belong to that name no campaign.")
@override
@confirm
@click.option("--dry-run", is_flag=True, help="Check and show everything; queue nothing.")
def import_(
    face: Face,
    file: Path,
    valid_only: bool,
    form: str | None,
    to: tuple[str, ...],
    dates: str | None,
    campaign: str | None,
    overrides: tuple[str, ...],
    reason: str | None,
    confirmed: tuple[str, ...],
    dry_run: bool,
) -> int:
    """Queue the posts of a calendar (CSV, XLSX) after all rows were checked; it asks once for the whole file."""
    from socialguard.publishing.calendar import checking
    from socialguard.publishing.calendar.sheet import Wish

    if to and form is None:
        raise errors.UsageError(detail="--to goes with --from: our own calendars name accounts in each row.")
    name = None if campaign is None else campaign_name(campaign)
    wish = Wish(to, form, cast("Dates | None", dates), composing.overrides(overrides, reason), name)
    rows = checking.rows_of(file, wish)
    with open_workspace(face) as workspace:
        desk = workspace.desk
        with progress.over(face, _("rows checked"), total=len(rows)) as step:
            sheet = checking.check(desk, rows, file.absolute().parent, wish, session_of(face), step)
        if not face.as_json:
            _tell(face, sheet)
        stopped = bool(sheet.refused) and not valid_only
        problem: errors.SocialGuardError | None = None
        done = _Done()
        if stopped:
            problem = RowsRefused(refused=len(sheet.refused), found=sheet.found)
        elif sheet.good and not dry_run:
            problem = _queue(face, desk, sheet, confirmed, done)
    return _answer(face, sheet, done, problem, dry_run=dry_run)


@dataclass(slots=True)
class _Done:
    """How many rows were queued, and how many deliveries they became."""

    rows: int = 0
    deliveries: int = 0


def _queue(
    face: Face, desk: "Desk", sheet: "Sheet", confirmed: Sequence[str], done: _Done
) -> errors.SocialGuardError | None:
    """Ask and queue, count in `done`, and return what stopped the rest, None where nothing did."""
    from socialguard.publishing.calendar import queueing

    try:
        answer = _ask(face, sheet, confirmed)
        with progress.over(face, _("rows queued"), total=len(sheet.good)) as step:
            for made in queueing.queue(desk, sheet, answer, step):
                done.rows += len({one.draft_id for one in made})
                done.deliveries += len(made)
    except errors.SocialGuardError as problem:
        return problem
    return None


def _ask(face: Face, sheet: "Sheet", confirmed: Sequence[str]) -> Answer:
    if not face.has_terminal:
        return Answer(named=frozenset(confirmed))
    if confirmed:
        face.printer.note("--confirm is ignored in a terminal: the account is typed.")
    if sheet.challenge is None:
        face.printer.card(calendars.card(sheet, prompts.terminal_columns()))
        return Answer()
    challenge = replace(sheet.challenge, purpose="plan")
    try:
        return prompts.confirm(challenge, "-", face.printer, shown=lambda width: calendars.card(sheet, width))
    except errors.WrongName as problem:
        raise WrongNameForAll(expected=problem.fields["expected"]) from None
    except errors.Cancelled:
        raise NothingQueued from None


def _tell(face: Face, sheet: "Sheet") -> None:
    """Say what was found in the file, before anything is asked."""
    for one in sheet.refused[:SHOWN]:
        message, remedy = output.sentences(one.problem)
        face.printer.note("line {line}: {reason}", line=one.line, reason=f"{message} {remedy}".rstrip())
    said = [(row.line, finding) for row in sheet.good for finding in row.plan.findings]
    for line, finding in said[:SHOWN]:
        fields = {"line": line, "severity": _(finding.severity.value), "account": finding.account}
        face.printer.note(
            "line {line}: {severity}  {account}: {reason}", reason=deliveries.finding_told(finding), **fields
        )
    more = max(0, len(sheet.refused) - SHOWN) + max(0, len(said) - SHOWN)
    if more:
        face.printer.note("… and {count} more; --json shows all.", count=more)


def _refused(line: int, problem: errors.SocialGuardError) -> dict[str, object]:
    reason, remedy = output.sentences(problem)
    return {"line": line, "reason": reason, "remedy": remedy}


def _answer(
    face: Face, sheet: "Sheet", done: _Done, problem: errors.SocialGuardError | None, *, dry_run: bool
) -> int:
    document = _document(sheet, done)
    if problem is not None:
        document["error"] = output.error_document(problem)

    def people() -> None:
        face.printer.say(
            "{rows}. Can be queued: {valid}; queued before: {known}; refused: {refused}.",
            rows=counted("{count} row", "{count} rows", sheet.found),
            valid=len(sheet.good),
            known=len(sheet.known),
            refused=len(sheet.refused),
        )
        if dry_run:
            for line in calendars.card(sheet, face.printer.width):
                face.printer.line(line)
        if problem is not None:
            output.tell_lines(problem, face)
        if done.rows or problem is None:
            face.printer.line(counted("{count} row was queued.", "{count} rows were queued.", done.rows))
        if done.rows and problem is not None:
            face.printer.say("Import the same file again for the rest: what is queued is not queued twice.")

    face.printer.answer(document, people)
    return 0 if problem is None else problem.exit_code


def _document(sheet: "Sheet", done: _Done) -> dict[str, Any]:
    """Return what was found as scripts read it (docs/cli.md)."""
    return {
        "found": sheet.found,
        "valid": len(sheet.good),
        "queued": done.rows,
        "deliveries": done.deliveries,
        "known": len(sheet.known),
        "refused": [_refused(one.line, one.problem) for one in sheet.refused],
        "accounts": [{"account": str(one), "posts": count} for one, count in calendars.counts(sheet)],
        "total_micros": calendars.total(sheet),
        "findings": [
            {"line": row.line, **deliveries.finding_document(finding)}
            for row in sheet.good
            for finding in row.plan.findings
        ],
    }
