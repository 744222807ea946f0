"""`socialguard backup seal`, `shred`: what other people wrote is sealed, and destroyed on demand."""

import re
from typing import Final

import click

from socialguard import errors
from socialguard.cli.accounts import one_account
from socialguard.cli.assent import Assent, require_assent
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import account_argument, command, confirm, reason
from socialguard.cli.words import _, counted, later, say

_MONTH: Final = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
_QUESTION: Final = later("Type {wanted} to destroy it; Enter stops:")


class NothingDestroyed(errors.Cancelled):
    """Stopped. Nothing was destroyed."""


@command("seal")
def seal(face: Face) -> None:
    """Seal what an older version kept of other people in the clear."""
    from socialguard.workspace import shredding

    with open_workspace(face) as workspace:
        done = shredding.seal_plain(workspace)
    document = {
        "segments": 0 if done is None else done.segments,
        "before": None if done is None else done.before,
        "after": None if done is None else done.after,
    }

    def people() -> None:
        if done is None:
            face.printer.say("All that others wrote is sealed.")
        else:
            face.printer.line(
                counted(
                    "{count} segment of what others wrote is sealed now.",
                    "{count} segments of what others wrote are sealed now.",
                    done.segments,
                )
            )

    face.printer.answer(document, people)


@command("shred")
@account_argument()
@click.option("--month", required=True, metavar="YYYY-MM", help="The month, in UTC, in which it was written.")
@reason()
@confirm
def shred(face: Face, account: str, month: str, reason: str, confirmed: tuple[str, ...]) -> None:
    """Destroy what other people wrote to an account in a month, for good."""
    from socialguard.workspace import shredding

    if not _MONTH.fullmatch(month):
        raise errors.UsageError(detail=f"{month} is not a month (YYYY-MM).")
    with open_workspace(face) as workspace:
        with workspace.database.read() as connection:
            one = one_account(workspace, connection, account)
        shredding.require_owner(workspace)
        kept = shredding.count(workspace, one, month)
        told = say(
            "What others wrote to {account} in {month} ({items}) will be destroyed, and the key to its "
            "segments, also to copies of these elsewhere. Nothing brings it back.",
            items=_("unknown") if kept is None else counted("{count} item", "{count} items", kept),
            account=one,
            month=month,
        )
        asked = Assent(told, _QUESTION, f"{one} {month}", [str(one)], _("Destroying what others wrote"))
        require_assent(face, asked, confirmed, NothingDestroyed)
        done = shredding.shred(workspace, one, month, reason)
    document = {
        "account": str(one),
        "month": month,
        "items": done.items,
        "copies": [path.name for path in done.copies],
    }

    def people() -> None:
        face.printer.line(
            counted(
                "{count} item that others wrote to {account} in {month} is destroyed.",
                "{count} items that others wrote to {account} in {month} are destroyed.",
                done.items,
                account=one,
                month=month,
            )
        )
        for path in done.copies:
            face.printer.note("{copy} may still hold the key or the texts: delete it yourself.", copy=path.name)

    face.printer.answer(document, people)
