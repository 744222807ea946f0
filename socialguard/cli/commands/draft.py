"""`socialguard draft …`: the texts that were kept, whatever stopped them."""

from typing import Any

import click

from socialguard.canon import jcs
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.cli.times_told import minute
from socialguard.cli.words import _
from socialguard.workspace.opened import Workspace


@command("list")
@click.option("--unsent", is_flag=True, help="Only drafts of which nothing went out.")
@click.option("--before", metavar="ID", help="Go on below this draft.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
def list_(face: Face, unsent: bool, before: str | None, limit: int) -> None:
    """List drafts, newest first."""
    from socialguard.ledger import drafts

    with open_workspace(face) as workspace, workspace.database.read() as connection:
        found = drafts.page(connection, before=before, limit=limit, unsent=unsent)
        names = _names(workspace, connection)
        zone = workspace.zone
    more = found[-1].id if len(found) == limit else None

    def people() -> None:
        face.printer.table(
            [_("draft"), _("made"), _("author"), _("for"), _("deliveries"), _("text")],
            [
                (
                    one.id,
                    minute(one.created_at, zone),
                    names.get(one.author, one.author),
                    " ".join(one.payload.get("to", ())),
                    ", ".join(_(state) for state in one.deliveries.values()),
                    " ".join(one.text[:400].split())[:60],
                )
                for one in found
            ],
        )
        if more is not None:
            face.printer.note("There may be more: socialguard draft list --before {id}", id=more)

    face.printer.answer({"drafts": [_document(one, names) for one in found], "more": more}, people)


@command("show")
@click.argument("draft")
def show(face: Face, draft: str) -> None:
    """Show one draft whole, and what became of it."""
    from socialguard.ledger import drafts

    with open_workspace(face) as workspace, workspace.database.read() as connection:
        found = drafts.get(connection, draft)
        names = _names(workspace, connection)
        zone = workspace.zone
    document = _document(found, names)

    def people() -> None:
        media = [f"{one['file']} ({one['alt']})" if one["alt"] else one["file"] for one in document["media"]]
        face.printer.facts(
            [
                (_("draft"), found.id),
                (_("made"), minute(found.created_at, zone)),
                (_("author"), document["author"]),
                (_("for"), " ".join(document["to"])),
                (_("when"), document["at"] or ""),
                (_("link"), document["link"] or ""),
                (_("answers"), document["reply_to"] or ""),
                (_("media"), ", ".join(media)),
                (_("deliveries"), ", ".join(f"{key} {_(state)}" for key, state in found.deliveries.items())),
            ]
        )
        face.printer.line()
        face.printer.lines(found.text.split("\n"))

    face.printer.answer({"draft": document}, people)


def _names(workspace: Workspace, connection: Any) -> dict[str, str]:
    from socialguard.registry import founding

    profiles = founding.profiles(connection, workspace.signed.books(connection).manifest)
    return {key: profile.name for key, profile in profiles.items()}


def _document(found: Any, names: dict[str, str]) -> dict[str, Any]:  # Any: ledger.drafts.Draft, imported late
    """Return a draft as scripts read it."""
    payload = found.payload
    return {
        "id": found.id,
        "created_at": jcs.timestamp(found.created_at),
        "author": names.get(found.author, found.author),
        "text": found.text,
        "to": list(payload.get("to", ())),
        "media": list(payload.get("media", ())),
        "link": payload.get("link"),
        "reply_to": payload.get("reply_to"),
        "at": payload.get("at"),
        "deliveries": [{"id": key, "state": state} for key, state in found.deliveries.items()],
    }
