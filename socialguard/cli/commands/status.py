"""`socialguard status`: every account on one screen."""

from typing import TYPE_CHECKING, Any

from socialguard import clock
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, selector_arguments
from socialguard.cli.times_told import age, moment
from socialguard.cli.words import _, later, say
from socialguard.model.delivery import State

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from socialguard.workspace.opened import Workspace
    from socialguard.workspace.standing import Standing

# The words for `credential`, as the catalogue has them.
WORDS = (later("ok"), later("ends"), later("ended"), later("absent"))


@command("status")
@selector_arguments(required=False)
def status(face: Face, selectors: tuple[str, ...]) -> None:
    """Show how accounts stand: last and next post, queue, credential, backup, alerts."""
    from socialguard.alerts import reader as alerts
    from socialguard.daemon import status as daemon
    from socialguard.workspace import standing

    with open_workspace(face) as workspace:
        if selectors:
            with workspace.database.read() as connection:
                accounts = workspace.trust.resolve(connection, selectors)
        else:
            accounts = workspace.accounts()
        found = standing.read(workspace, accounts)
        now = clock.now()
        with workspace.database.read() as connection:
            alive = daemon.read(connection).alive
            unseen = alerts.count_unseen(connection)
            members = _frozen_members(workspace, connection)
        never = _("never") if standing.knows_backups(workspace) else "–"
    rows = [_document(one, now) for one in found] if face.as_json else []

    def people() -> None:
        if not found:
            face.printer.say("There is no account yet.")
        else:
            order = sorted(found, key=lambda one: (one.account.client, one.account.name))
            titles = [_("account"), _("client"), _("last post"), _("next post"), _("queue"), _("credential")]
            # They are sorted by their client: it is the column that a narrow terminal can do without.
            face.printer.table(
                [*titles, _("backup"), _("alerts")],
                [_cells(one, now, never) for one in order],
                titles.index(_("client")),
            )
        for one in members:
            face.printer.note(
                "FROZEN  {member}, by {by}: {reason}", member=one["member"], by=one["by"], reason=one["reason"]
            )
        if not alive:
            face.printer.note("No daemon works: what is due waits for socialguard queue run.")

    document = {"accounts": rows, "frozen_members": members, "daemon_alive": alive, "alerts": unseen}
    face.printer.answer(document, people)


def _frozen_members(workspace: "Workspace", connection: "Connection") -> list[dict[str, Any]]:
    """Return the members nothing of whom goes out, and why."""
    from socialguard.ledger.stops import MEMBER
    from socialguard.registry import founding
    from socialguard.workspace.standing import Freezes

    found = Freezes(workspace, connection).on_members()
    if not found:
        return []
    known = founding.profiles(connection, workspace.signed.books(connection).manifest)
    names = {key: one.name for key, one in known.items()}
    return [
        {
            "member": names.get(stop.scope.removeprefix(MEMBER), stop.scope.removeprefix(MEMBER)),
            "since": stop.since,
            "by": names.get(stop.actor, stop.actor),
            "reason": stop.reason,
        }
        for stop in found
    ]


def _document(one: "Standing", now: "datetime") -> dict[str, Any]:
    """Return how an account stands as scripts read it (docs/cli.md)."""
    return {
        "account": str(one.account),
        "client": one.account.client,
        "short_name": one.account.short_name,
        "frozen": None if one.stop is None else one.stop.reason,
        "last_post": one.last_at,
        "next_post": one.next_at,
        "queued": one.count(State.QUEUED, State.SENDING),
        "held": one.count(State.HELD),
        "awaiting": one.count(State.AWAITING),
        "unknown": one.count(State.UNKNOWN),
        "credential": {"state": one.credential, "expires_at": one.credential_ends},
        "backup": {
            "read_at": one.backup_at,
            "age_s": None if one.backup_at is None else max(0, int((now - one.backup_at).total_seconds())),
        },
        "alerts": one.alerts,
    }


def _cells(one: "Standing", now: "datetime", never: str) -> tuple[object, ...]:
    zone = one.account.zone
    return (
        one.account,
        one.account.client,
        "–" if one.last_at is None else moment(one.last_at, now, zone),
        _next(one, now),
        _queue(one),
        _credential(one, now),
        never if one.backup_at is None else age(int((now - one.backup_at).total_seconds())),
        one.alerts or "",
    )


def _next(one: "Standing", now: "datetime") -> str:
    if one.stop is not None:
        return _("FROZEN")
    return "–" if one.next_at is None else moment(one.next_at, now, one.account.zone)


def _queue(one: "Standing") -> str:
    counts = [(state, one.count(state)) for state in (State.HELD, State.AWAITING, State.UNKNOWN)]
    waiting = one.count(State.QUEUED, State.SENDING)
    others = ", ".join(f"{count} {_(state.value)}" for state, count in counts if count)
    return f"{waiting or ''}{' + ' if waiting and others else ''}{others}" or "–"


def _credential(one: "Standing", now: "datetime") -> str:
    if one.credential != "ends" or one.credential_ends is None:
        return _(one.credential)
    return say("ends in {age}", age=age(int((one.credential_ends - now).total_seconds())))
