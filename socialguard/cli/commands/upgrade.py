"""`socialguard upgrade`: this workspace, brought to this program."""

from socialguard.cli.face import Face
from socialguard.cli.opening import passphrase_asker
from socialguard.cli.options import command
from socialguard.cli.printing import plain
from socialguard.cli.words import counted


@command("upgrade")
def upgrade(face: Face) -> None:
    """Bring the workspace to this program: a copy of the database, the migrations, and a look at the log."""
    from socialguard.daemon.status import LEASE
    from socialguard.workspace.upgrade import upgrade

    done = upgrade(face.home, LEASE, passphrase_asker(face))

    def people() -> None:
        say = face.printer.say
        if done.before == done.now:
            say("The database is at schema {now}; nothing was to be done.", now=done.now)
        else:
            say("The database went from schema {before} to {now}.", before=done.before, now=done.now)
        if done.copied_to is not None:
            say("As it was before: {copy}", copy=done.copied_to)
        face.printer.line(
            counted("The log is whole: {count} entry.", "The log is whole: {count} entries.", done.entries)
        )

    face.printer.answer({"upgraded": plain(done)}, people)
