"""`socialguard workspace …`: this installation."""

from socialguard.cli import progress
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace, passphrase_asker
from socialguard.cli.options import command, reason
from socialguard.cli.printing import plain
from socialguard.cli.words import _


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
        say("This machine knows this workspace now: manifest {epoch}, {entries} entries, {stops} stops.",
            epoch=adopted.epoch, entries=adopted.entries, stops=adopted.stops)  # fmt: skip
        for account, gen in adopted.generations.items():
            say("{account}: credential generation {gen}", account=account, gen=gen)
        if adopted.had_pins:
            say("Older pins were found; nothing here is older than they are.")
        say("Verified: every signature, every entry, every credential. Taken on trust:")
        for sentence in adopted.trusted:
            face.printer.line(f"- {_(sentence)}")

    face.printer.answer({"adopted": plain(adopted)}, people)
