"""`socialguard alerts channel …`, `alerts send`: alerts to people who are not at a screen."""

import re
from typing import Final

import click

from socialguard import errors
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.cli.words import _
from socialguard.workspace import outward
from socialguard.workspace.opened import Workspace

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_LONGEST: Final = 4096


@command("add")
@click.argument("name", metavar="NAME")
def add(face: Face, name: str) -> None:
    """Add a channel: its address is read from standard input, since it holds a secret."""
    from socialguard.alerts.outward import require_address
    from socialguard.cli.browser import answer

    if _NAME.fullmatch(name) is None:
        raise errors.UsageError(detail="A channel's name is small letters, digits and hyphens.")
    url = answer(face, _("Address of the channel (nothing shows):"))
    if len(url) > _LONGEST:
        raise errors.UsageError(detail="The address is too long.")
    require_address(url)
    with open_workspace(face) as workspace:
        kept = outward.channels(workspace)
        had = name in kept.names()
        kept.put(name, url, workspace.keys.worker())
        _log(workspace, "alerts.channel.add", name)

    def people() -> None:
        if had:
            face.printer.say("Replaced: {name} has this address now.", name=name)
        else:
            face.printer.say("Added: {name}.", name=name)

    face.printer.answer({"added": name, "replaced": had}, people)


@command("list")
def list_(face: Face) -> None:
    """List the channels by name; no address is shown."""
    with open_workspace(face, may_ask=False) as workspace:
        names = list(outward.channels(workspace).names())

    def people() -> None:
        for name in names:
            face.printer.line(name)
        if not names:
            face.printer.say(
                "Alerts go nowhere outside this machine. Add a channel: socialguard alerts channel add"
            )

    face.printer.answer({"channels": names}, people)


@command("remove")
@click.argument("name", metavar="NAME")
def remove(face: Face, name: str) -> None:
    """Remove a channel."""
    with open_workspace(face) as workspace:
        outward.channels(workspace).remove(name)
        _log(workspace, "alerts.channel.remove", name)
    face.printer.answer({"removed": name}, lambda: face.printer.say("Removed: {name}.", name=name))


@command("send")
def send(face: Face) -> int:
    """Send alerts to the channels now; the daemon does it every minute."""
    face.reminds = False
    with open_workspace(face) as workspace:
        found = outward.send(workspace)
    failed = [one for one in found if not one.ok]
    document = {"sent": [{"alert": one.alert_id, "channel": one.channel, "ok": one.ok} for one in found]}

    def people() -> None:
        face.printer.say("Sent: {count}.", count=len(found) - len(failed))
        for one in failed:
            face.printer.note("{channel} did not take it; it is tried again.", channel=one.channel)

    face.printer.answer(document, people)
    return errors.PartlyDone.exit_code if failed else 0


def _log(workspace: Workspace, action: str, name: str) -> None:
    from socialguard.audit.interface import Entry

    with workspace.database.write() as connection:
        workspace.log.append(connection, Entry(action, "ok", workspace.person, obj={"channel": name}))
