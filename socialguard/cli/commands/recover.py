"""`socialguard recover`: the way back of an account that was taken over, step by step; again goes on."""

from typing import TYPE_CHECKING

import click

from socialguard import errors
from socialguard.cli.accounts import one_account_id, read_document
from socialguard.cli.commands.stops import confirm_thaw
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import INDEX, account_argument, command, confirm, reason
from socialguard.cli.times_told import minute
from socialguard.cli.words import _, later, say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from socialguard.workspace.opened import Workspace
    from socialguard.workspace.recovering import Foreign, Recovery

STEPS = {
    "credential": later("another credential"),
    "identity": later("the network says whose it is"),
    "review": later("what strangers did was reviewed"),
    "thaw": later("the freeze was lifted"),
}
"""The steps, as people read them."""


@command("recover")
@account_argument()
@click.option("--credential", metavar="-|FILE", help="The new credential's JSON document; - is stdin.")
@click.option(
    "--reviewed", "numbers", multiple=True, type=INDEX, metavar="N", help="You dealt with this thing (repeatable)."
)
@reason(required=False)
@confirm
def recover(
    face: Face,
    account: str,
    credential: str | None,
    numbers: tuple[int, ...],
    reason: str | None,
    confirmed: tuple[str, ...],
) -> int:
    """Go the way back of an account that was taken over: credential, identity, review, thaw; again goes on."""
    from socialguard.workspace import recovering
    from socialguard.workspace.recovering import Step

    document = None if credential is None else read_document(credential)
    problem: errors.SocialGuardError | None = None
    with open_workspace(face) as workspace:
        account_id = one_account_id(workspace, account)
        found = recovering.begin(workspace, account_id)
        recovering.require_known(found, numbers)
        if document is not None:
            _rotate(workspace, found, document, reason)
            found = recovering.state(workspace, account_id)
            if _is_next(found, Step.CREDENTIAL):
                problem = SameCredential(account=found.account)
        if _is_next(found, Step.IDENTITY):
            recovering.identify(workspace, account_id)
            found = recovering.state(workspace, account_id)
        if _is_next(found, Step.REVIEW) and not found.looked:
            problem = recovering.look(workspace, found)
            found = recovering.state(workspace, account_id)
        if _is_next(found, Step.REVIEW):
            chosen = [*numbers, *_ask(face, found, numbers)]
            recovering.review(workspace, found, chosen, reason)
            found = recovering.state(workspace, account_id)
        if _is_next(found, Step.THAW) and found.own:
            try:
                found = _thaw(face, workspace, found, reason, confirmed)
            except (errors.Held, errors.ConfirmationRequired) as left:
                problem = left
        names = _names(workspace)
    if problem is None and any(one.number in numbers and not one.reviewed for one in found.foreign):
        problem = TooEarly()
    face.printer.answer(_document(found, names, problem), lambda: _tell(face, found, problem))
    if found.is_over:
        return 0
    return errors.PartlyDone.exit_code if problem is None else problem.exit_code


class SameCredential(errors.UsageError):
    """{account} had this credential before: whoever took it over has it, too."""

    remedy = "End every session at the network, make another credential, and give that."


class TooEarly(errors.UsageError):
    """Nothing was marked as reviewed: a step before it is left."""


def _is_next(found: "Recovery", step: str) -> bool:
    left = found.next()
    return left is not None and left.step == step


def _rotate(
    workspace: "Workspace", found: "Recovery", document: "Mapping[str, object]", reason: str | None
) -> None:
    from socialguard.vault import admission

    custody, account = workspace.custody, found.account
    admission.rotate(custody, account.id, custody.read_document(account.name, document), reason)


def _ask(face: Face, found: "Recovery", given: tuple[int, ...]) -> list[int]:
    """Show a person each thing that is not reviewed, and return those that they say they dealt with."""
    left = [one for one in found.foreign if not one.reviewed and one.number not in given]
    if not left or not face.has_terminal:
        return []
    from socialguard.cli import terminal

    said = []
    for one in left:
        face.printer.note_line("  ".join(str(cell) for cell in _row(one, found.account.zone)))
        answer = terminal.ask(
            say("Deleted, undone, or rightly there? Type {wanted}. Enter leaves it:", wanted=one.number)
        )
        if answer.strip() == str(one.number):
            said.append(one.number)
    return said


def _thaw(
    face: Face, workspace: "Workspace", found: "Recovery", reason: str | None, confirmed: tuple[str, ...]
) -> "Recovery":
    """Lift the freeze where a reason is given, or a person gives one now; else leave it."""
    from socialguard.workspace import recovering

    if reason is None and face.has_terminal:
        from socialguard.cli import terminal

        reason = terminal.ask(_("Why may it post again? It stands in the log. Enter leaves it frozen:")).strip()
    if not reason:
        return found
    confirm_thaw(face, workspace, [str(found.account)], confirmed)
    return recovering.thaw(workspace, found, reason)


def _names(workspace: "Workspace") -> dict[str, str]:
    from socialguard.registry import founding

    with workspace.database.read() as connection:
        known = founding.profiles(connection, workspace.signed.books(connection).manifest)
    return {key: one.name for key, one in known.items()}


def _document(
    found: "Recovery", names: dict[str, str], problem: errors.SocialGuardError | None
) -> dict[str, object]:
    from socialguard.cli.commands.watch import sighting_document
    from socialguard.cli.output import error_document
    from socialguard.workspace.standing import scope_told

    accounts = {found.account.id: found.account}
    return {
        "recovery": {
            "account": str(found.account),
            "done": found.is_over,
            "frozen": [
                {
                    "scope": scope_told(one.scope, accounts, names),
                    "since": one.since,
                    "by": names.get(one.actor, one.actor),
                    "reason": one.reason,
                }
                for one in found.stops
            ],
            "steps": [
                {"step": one.step.value, "done": one.is_done, "detail": one.detail, "todo": one.todo}
                for one in found.steps
            ],
            "foreign": [
                {"number": one.number, "reviewed": one.reviewed, **sighting_document(one.kept.sighting)}
                for one in found.foreign
            ],
            "problem": None if problem is None else error_document(problem),
        }
    }


def _tell(face: Face, found: "Recovery", problem: errors.SocialGuardError | None) -> None:
    from socialguard.cli.phrases import phrase

    face.printer.table(
        [_("step"), _("done"), _("what is left"), _("how")],
        [
            (_(STEPS[one.step]), _("yes") if one.is_done else _("no"), phrase(one.detail), one.todo)
            for one in found.steps
        ],
    )
    if found.foreign:
        head = ["", _("what"), _("at"), _("severity"), _("where"), _("reviewed")]
        face.printer.table(head, [_row(one, found.account.zone) for one in found.foreign])
    if problem is not None:
        from socialguard.cli.output import tell_lines

        tell_lines(problem, face)
    if found.is_over:
        face.printer.say("{account} may post again.", account=found.account)


def _row(one: "Foreign", zone: str) -> tuple[object, ...]:
    seen = one.kept.sighting
    where = seen.url or seen.what or seen.subject
    reviewed = _("yes") if one.reviewed else _("no")
    return one.number, _(seen.kind), minute(seen.at, zone), _(seen.severity), where, reviewed
