"""`socialguard vault passphrase`, `vault log-key`: what opens the keys of this machine, and what signs the log."""

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
@reason()
def log_key(face: Face, reason: str) -> None:
    """Sign the log with a new key from now on; the old one signs the change, too."""
    from socialguard.workspace.key_changes import rotate_log_key

    with open_workspace(face) as workspace:
        key = rotate_log_key(workspace, passphrase_asker(face), reason)
    face.printer.answer(
        {"log_key": key.key_id},
        lambda: face.printer.say("The log is signed by key {key} from now on.", key=key.key_id),
    )
