"""`socialguard handover`: what the next shift must know, on one screen; and a note for it, kept in the log."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from socialguard import clock, errors
from socialguard.cli import alerting
from socialguard.cli.deliveries import delivery_document
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, logged
from socialguard.cli.reasons import reason_told
from socialguard.cli.times_told import instant
from socialguard.cli.waiting import behind, waits_for
from socialguard.cli.words import _, named_scope, say
from socialguard.model.delivery import Delivery, State
from socialguard.model.text import excerpt

if TYPE_CHECKING:
    from socialguard.alerts.reader import Alert
    from socialguard.audit.reader import Logged
    from socialguard.ledger.stops import Stop
    from socialguard.model.account import Account

AHEAD: Final = timedelta(hours=12)
NOTES: Final = timedelta(hours=48)
ACTION: Final = "handover.note"
_TEXT: Final = 60
_MOST: Final = 1000
_SHOWN: Final = 30


@command("handover")
@logged("--note", help="Leave a note for the next shift (at most 500 characters).")
def handover(face: Face, note: str | None) -> None:
    """Show what the next shift must know: held, unknown, frozen, crises, the next 12 hours, alerts, notes."""
    if note is not None:
        _leave(face, note)
        return
    from socialguard.alerts import reader as alerts
    from socialguard.audit import reader as log
    from socialguard.ledger import agenda
    from socialguard.ledger import reader as ledger
    from socialguard.ledger.stops import CRISIS
    from socialguard.registry import founding
    from socialguard.workspace.standing import Freezes, in_force

    with open_workspace(face) as workspace:
        accounts = {account.id: account for account in workspace.accounts()}
        now = clock.now()
        with workspace.database.read() as connection:
            stuck = ledger.in_states(connection, State.HELD, State.AWAITING, State.UNKNOWN)
            soon = agenda.between(connection, datetime.min.replace(tzinfo=now.tzinfo), now + AHEAD,
                                  states=(State.QUEUED, State.SENDING))  # fmt: skip
            stopped = in_force(workspace, connection)
            unseen = alerts.page(connection, unseen=True, limit=_MOST)
            members = founding.profiles(connection, workspace.signed.books(connection).manifest)
            freezes = Freezes(workspace, connection)
            stops_of = {
                one.id: freezes.on(accounts[one.account_id], one.submitter, one.fingerprint)
                for one in soon
                if freezes and one.account_id in accounts
            }
            behind_others = behind(workspace, connection, {one.account_id for one in soon if one.due <= now})
        notes = log.page(workspace.database, log.Filter(action=ACTION, since=now - NOTES), limit=50)
        zone = workspace.zone
    names = {key: profile.name for key, profile in members.items()}
    frozen = [_stop(one, accounts, names) for one in stopped if one.kind != CRISIS]
    crises = [_stop(one, accounts, names) for one in stopped if one.kind == CRISIS]
    document: dict[str, list[dict[str, Any]]] = {
        "held": [_document(one, accounts) for one in stuck if one.state is not State.UNKNOWN],
        "unknown": [_document(one, accounts) for one in stuck if one.state is State.UNKNOWN],
        "frozen": frozen,
        "crises": crises,
        "next": [_document(one, accounts) for one in soon],
        "alerts": [_alert(one, accounts) for one in unseen],
        "notes": [_note(one, names) for one in reversed(notes)],
    }

    def people() -> None:
        held = [one for one in stuck if one.state is not State.UNKNOWN]
        unknown = [one for one in stuck if one.state is State.UNKNOWN]
        for title, chosen in ((_("Held"), held), (_("Unknown"), unknown), (_("Next 12 hours"), soon)):
            _section(
                face,
                title,
                [_line(one, accounts, stops_of.get(one.id), is_behind=one.id in behind_others) for one in chosen],
            )
        for title, stops in ((_("Frozen"), frozen), (_("Crises"), crises)):
            told = [
                f"{named_scope(str(one['scope']))}, {instant(one['since'], zone)}, {one['by']}: {one['reason']}"
                for one in stops
            ]
            _section(face, title, told)
        _section(face, _("Alerts"), [one["message"] for one in document["alerts"]])
        said = [
            f"{instant(one['at'], zone)}, {one['by']}: {one['text'] or _('erased')}" for one in document["notes"]
        ]
        _section(face, _("Notes"), said)

    face.printer.answer(document, people)


def _leave(face: Face, note: str) -> None:
    from socialguard.audit.interface import Entry

    if not note.strip():
        raise errors.UsageError(detail="The note is empty.")
    with open_workspace(face) as workspace, workspace.database.write() as connection:
        seq = workspace.log.append(connection, Entry(ACTION, "ok", workspace.person, reason=note.strip()))
    face.printer.answer(
        {"noted": seq}, lambda: face.printer.say("Noted for the next shift, entry {seq}.", seq=seq)
    )


def clock_of(entry: "Logged") -> datetime:
    """Return when an entry was made."""
    from socialguard.canon import jcs

    return jcs.parse_timestamp(entry.ts)


def _section(face: Face, title: str, lines: list[str]) -> None:
    face.printer.line(f"{title} ({len(lines)})")
    for line in lines[:_SHOWN]:
        face.printer.line(f"  {line}")
    if len(lines) > _SHOWN:
        face.printer.say("  … and {count} more; --json shows all.", count=len(lines) - _SHOWN)


def _line(one: Delivery, accounts: "dict[str, Account]", stop: "Stop | None", *, is_behind: bool) -> str:
    account = accounts.get(one.account_id)
    text = excerpt(one.content.text, _TEXT)
    when = instant(one.due, account.zone if account is not None else "UTC")
    is_due = one.due <= clock.now()
    word = waits_for(one.state, is_due=is_due, is_frozen=stop is not None, is_behind=is_behind)
    why = reason_told(one.state_reason) if stop is None else say("frozen: {reason}", reason=stop.reason)
    reason = f" ({why})" if why else ""
    return f"{one.id}  {when}  {account or one.account_id}  {_(one.state.value)}{reason} → {_(word or '')}  {text}"


def _document(one: Delivery, accounts: "dict[str, Account]") -> dict[str, Any]:
    account = accounts.get(one.account_id)
    if account is None:
        return {"id": one.id, "account": one.account_id, "state": one.state.value}
    return {**delivery_document(one, account), "text": one.content.text}


def _stop(one: "Stop", accounts: "dict[str, Account]", names: dict[str, str]) -> dict[str, Any]:
    from socialguard.workspace.standing import scope_told

    scope = scope_told(one.scope, accounts, names)
    return {"scope": scope, "since": one.since, "by": names.get(one.actor, one.actor), "reason": one.reason}


def _alert(one: "Alert", accounts: "dict[str, Account]") -> dict[str, Any]:
    account = accounts.get(one.account_id or "")
    return {
        "id": one.id,
        "account": None if account is None else str(account),
        "message": alerting.sentence(one.template, one.fields),
        "count": one.count,
        "raised_at": one.raised_at,
    }


def _note(one: "Logged", names: dict[str, str]) -> dict[str, Any]:
    return {"at": clock_of(one), "by": names.get(one.actor.id, one.actor.id), "text": one.reason, "entry": one.seq}
