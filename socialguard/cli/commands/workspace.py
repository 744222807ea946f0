"""`socialguard workspace …`: this installation."""

from pathlib import Path

import click

from socialguard.cli import progress
from socialguard.cli.deliveries import tell_held
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace, passphrase_asker
from socialguard.cli.options import command, reason
from socialguard.cli.printing import plain
from socialguard.cli.words import _, counted


@command("adopt")
@reason()
def adopt(face: Face, reason: str) -> None:
    """Verify everything, then make this machine know this workspace; says what is taken on trust."""
    from socialguard.workspace import adoption

    with open_workspace(face) as workspace, progress.over(face, _("entries")) as step:
        done = 0

        def told(now: int, whole: int) -> None:
            nonlocal done
            step(now - done)
            done = now

        adopted = adoption.adopt(workspace, passphrase_asker(face), reason, told)
        workspace.checkpoint()

    def people() -> None:
        say = face.printer.say
        say(
            "This machine knows this workspace now: manifest {epoch}, {entries}, {stops}.",
            epoch=adopted.epoch,
            entries=counted("{count} entry", "{count} entries", adopted.entries),
            stops=counted("{count} stop", "{count} stops", adopted.stops),
        )
        for account, gen in adopted.generations.items():
            say("{account}: credential generation {gen}", account=account, gen=gen)
        if adopted.had_pins:
            say("Older pins were found; nothing here is older than they are.")
        say("Verified: every signature, every entry, every credential. Taken on trust:")
        for sentence in adopted.trusted:
            face.printer.line(f"- {_(sentence)}")

    face.printer.answer({"adopted": plain(adopted)}, people)


@command("restore")
@click.argument("backup", type=click.Path(path_type=Path, file_okay=False))
@reason()
def restore(face: Face, backup: Path, reason: str) -> None:
    """Put a backup in the place of this workspace: what is lost is declared, all is frozen, the queue is held."""
    from socialguard.daemon.status import LEASE
    from socialguard.workspace.restoring import restore

    done = restore(face.home, backup, LEASE, passphrase_asker(face), reason)

    def people() -> None:
        say = face.printer.say
        say(
            "Restored. The log goes on as incarnation {number}; what is lost is declared.", number=done.incarnation
        )
        if done.put_aside is not None:
            say("What stood here is in {place}.", place=done.put_aside)
        tell_held(face, done.held, done.unknown)
        say("Everything is frozen. Replace the credentials that changed after the backup, look through the queue, "
            "then: socialguard thaw --all --reason …")  # fmt: skip

    face.printer.answer({"restored": plain(done)}, people)
