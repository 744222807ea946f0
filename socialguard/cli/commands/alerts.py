"""`socialguard alerts …`: what a person must learn although no command of theirs was running."""

from typing import TYPE_CHECKING, Final

import click

from socialguard import errors
from socialguard.cli import alerting
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import INDEX, command
from socialguard.cli.times_told import minute
from socialguard.cli.words import _

if TYPE_CHECKING:
    from socialguard.alerts.reader import Alert


_ID: Final = click.IntRange(1, INDEX.max)


@command("list")
@click.option("--all", "everything", is_flag=True, help="Those that were seen, too.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
def list_(face: Face, everything: bool, limit: int) -> None:
    """List what nobody has seen yet, newest first."""
    from socialguard.alerts import reader
    from socialguard.registry.accounts import unverified

    face.reminds = False  # it tells all of it
    with open_workspace(face, may_ask=False) as workspace, workspace.database.read() as connection:
        found = reader.page(connection, unseen=not everything, limit=limit)
        unseen = reader.count_unseen(connection)
        # No key is needed to read what went wrong: names are as the rows say.
        names = {one: str(unverified(connection, one)) for one in {alert.account_id for alert in found} if one}
        zone = workspace.zone
        workspace.alerts.note(connection)
    documents = [_document(one, names) for one in found]

    def people() -> None:
        if not found:
            if everything:
                face.printer.say("There is no alert.")
            else:
                face.printer.say("No alert is unseen.")
            return
        face.printer.table(
            [_("id"), _("last"), _("times"), _("account"), _("what"), _("seen")],
            [_cells(one, names, zone) for one in found],
        )
        for one in found:
            if one.remedy and one.seen_at is None:
                face.printer.line(f"{one.id}: {alerting.sentence(one.remedy, one.fields)}")
        if unseen:
            face.printer.note("When you know of them: socialguard alerts ack ID … | --all")

    face.printer.answer({"alerts": documents, "unseen": unseen}, people)


@command("show")
@click.argument("alert_id", type=_ID, metavar="ID")
def show(face: Face, alert_id: int) -> None:
    """Show one alert whole: what to do, and the evidence of each thing seen."""
    from socialguard.alerts import reader
    from socialguard.cli.commands import watch
    from socialguard.registry.accounts import unverified
    from socialguard.watch import sightings

    with open_workspace(face, may_ask=False) as workspace, workspace.database.read() as connection:
        one = reader.get(connection, alert_id)
        names = {} if one.account_id is None else {one.account_id: str(unverified(connection, one.account_id))}
        found = [each.sighting for each in sightings.of_alert(connection, alert_id)]
        zone = workspace.zone
    document = {"alert": _document(one, names), "evidence": [watch.sighting_document(each) for each in found]}

    def people() -> None:
        face.printer.line(alerting.sentence(one.template, one.fields))
        if one.remedy:
            face.printer.line(alerting.sentence(one.remedy, one.fields))
        if found:
            watch.listed(face, found, zone)

    face.printer.answer(document, people)


@command("ack")
@click.argument("ids", nargs=-1, type=_ID, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Every alert that is unseen now.")
def ack(face: Face, ids: tuple[int, ...], everything: bool) -> None:
    """Say that you know of alerts: no command tells of them any more."""
    if everything == bool(ids):
        raise errors.UsageError(detail="Name alerts by their id, or --all; not both.")
    with open_workspace(face, may_ask=False) as workspace:
        from socialguard.alerts import reader
        from socialguard.audit.interface import Entry

        with workspace.database.write() as connection:
            marked = workspace.alerts.see(connection, None if everything else ids)
            unseen = reader.count_unseen(connection)
            said = Entry("alert.see", "ok", workspace.person, obj={"alerts": list(marked)})
            workspace.log.append(connection, said)
    document = {"seen": list(marked), "unseen": unseen}
    face.printer.answer(document, lambda: face.printer.say("Seen: {count}.", count=len(marked)))


def _document(one: "Alert", names: dict[str, str]) -> dict[str, object]:
    return {
        "id": one.id,
        "kind": one.kind,
        "account": None if one.account_id is None else names[one.account_id],
        "delivery": one.delivery_id,
        "message": alerting.sentence(one.template, one.fields),
        "remedy": alerting.sentence(one.remedy, one.fields),
        "count": one.count,
        "first_at": one.first_at,
        "raised_at": one.raised_at,
        "seen_at": one.seen_at,
    }


def _cells(one: "Alert", names: dict[str, str], zone: str) -> tuple[object, ...]:
    account = "" if one.account_id is None else names[one.account_id]
    when = minute(one.raised_at, zone)
    seen_at = "" if one.seen_at is None else minute(one.seen_at, zone)
    return one.id, when, one.count, account, alerting.sentence(one.template, one.fields), seen_at
