"""`socialguard check`: every check on a text, and nothing else. No draft is kept, nothing is queued or asked."""

from dataclasses import replace
from pathlib import Path

import click

from socialguard import errors
from socialguard.cli import composing, deliveries
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace, session_of
from socialguard.cli.options import command, selectors


@command("check")
@click.argument("text", required=False)
@selectors("--to", "to")
@click.option("--file", "file", type=click.Path(path_type=Path, dir_okay=False), help="Take the text from a file.")
@click.option("--media", "media", multiple=True, type=click.Path(path_type=Path, dir_okay=False), help="An image.")
@click.option("--alt", "alts", multiple=True, help="What the image shows; one for each --media, in order.")
@click.option("--link", help="A link to show with the post.")
@click.option("--at", "at", metavar="WHEN", help="When: 2026-11-27T09:00, 'friday 9am', 'vendredi 9h'.")
@click.option("--reply-to", "reply_to", metavar="URL", help="The post to answer: its URL or id.")
def check(
    face: Face,
    text: str | None,
    to: tuple[str, ...],
    file: Path | None,
    media: tuple[Path, ...],
    alts: tuple[str, ...],
    link: str | None,
    at: str | None,
    reply_to: str | None,
) -> int:
    """Check a text as it would be checked for the accounts that --to names."""
    from socialguard.publishing import prepare

    given = composing.Given(
        to=to, media=composing.media(media, alts), link=composing.link(link), reply_to=reply_to, at=at
    )
    request = composing.written(face, text, file, given)
    with open_workspace(face) as workspace:
        # Nobody is asked here, so what a terminal would be asked about is told as a finding.
        session = replace(session_of(face), context=None)
        plan = prepare.prepare(workspace.desk, request, session, keep=False)
    document = {"findings": [deliveries.finding_document(item) for item in plan.findings]}

    def people() -> None:
        deliveries.tell_findings(face, plan.findings, plan.texts, beside=False)
        if not plan.findings:
            face.printer.say("Nothing was found.")

    face.printer.answer(document, people)
    return errors.Held.exit_code if plan.stopping else 0
