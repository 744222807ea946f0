"""`socialguard draft …`: the texts that were kept, whatever stopped them."""

from pathlib import Path
from typing import Any

import click

from socialguard import errors
from socialguard.canon import jcs
from socialguard.cli import composing, output
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, selectors
from socialguard.cli.times_told import minute
from socialguard.cli.words import _
from socialguard.model.campaign import campaign_name
from socialguard.model.text import excerpt
from socialguard.publishing import draft_file
from socialguard.publishing.interface import Divide, Request
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
                    excerpt(one.text, 60),
                )
                for one in found
            ],
        )
        if more is not None:
            place = f"{more} --unsent" if unsent else more
            face.printer.note("There may be more: socialguard draft list --before {id}", id=place)

    face.printer.answer({"drafts": [_document(one, names) for one in found], "more": more}, people)


@command("new")
@click.argument("text", required=False)
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Take the text, or a draft, from a file.",
)
@selectors("--to", "to", required=False)
@click.option("--campaign", metavar="NAME", help="What it belongs to.")
def new(face: Face, text: str | None, file: Path | None, to: tuple[str, ...], campaign: str | None) -> None:
    """Keep a draft without posting it."""
    from socialguard.ledger import writer
    from socialguard.publishing.prepare import payload_of

    name = None if campaign is None else campaign_name(campaign)
    in_editor = text is None and file is None and face.has_terminal
    request = Request(text="", selectors=to, divide=Divide.LINES, campaign=name)
    if not in_editor:
        request = composing.written(face, text, file, composing.Given(to=to, campaign=name))
    with open_workspace(face) as workspace:
        if in_editor:
            request = _edited(face, workspace, draft_file.render(request))
        with workspace.database.write() as connection:
            author = workspace.person.id
            kept = writer.keep_draft(connection, request.text, payload_of(request), author)
        face.written = ""
        _tell(face, workspace, kept)


@command("edit")
@click.argument("draft")
def edit(face: Face, draft: str) -> None:
    """Change a draft in your editor."""
    from socialguard.ledger import drafts, writer
    from socialguard.publishing.prepare import payload_of

    if not face.has_terminal:
        raise errors.UsageError(
            detail="The editor needs a terminal.", remedy="Without one: socialguard draft new --file FILE"
        )
    with open_workspace(face) as workspace:
        with workspace.database.read() as connection:
            found = drafts.get(connection, draft)
        before = draft_file.from_kept(found.text, found.payload, found.id)
        # One that could not be used is kept as it was written.
        begin = found.text if draft_file.is_draft(found.text) else draft_file.render(before)
        request = _edited(face, workspace, begin)
        payload = payload_of(request)
        with workspace.database.write() as connection:
            if writer.rewrite_draft(connection, found.id, request.text, payload):
                kept = found.id
            else:  # what was made of it must still be found as it was written
                kept = writer.keep_draft(connection, request.text, payload, workspace.person.id)
        face.written = ""
        _tell(face, workspace, kept)


class NothingChanged(errors.Cancelled):
    """Stopped. Nothing was changed."""


class KeptAsWritten(errors.UsageError):
    """{detail} Draft {draft} keeps what you wrote."""

    remedy = "To put it right: socialguard draft edit {draft}"


def _edited(face: Face, workspace: Workspace, begin: str) -> Request:
    """Return what a person makes of a draft's file in the editor. What cannot be used is kept as it is, so that
    nothing that was written is lost."""
    from socialguard.cli import unsaved
    from socialguard.ledger import writer

    written = unsaved.edited(face, begin, ".md")
    if written == begin.strip() or not written:  # an emptied file is how editors are told to stop
        raise NothingChanged
    try:
        return draft_file.parse(written, Path("draft.md").absolute())
    except draft_file.DraftInvalid as problem:
        with workspace.database.write() as connection:
            kept = writer.keep_draft(connection, written, {}, workspace.person.id)
        problem.fields["path"] = kept  # there is no file: it was the editor's
        raise KeptAsWritten(detail=output.sentences(problem)[0], draft=kept) from None


def _tell(face: Face, workspace: Workspace, draft_id: str) -> None:
    from socialguard.ledger import drafts

    with workspace.database.read() as connection:
        found = drafts.get(connection, draft_id)
        names = _names(workspace, connection)
    face.printer.answer(
        {"draft": _document(found, names)},
        lambda: face.printer.say("Kept as {draft}. To post it: socialguard post --draft {draft}", draft=found.id),
    )


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
                (_("campaign"), document["campaign"] or ""),
                (_("deliveries"), ", ".join(f"{key} {_(state)}" for key, state in found.deliveries.items())),
            ]
        )
        face.printer.line()
        face.printer.lines(found.text.split("\n"))
        for name, text in document["variants"].items():
            face.printer.line()
            face.printer.lines([f"+++ {name}", *text.split("\n")])

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
        "media": [{"part": 1, **one} for one in payload.get("media", ())],
        "link": payload.get("link"),
        "reply_to": payload.get("reply_to"),
        "at": payload.get("at"),
        "variants": dict(payload.get("variants", {})),
        "divide": payload.get("divide", "nowhere"),
        "numbered": bool(payload.get("numbered", False)),
        "campaign": payload.get("campaign"),
        "deliveries": [{"id": key, "state": state} for key, state in found.deliveries.items()],
    }
