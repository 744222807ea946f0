"""`socialguard crisis …`: what was queued before something happened waits until a person looked at it."""

import click

from socialguard import errors
from socialguard.canon import jcs
from socialguard.cli import output
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, reason, selector_arguments, stopping_reason
from socialguard.cli.times_told import instant
from socialguard.cli.words import named_scope, plural
from socialguard.ledger import stops
from socialguard.model.account import Account
from socialguard.publishing import crisis as crises
from socialguard.publishing import freeze as freezing
from socialguard.workspace import stopping
from socialguard.workspace.opened import Workspace


@command("on")
@selector_arguments(required=False)
@click.option("--label", "labels", multiple=True, metavar="NAME", help="Accounts with this label (repeatable).")
@stopping_reason(required=True)
def on(face: Face, selectors: tuple[str, ...], labels: tuple[str, ...], reason: str) -> int:
    """Hold every post that is queued, of all accounts where none is named. It never asks."""
    names = [*selectors, *(f"label:{label}" for label in labels)] or [stops.ALL]
    problem: errors.SocialGuardError | None = None
    held = 0
    with open_workspace(face, may_ask=False) as workspace:
        reason = workspace.without_secrets(reason)
        scopes = stopping.scopes_of(workspace, names)
        freezing.begin(workspace.database, workspace.log, workspace.person, stops.CRISIS, scopes, reason)
        try:
            held = len(crises.hold_waiting(workspace.desk, scopes))
        except errors.SocialGuardError as failed:  # a locked vault: the sender holds each when it is due
            problem = failed

    def people() -> None:
        face.printer.say("Crisis mode: {scope}.", scope=", ".join(map(named_scope, names)))
        if problem is not None:
            face.printer.note(
                "What waits is held when its time comes: {problem}", problem=output.sentences(problem)[0]
            )
        else:
            face.printer.say(plural("{count} post held.", "{count} posts held.", held), count=held)
        face.printer.say("A send that is under way cannot be stopped.")

    face.printer.answer(
        {"crisis": names, "scopes": list(scopes), "reason": reason, "held": held, "complete": problem is None},
        people,
    )
    return 0


@command("off")
@selector_arguments(required=False)
@reason()
def off(face: Face, selectors: tuple[str, ...], reason: str) -> int:
    """End a crisis, every one where none is named; signed. What is held stays held until it is released."""
    with open_workspace(face) as workspace:
        scopes = stopping.scopes_of(workspace, selectors) or None
        lifted = crises.end(workspace.desk, scopes, reason)
        with workspace.database.read() as connection:
            held = len(crises.held(connection))
        names = [_told(workspace, stop.scope) for stop in lifted]

    def people() -> None:
        face.printer.say("Crisis mode ended: {scopes}.", scopes=", ".join(map(named_scope, names)))
        if held:
            face.printer.say(
                plural(
                    "{count} post stays held until somebody releases it: socialguard crisis status",
                    "{count} posts stay held until somebody releases each: socialguard crisis status",
                    held,
                ),
                count=held,
            )

    face.printer.answer({"ended": [stop.scope for stop in lifted], "held": held}, people)
    return 0


@command("status")
def status(face: Face) -> int:
    """Show the crises in force, and the posts that one holds."""
    with open_workspace(face) as workspace:
        with workspace.database.read() as connection:
            found = [stop for stop in stops.in_force(connection) if stop.kind == stops.CRISIS]
            held = crises.held(connection)
            accounts = {value.account_id: workspace.trust.account(connection, value.account_id) for value in held}
        told = {stop.scope: _told(workspace, stop.scope) for stop in found}
        zone = workspace.zone
    document = {
        "crises": [
            {
                "scope": stop.scope,
                "name": told[stop.scope],
                "reason": stop.reason,
                "actor": stop.actor,
                "since": jcs.timestamp(stop.since),
            }
            for stop in found
        ],
        "held": [
            {"id": value.id, "account": str(accounts[value.account_id]), "due": jcs.timestamp(value.due)}
            for value in held
        ],
    }

    def people() -> None:
        if not found:
            face.printer.say("No crisis.")
        for stop in found:
            face.printer.say(
                "Crisis mode: {scope} since {since}: {reason}",
                scope=named_scope(told[stop.scope]),
                since=instant(stop.since, zone),
                reason=stop.reason,
            )
        for value in held:
            account: Account = accounts[value.account_id]
            face.printer.say(
                "Held: {id} {account} {due} {text}",
                id=value.id,
                account=account,
                due=instant(value.due, account.zone),
                text=value.content.text,
            )
        if held:
            face.printer.say("Release each that is still right: socialguard queue release ID --now | --at TIME")

    face.printer.answer(document, people)
    return 0


def _told(workspace: Workspace, scope: str) -> str:
    """A scope as people write it."""
    kind, _, rest = scope.partition(":")
    if kind != "account":
        return scope
    with workspace.database.read() as connection:
        return workspace.names(connection).get(rest, scope)
