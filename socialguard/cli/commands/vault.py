"""`socialguard vault …`: keys and credentials, how they are kept open, sealed anew, and recovered."""

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.cli import progress, terminal
from socialguard.cli.choosing import accounts_or_all, chosen, require_some
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace, passphrase_asker
from socialguard.cli.options import command, reason
from socialguard.cli.words import _, counted, say

if TYPE_CHECKING:
    from socialguard.vault.recovery import Kit

_KIT_LIMIT = 64 * 1024


class KitNotKept(errors.Cancelled):
    """Stopped. Nothing was changed; the kit that was shown opens nothing."""


@command("export")
@accounts_or_all
@click.option("--age", "recipients", multiple=True, required=True, metavar="RECIPIENT", help="age1…; repeatable.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The new file; it is never replaced.")
@reason()
def export(
    face: Face,
    selectors: tuple[str, ...],
    everything: bool,
    recipients: tuple[str, ...],
    out: Path,
    reason: str,
) -> None:
    """Export credentials to an age file, for the day when no key of the workspace is left."""
    from socialguard.vault.export import export_age

    require_some(selectors, everything)
    _require_new(out)
    with open_workspace(face) as workspace:
        accounts = chosen(workspace, selectors, everything)
        sealed = export_age(workspace.custody, [one.id for one in accounts], recipients, reason)
        _save(out, sealed)
    document = {
        "file": str(out),
        "accounts": [str(one) for one in accounts],
        "recipients": sorted(set(recipients)),
    }
    face.printer.answer(
        document,
        lambda: face.printer.line(
            counted(
                "{count} credential in {file}. Whoever holds a recipient's identity holds this account.",
                "{count} credentials in {file}. Whoever holds a recipient's identity holds these accounts.",
                len(accounts),
                file=out,
            )
        ),
    )


@command("rewrap")
@accounts_or_all
@reason()
def rewrap(face: Face, selectors: tuple[str, ...], everything: bool, reason: str) -> None:
    """Seal credentials anew, under fresh keys, to whoever the manifest names now."""
    from socialguard.vault import upkeep

    require_some(selectors, everything)
    done = []
    with open_workspace(face) as workspace, progress.over(face, _("credentials")) as step:
        for account in chosen(workspace, selectors, everything):
            gen = upkeep.rewrap(workspace.custody, [account.id], reason)[account.id]
            done.append({"account": str(account), "generation": gen})
            step(1)
    face.printer.answer(
        {"rewrapped": done},
        lambda: face.printer.line(
            counted("{count} credential is sealed anew.", "{count} credentials are sealed anew.", len(done))
        ),
    )


@command("unlock")
def unlock(face: Face) -> None:
    """Keep the passphrase's key in the kernel for 8 hours, so that commands do not ask."""
    from socialguard.audit.interface import Entry
    from socialguard.vault import kernel

    with open_workspace(face) as workspace:
        workspace.identity.unlock(passphrase_asker(face))
        until = clock.now() + timedelta(seconds=kernel.EXPIRES_SECONDS)
        try:
            with workspace.database.write() as connection:
                entry = Entry("vault.unlock", "ok", workspace.person, obj={"until": jcs.timestamp(until)})
                workspace.log.append(connection, entry)
        except errors.SocialGuardError:
            workspace.identity.lock()  # what is not logged is not left open
            raise
    face.printer.answer(
        {"unlocked": True, "until": jcs.timestamp(until)},
        lambda: face.printer.say("Unlocked for 8 hours, for every process of this user. To end it: {command}",
                                 command="socialguard vault lock"),
    )  # fmt: skip


@command("lock")
def lock(face: Face) -> None:
    """Forget the key that `vault unlock` keeps; it goes on with a full disk."""
    from socialguard.audit.interface import Entry

    with open_workspace(face, may_ask=False) as workspace:
        held = workspace.identity.lock()
        if held:
            try:
                with workspace.database.write() as connection:
                    workspace.log.append(connection, Entry("vault.lock", "ok", workspace.person))
            except (errors.AuditUnwritable, errors.Unreadable, errors.Tampered, errors.Busy):
                workspace.emergency.note(action="vault.lock", actor=workspace.person)
    face.printer.answer(
        {"locked": True, "was_unlocked": held},
        lambda: face.printer.say("Locked.") if held else face.printer.say("It was not unlocked."),
    )


@command("new")
@click.option("--out", type=click.Path(path_type=Path), help="Save it in this new file, outside the workspace.")
@click.option("--access", metavar="-|FILE", help="Lines on how to reach off-site copies, to stand on the kit.")
def recovery_new(face: Face, out: Path | None, access: str | None) -> None:
    """Make a recovery kit that opens every credential; it replaces the one before."""
    from socialguard.workspace import recovery

    if out is None and not face.has_terminal:
        raise errors.UsageError(detail="There is no terminal to show the kit on.", remedy="Give --out FILE.")
    note = "" if access is None else _text(access)
    with open_workspace(face) as workspace:
        if out is not None:
            recovery.require_elsewhere(workspace, out)
            _require_new(out)
        workspace.keys.member()  # a person who cannot sign makes no kit
        kit = recovery.new_kit(workspace, note)
        # The kit is in somebody's hands before the one that it replaces loses its worth.
        if out is None:
            _show_kit(face, kit.document())
        else:
            _save(out, kit.document().encode("utf-8"))
        try:
            recovery.enlist(workspace, kit)
        except errors.SocialGuardError:
            if out is not None:
                out.unlink(missing_ok=True)  # a page that opens nothing must not be kept as one that does
            raise
        with progress.over(face, _("credentials")) as step:
            accounts = recovery.seal_all(workspace, lambda: step(1))
    document = {"key_id": kit.public().id, "age_recipient": kit.age_recipient, "accounts": list(accounts),
                "file": None if out is None else str(out)}  # fmt: skip

    def people() -> None:
        face.printer.line(
            counted(
                "The kit opens {count} credential. Kits made before open nothing newer.",
                "The kit opens {count} credentials. Kits made before open nothing newer.",
                len(accounts),
            )
        )
        if out is not None:
            face.printer.say("It is in {file}: print it or take it to a medium offline, then delete the file.",
                             file=out)  # fmt: skip
            face.printer.say("Test it: socialguard vault recovery test {file}", file=out)

    face.printer.answer(document, people)


@command("test")
@click.argument("file", metavar="FILE|-")
def recovery_test(face: Face, file: str) -> int:
    """Prove that a recovery kit is the one in force and opens a credential."""
    from socialguard.workspace import recovery

    kit = read_kit(file)
    with open_workspace(face) as workspace:
        proof = recovery.prove(workspace, kit)
    document = {"key_id": proof.key_id, "credentials": proof.credentials, "sealed": proof.sealed,
                "opened": proof.opened}  # fmt: skip

    def people() -> None:
        face.printer.say("This is the recovery kit in force; it signs and opens.")
        if proof.opened is not None:
            face.printer.say("It opened the credential of {account}.", account=proof.opened)
        if proof.sealed < proof.credentials:
            face.printer.say(
                "{sealed} of {all} credentials are sealed to it. Run: {command}",
                sealed=proof.sealed,
                all=proof.credentials,
                command="socialguard vault rewrap --all --reason …",
            )

    face.printer.answer({"kit": document}, people)
    return 0 if proof.sealed == proof.credentials else errors.PartlyDone.exit_code


def read_kit(place: str) -> "Kit":
    """Return the kit in a file, or typed on stdin (`-`)."""
    from socialguard.vault.recovery import parse_kit

    return parse_kit(_text(place))


def _show_kit(face: Face, page: str) -> None:
    """Show the kit on the terminal, never in a pipe, and go on when its last line was copied."""
    face.printer.card(page.splitlines())
    last = next(line for line in page.splitlines() if line.strip().startswith("all-1:"))
    wanted = last.rpartition("#")[2]
    answer = terminal.ask(say("Write it down, then type the four letters after # in its last line. Enter stops:"))
    if answer.strip().upper() != wanted:
        raise KitNotKept


def _require_new(path: Path) -> None:
    """Refuse a file that is there already, or whose directory is not, before anything is opened."""
    if os.path.lexists(path):
        raise errors.UsageError(detail=f"{path} exists already.", remedy="Name a new file.")
    if not path.absolute().parent.is_dir():
        raise errors.UsageError(detail=f"There is no directory for {path}.", remedy="Make it first.")


def _save(path: Path, data: bytes) -> None:
    from socialguard.vault import private_files

    if not private_files.create(path, data):
        raise errors.UsageError(detail=f"{path} exists already.", remedy="Name a new file.")


def _text(place: str) -> str:
    """Return the text of a file or of stdin (`-`)."""
    try:
        data = sys.stdin.buffer.read(_KIT_LIMIT + 1) if place == "-" else _head(Path(place))
    except OSError as problem:
        raise errors.Unreadable(
            path=place, detail=problem.strerror or "it cannot be opened.", remedy="Name a file that is there."
        ) from None
    if len(data) > _KIT_LIMIT:
        raise errors.UsageError(detail=f"{place} is too large.")
    return data.decode("utf-8", "replace")


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(_KIT_LIMIT + 1)
