"""`socialguard freeze`, `thaw`: stop every send at once, and let it go on."""

from collections.abc import Sequence

import click

from socialguard import errors
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, confirm, reason, selector_arguments
from socialguard.cli.words import _
from socialguard.model.account import Account
from socialguard.publishing import freeze as freezing
from socialguard.workspace import stopping
from socialguard.workspace.opened import Workspace


@command("freeze")
@selector_arguments(required=False)
@click.option("--all", "everything", is_flag=True, help="Every account.")
@reason(required=False)
def freeze(face: Face, selectors: tuple[str, ...], everything: bool, reason: str | None) -> None:
    """Stop every send on accounts, clients, labels or --all. It never asks."""
    _require_some(selectors, everything)
    with open_workspace(face, may_ask=False) as workspace:
        scopes = stopping.freeze(workspace, ["all"] if everything else list(selectors), reason or "")
    document = {"frozen": list(scopes), "reason": reason or ""}

    def people() -> None:
        for scope in scopes:
            face.printer.say("Frozen: {scope}. A send that is under way cannot be stopped.", scope=scope)

    face.printer.answer(document, people)


@command("thaw")
@selector_arguments(required=False)
@click.option("--all", "everything", is_flag=True, help="The freeze on every account.")
@reason()
@confirm
def thaw(
    face: Face, selectors: tuple[str, ...], everything: bool, reason: str, confirmed: tuple[str, ...]
) -> None:
    """Lift a freeze; signed, and it asks as a switch does."""
    _require_some(selectors, everything)
    names = ["all"] if everything else list(selectors)
    with open_workspace(face) as workspace:
        _confirm(face, workspace, names, confirmed)
        lifted = freezing.thaw(workspace.desk, [stopping.scope_of(workspace, name) for name in names], reason)
    document = {"thawed": [stop.scope for stop in lifted]}
    face.printer.answer(
        document, lambda: face.printer.say("Lifted: {scopes}.", scopes=", ".join(stop.scope for stop in lifted))
    )


def _require_some(selectors: Sequence[str], everything: bool) -> None:
    if everything == bool(selectors):
        raise errors.UsageError(detail=_("Name accounts, clients or labels, or --all; not both."))


def _confirm(face: Face, workspace: Workspace, names: Sequence[str], confirmed: Sequence[str]) -> None:
    """A thaw lets posts go out, so it is confirmed by name: typed, or by --confirm with the same words."""
    accounts = _accounts(workspace, names)
    if not face.has_terminal:
        missing = [name for name in names if name not in confirmed]
        if missing:
            words = " ".join(f"--confirm {name}" for name in missing)
            raise errors.ConfirmationRequired(accounts=", ".join(missing), last="-", words=words, needs=missing)
        return
    from socialguard.cli import terminal
    from socialguard.cli.words import say

    expected = accounts[0].short_name if len(accounts) == 1 else str(len(accounts))
    answer = terminal.ask(say("Type {wanted} to lift the freeze. Enter stops:", wanted=expected))
    if answer != expected:
        raise errors.Cancelled(draft="-") if not answer else errors.WrongName(expected=expected, draft="-")


def _accounts(workspace: Workspace, names: Sequence[str]) -> tuple[Account, ...]:
    if list(names) == ["all"]:
        return workspace.accounts()
    with workspace.database.read() as connection:
        return workspace.trust.resolve(connection, names)
