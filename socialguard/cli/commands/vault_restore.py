"""`socialguard vault recovery restore`: the way back when an owner's keys are lost and the kit is left."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from socialguard import errors, settings
from socialguard.cli.assent import Assent, require_assent
from socialguard.cli.commands.init import require_apart
from socialguard.cli.commands.vault import read_kit
from socialguard.cli.deliveries import tell_held
from socialguard.cli.face import Face
from socialguard.cli.key_source import chosen_kek, key_source
from socialguard.cli.opening import passphrase_asker
from socialguard.cli.options import command, reason
from socialguard.cli.printing import plain
from socialguard.cli.words import _, counted, later, say

if TYPE_CHECKING:
    from socialguard.workspace.kit_looking import Found
    from socialguard.workspace.kit_restoring import Recovered


class NotRecovered(errors.Cancelled):
    """Stopped. Nothing was changed."""


@command("restore")
@click.argument("file", metavar="FILE|-")
@click.option(
    "--backup",
    type=click.Path(path_type=Path, file_okay=False),
    help="Put the backup in this directory in the place of the workspace first.",
)
@click.option("--owner", metavar="NAME", help="Who comes back, where there are several owners.")
@key_source
@reason()
@click.option(
    "--confirm", "confirmed", multiple=True, metavar="NAME", help="Without a terminal: the owner is meant."
)
def restore(
    face: Face,
    file: str,
    backup: Path | None,
    owner: str | None,
    key_file: Path | None,
    systemd_credential: str | None,
    passphrase: bool,
    reason: str,
    confirmed: tuple[str, ...],
) -> int:
    """Come back with the recovery kit when an owner's keys are lost: new keys, all frozen, the queue held."""
    from socialguard.daemon.status import LEASE
    from socialguard.workspace import kit_looking, kit_restoring

    require_apart(face.home.absolute().resolve(), settings.identity_base().absolute().resolve())
    kit = read_kit(file)
    found = kit_looking.look(face.home, kit, owner, backup)
    _confirm(face, found, confirmed)
    done = kit_restoring.restore(
        face.home,
        kit,
        owner,
        backup,
        LEASE,
        lambda: chosen_kek(face, key_file, systemd_credential, passphrase),
        passphrase_asker(face),
        reason,
    )
    face.printer.answer({"recovered": plain(done)}, lambda: _tell(face, done, found))
    return errors.PartlyDone.exit_code if done.revoked else 0


def _confirm(face: Face, found: "Found", confirmed: tuple[str, ...]) -> None:
    told = say(
        "New keys for {name}, as owner of {accounts}. The keys of {name} before, and those of {workers}, count no "
        "more. Everything is frozen.",
        name=found.name,
        accounts=counted("{count} account", "{count} accounts", found.accounts),
        workers=counted("{count} worker", "{count} workers", len(found.workers)),
    )
    asked = Assent(
        told=told,
        question=later("Type {wanted} to go on. Enter stops:"),
        wanted=found.name,
        names=[found.name],
        act=say("The way back of {name} by the recovery kit", name=found.name),
    )
    require_assent(face, asked, confirmed, NotRecovered)


def _tell(face: Face, done: "Recovered", found: "Found") -> None:
    tell = face.printer.say
    tell("{name} is an owner again, with new keys. The log goes on as incarnation {number}.",
         name=found.name, number=done.incarnation)  # fmt: skip
    if done.put_aside is not None:
        tell("What stood here is in {place}.", place=done.put_aside)
    if done.lost:
        lost = counted("{count} entry", "{count} entries", done.lost)
        tell("Known to an anchor and lost here: {entries}.", entries=lost)
    tell("Verified: every signature, every entry, every credential. Taken on trust:")
    for sentence in done.trusted:
        face.printer.line(f"- {_(sentence)}")
    tell_held(face, done.held, done.unknown)
    for account in done.revoked:
        tell(
            "{account} has no credential. Run: socialguard account rotate {account} --credential -",
            account=account,
        )
    for name in found.others:
        tell("{name} is an owner still. Where those keys are lost, too: {command}", name=name,
             command="socialguard member remove NAME --reason …")  # fmt: skip
    tell("Left to do:")
    due = counted("{count} account", "{count} accounts", len(done.rotation_due))
    tell(
        "- Replace the credential of each account: whoever found the old keys has them ({accounts}).", accounts=due
    )
    tell("- Make a new kit, and destroy this one: {command}", command="socialguard vault recovery new")
    tell("- Look through the queue, then: socialguard thaw --all --reason …")
    tell("- Channels of alerts, keys of anchors and workers elsewhere are to be set up anew.")
