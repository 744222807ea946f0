"""`socialguard audit anchor …`: where the log is anchored, and the keys that anchors ask for."""

from dataclasses import asdict

import click

from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.cli.words import _


@command("list")
def list_(face: Face) -> None:
    """List the anchors: where each is, what it took last, and since when something waits for it."""
    from socialguard.workspace import anchoring

    with open_workspace(face) as workspace:
        found = anchoring.anchors(workspace)

    def people() -> None:
        face.printer.table(
            [_("anchor"), _("place"), _("entries"), _("taken (UTC)"), _("waits since (UTC)")],
            [
                (
                    one.name,
                    f"{one.place or '–'}  ({_('outside') if one.outside else _('local')})",
                    "" if one.size is None else one.size,
                    _minute(one.at),
                    _minute(one.waiting_since),
                )
                for one in found
            ],
        )

    face.printer.answer({"anchors": [asdict(one) for one in found]}, people)


@command("key")
@click.argument("place", metavar="ANCHOR")
def key(face: Face, place: str) -> None:
    """Keep the key of an anchor sealed: its id and its secret, read from standard input."""
    from socialguard.cli.browser import answer
    from socialguard.workspace import anchoring

    given = answer(face, _("The key's id and its secret, with a space between (nothing shows):"))
    with open_workspace(face) as workspace:
        name = anchoring.set_key(workspace, place, given.strip())
    face.printer.answer({"anchor": name}, lambda: face.printer.say("Kept: the key of {anchor}.", anchor=name))


def _minute(text: str | None) -> str:
    return "" if text is None else text[:16].replace("T", " ")
