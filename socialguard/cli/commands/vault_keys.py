"""`socialguard vault passphrase`, `vault log-key`: what opens the keys of this machine, and what signs the log."""

import click

from socialguard import errors
from socialguard.cli.face import Face
from socialguard.cli.opening import new_passphrase, open_workspace, passphrase_asker
from socialguard.cli.options import command, reason


@command("passphrase")
def passphrase(face: Face) -> None:
    """Change the passphrase that opens the keys of this machine; the old one is asked for first."""
    from socialguard.daemon.status import LEASE
    from socialguard.workspace.key_changes import change_passphrase

    change_passphrase(face.home, LEASE, passphrase_asker(face), lambda: new_passphrase(face))
    face.printer.answer(
        {"changed": True},
        lambda: face.printer.say("The passphrase is changed. Copies of the old keys open with the old one."),
    )


@command("log-key")
@reason(required=False)
@click.option("--offer", is_flag=True, help="Make a key on this machine that an owner elsewhere can take in.")
@click.option("--accept", metavar="FILE", help="Take in the key that another machine offers; - is stdin.")
def log_key(face: Face, reason: str | None, offer: bool, accept: str | None) -> None:
    """Sign the log with a new key from now on, made here or on another machine."""
    from socialguard.workspace import key_changes

    if offer and accept is not None:
        raise errors.UsageError(detail="Give --offer or --accept, not both.")
    if offer:
        with open_workspace(face) as workspace:
            file, key = key_changes.offer_log_key(workspace, passphrase_asker(face))
        face.printer.note("An owner takes it in: socialguard vault log-key --accept FILE --reason …")
        face.printer.answer(
            {"log_key": key.key_id, "offer": file.strip()}, lambda: face.printer.lines(file.splitlines())
        )
        return
    if not reason:
        raise errors.UsageError(detail="--reason is missing: it stands in the log.")
    if accept is not None:
        _accept(face, accept, reason)
        return
    with open_workspace(face) as workspace:
        id = key_changes.rotate_log_key(workspace, passphrase_asker(face), reason).key_id
    face.printer.answer(
        {"log_key": id}, lambda: face.printer.say("The log is signed by key {key} from now on.", key=id)
    )


def _accept(face: Face, place: str, reason: str) -> None:
    from socialguard.cli.commands.member import read_file
    from socialguard.workspace import key_changes

    source = read_file(place)
    with open_workspace(face) as workspace:
        id, worker = key_changes.accept_log_key(workspace, source, reason)
        with workspace.database.read() as connection:
            name = workspace.trust.named(connection, worker.id)

    def people() -> None:
        face.printer.say("The log is signed by key {key} of {worker} from now on.", key=id, worker=name)
        face.printer.note("Nobody signs it until a command or the daemon runs there.")

    face.printer.answer({"log_key": id, "worker": worker.id}, people)
