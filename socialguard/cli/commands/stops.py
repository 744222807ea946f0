"""`socialguard freeze`, `thaw`: stop every send at once, and let it go on."""

from collections.abc import Sequence

import click

from socialguard import errors
from socialguard.cli.assent import Assent, require_assent
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, confirm, reason, selector_arguments, stopping_reason
from socialguard.cli.words import later, named_scope, say
from socialguard.ledger.stops import MEMBER
from socialguard.model.account import Account
from socialguard.publishing import freeze as freezing
from socialguard.workspace import stopping
from socialguard.workspace.opened import Workspace


@command("freeze")
@selector_arguments(required=False)
@click.option("--all", "everything", is_flag=True, help="Every account.")
@click.option("--member", "members", multiple=True, metavar="NAME", help="What this member queued or approved.")
@stopping_reason()
def freeze(
    face: Face, selectors: tuple[str, ...], everything: bool, members: tuple[str, ...], reason: str | None
) -> None:
    """Stop every send on accounts, clients, labels, of a member, or --all. It never asks."""
    names = _names(selectors, members, everything)
    with open_workspace(face, may_ask=False) as workspace:
        kept = workspace.without_secrets(reason or "")
        scopes = stopping.freeze(workspace, names, kept)
    document = {"frozen": names, "scopes": list(scopes), "reason": kept}

    def people() -> None:
        for name in names:
            face.printer.say(
                "Frozen: {scope}. A send that is under way cannot be stopped.", scope=named_scope(name)
            )
        tell_hidden(face, reason, kept)

    face.printer.answer(document, people)


@command("thaw")
@selector_arguments(required=False)
@click.option("--all", "everything", is_flag=True, help="The freeze on every account.")
@click.option("--member", "members", multiple=True, metavar="NAME", help="The freeze on this member.")
@reason()
@confirm
def thaw(
    face: Face,
    selectors: tuple[str, ...],
    everything: bool,
    members: tuple[str, ...],
    reason: str,
    confirmed: tuple[str, ...],
) -> None:
    """Lift a freeze; signed, and it asks as a switch does."""
    names = _names(selectors, members, everything)
    if members and selectors:
        raise errors.UsageError(detail="Thaw accounts and members one after the other.")
    with open_workspace(face) as workspace:
        confirm_thaw(face, workspace, names, confirmed)
        lifted = freezing.thaw(workspace.desk, stopping.scopes_of(workspace, names), reason)
    document = {"thawed": names, "scopes": [stop.scope for stop in lifted]}
    face.printer.answer(
        document, lambda: face.printer.say("Lifted: {scopes}.", scopes=", ".join(map(named_scope, names)))
    )


def _names(selectors: Sequence[str], members: Sequence[str], everything: bool) -> list[str]:
    """What is stopped or lifted, as `stopping.scopes_of` takes it; a missing name never means all."""
    if everything == bool(selectors or members):
        raise errors.UsageError(detail="Name accounts, clients, labels or a --member, or --all; not both.")
    return ["all"] if everything else [*selectors, *(f"{MEMBER}{one}" for one in members)]


def tell_hidden(face: Face, given: str | None, kept: str) -> None:
    """Say that not all of a reason is kept."""
    if (given or "") != kept:
        face.printer.note("Of the reason this stands in the log: {kept}", kept=kept)


class NotLifted(errors.Cancelled):
    """Stopped. The freeze was not lifted."""


def confirm_thaw(face: Face, workspace: Workspace, names: Sequence[str], confirmed: Sequence[str]) -> None:
    """A thaw lets posts go out, so it is confirmed as a switch is; a script may repeat what it gave, or name the
    account in full."""
    if any(name.startswith(MEMBER) for name in names):
        _confirm_members(face, [name.removeprefix(MEMBER) for name in names], confirmed)
        return
    accounts = _accounts(workspace, names)
    given = {*confirmed, *(account.short_name for account in accounts if str(account) in confirmed)}
    named = ", ".join(str(account) for account in accounts)
    asked = Assent(
        told=say("This lets posts go out again on {accounts}.", accounts=named),
        question=later("Type {wanted} to lift the freeze. Enter stops:"),
        wanted=_wanted(workspace, accounts) if face.has_terminal else "",
        names=names,
        act=say("Lifting the freeze on {scopes}", scopes=", ".join(map(named_scope, names))),
    )
    require_assent(face, asked, sorted(given), NotLifted)


def _confirm_members(face: Face, names: Sequence[str], confirmed: Sequence[str]) -> None:
    shown = ", ".join(names)
    asked = Assent(
        told=say("This lets go out again what {members} queued or approved.", members=shown),
        question=later("Type {wanted} to lift the freeze. Enter stops:"),
        wanted=shown,
        names=names,
        act=say("Lifting the freeze on {scopes}", scopes=shown),
    )
    require_assent(face, asked, confirmed, NotLifted)


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
