"""`socialguard freeze`, `thaw`: stop every send at once, and let it go on."""

from collections.abc import Sequence

import click

from socialguard import errors
from socialguard.cli.assent import Assent, require_assent
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, confirm, reason, selector_arguments
from socialguard.cli.words import _, later, say
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
    names = ["all"] if everything else list(selectors)
    with open_workspace(face, may_ask=False) as workspace:
        scopes = stopping.freeze(workspace, names, reason or "")
    document = {"frozen": names, "scopes": list(scopes), "reason": reason or ""}

    def people() -> None:
        for name in names:
            face.printer.say("Frozen: {scope}. A send that is under way cannot be stopped.", scope=name)

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
        lifted = freezing.thaw(workspace.desk, stopping.scopes_of(workspace, names), reason)
    document = {"thawed": names, "scopes": [stop.scope for stop in lifted]}
    face.printer.answer(document, lambda: face.printer.say("Lifted: {scopes}.", scopes=", ".join(names)))


def _require_some(selectors: Sequence[str], everything: bool) -> None:
    if everything == bool(selectors):
        raise errors.UsageError(detail=_("Name accounts, clients or labels, or --all; not both."))


class NotLifted(errors.Cancelled):
    """Stopped. The freeze was not lifted."""


def _confirm(face: Face, workspace: Workspace, names: Sequence[str], confirmed: Sequence[str]) -> None:
    """A thaw lets posts go out, so it is confirmed as a switch is; a script may repeat what it gave, or name the
    account in full."""
    accounts = _accounts(workspace, names)
    given = {*confirmed, *(account.short_name for account in accounts if str(account) in confirmed)}
    named = ", ".join(str(account) for account in accounts)
    asked = Assent(
        told=say("This lets posts go out again on {accounts}.", accounts=named),
        question=later("Type {wanted} to lift the freeze. Enter stops:"),
        wanted=_wanted(workspace, accounts) if face.has_terminal else "",
        names=names,
        act=say("Lifting the freeze on {scopes}", scopes=", ".join(names)),
    )
    require_assent(face, asked, sorted(given), NotLifted)


def _wanted(workspace: Workspace, accounts: Sequence[Account]) -> str:
    """What the switch guard would have a person type for these accounts in a new context."""
    from socialguard import clock
    from socialguard.guard import switch

    with workspace.database.read() as connection:
        found = switch.demand(
            accounts,
            None,
            None,
            clock.now(),
            lambda account: workspace.trust.switch_rules(connection, account),
            lambda account: workspace.trust.needs_code(connection, account),
        )
    assert found is not None  # nothing is remembered
    return found.expected if found.code is None else f"{found.expected} {found.code}"


def _accounts(workspace: Workspace, names: Sequence[str]) -> tuple[Account, ...]:
    if list(names) == ["all"]:
        return workspace.accounts()
    with workspace.database.read() as connection:
        return workspace.trust.resolve(connection, names)
