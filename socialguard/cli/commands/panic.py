"""`socialguard panic`: everything that stops an account, in the order in which it is worth having."""

from typing import TYPE_CHECKING

import click

from socialguard import errors
from socialguard.cli.assent import Assent, require_assent
from socialguard.cli.commands.stops import tell_hidden
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, confirm, selector_arguments, stopping_reason
from socialguard.cli.words import _, counted, later

if TYPE_CHECKING:
    from socialguard.workspace.panic import Panic


class NotDeleted(errors.Cancelled):
    """Stopped. Nothing was deleted."""


@command("panic")
@selector_arguments()
@click.option("--revoke", is_flag=True, help="Ask the networks to forget the credentials.")
@click.option("--delete-foreign", is_flag=True, help="Delete what strangers posted, after showing it.")
@stopping_reason(required=True)
@confirm
def panic(
    face: Face,
    selectors: tuple[str, ...],
    revoke: bool,
    delete_foreign: bool,
    reason: str,
    confirmed: tuple[str, ...],
) -> int:
    """Stop accounts at once: freeze, cancel what waits, keep evidence; on demand delete and revoke."""
    from socialguard.workspace import panic as panics

    refused: errors.SocialGuardError | None = None
    with open_workspace(face) as workspace:
        given, reason = reason, workspace.without_secrets(reason)
        found = panics.stop(workspace, selectors, reason, fetch=delete_foreign)
        if delete_foreign:
            try:
                _confirm(face, found, confirmed)
            except (errors.ConfirmationRequired, errors.Cancelled) as problem:
                refused = problem
        panics.act(workspace, found, reason, delete=delete_foreign and refused is None, revoke=revoke)
        panics.tell(workspace, found, reason)

    def people() -> None:
        _tell(face, found, refused)
        tell_hidden(face, given, reason)

    face.printer.answer(_document(found, refused), people)
    partly = [errors.PartlyDone.exit_code] if found.is_partial else []
    return partly[0] if partly else errors.gravest([] if refused is None else [refused.exit_code])


def _confirm(face: Face, found: "Panic", confirmed: tuple[str, ...]) -> None:
    count = sum(len(one.foreign) for one in found.accounts)
    if not count:
        return
    if face.has_terminal:
        _tell_foreign(face, found)
    asked = Assent(
        told=counted(
            "This deletes {count} post at its network, for good.",
            "This deletes {count} posts at their networks, for good.",
            count,
        ),
        question=later("Type {wanted} to delete them. Enter stops:"),
        wanted=str(count),
        names=[str(one.account) for one in found.accounts if one.foreign],
        act=_("Deleting what strangers posted"),
    )
    require_assent(face, asked, confirmed, NotDeleted)


def _tell_foreign(face: Face, found: "Panic") -> None:
    for one in found.accounts:
        for each in one.foreign:
            face.printer.note_line(f"{one.account}  {each.at:%Y-%m-%d %H:%M}  {each.url or each.subject}")


def _document(found: "Panic", refused: errors.SocialGuardError | None) -> dict[str, object]:
    from socialguard.cli.commands.watch import sighting_document
    from socialguard.cli.output import error_document

    return {
        "scopes": list(found.scopes),
        "accounts": [
            {
                "account": str(one.account),
                "cancelled": one.cancelled,
                "foreign": [sighting_document(each) for each in one.foreign],
                "deleted": one.deleted,
                "revoked": one.revoked,
                "page": one.page,
                "failed": {step: error_document(problem) for step, problem in one.failed.items()},
            }
            for one in found.accounts
        ],
        "bundle": None if found.bundle is None else str(found.bundle),
        "sha256": found.sha256,
        "problem": None if found.problem is None else error_document(found.problem),
        "confirmation": None if refused is None else error_document(refused),
    }


def _tell(face: Face, found: "Panic", refused: errors.SocialGuardError | None) -> None:
    face.printer.table(
        [_("account"), _("cancelled"), _("foreign"), _("deleted"), _("credential"), _("failed")],
        [
            (
                one.account,
                len(one.cancelled),
                len(one.foreign),
                len(one.deleted),
                _revoked(one.revoked),
                "; ".join(f"{step}: {problem.message(_)}" for step, problem in one.failed.items()),
            )
            for one in found.accounts
        ],
    )
    for one in found.accounts:
        if one.page is not None:
            face.printer.line(f"{one.account}: {one.page}")
    if found.bundle is not None:
        face.printer.say("Evidence: {path}", path=found.bundle)
        face.printer.say("SHA-256: {digest}", digest=found.sha256)
    elif found.problem is not None:
        face.printer.note("There is no bundle of evidence: {problem}", problem=found.problem.message(_))
    if refused is not None:
        if not face.has_terminal:  # a terminal showed them when it asked
            _tell_foreign(face, found)
        face.printer.note("No post was deleted. {remedy}", remedy=refused.what_to_do(_))
    face.printer.say("A send that is under way cannot be stopped.")
    face.printer.say("The way back, for each account: socialguard recover ACCOUNT")


def _revoked(revoked: bool | None) -> str:
    if revoked is None:
        return ""
    return _("revoked") if revoked else _("revocation pending")
