"""Opening the workspace for a command: which one, who asks, and which terminal session this is."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from socialguard import errors
from socialguard.cli import terminal
from socialguard.cli.face import Face
from socialguard.cli.words import _
from socialguard.workspace.opened import Workspace

if TYPE_CHECKING:
    from socialguard.publishing.interface import Session


def open_workspace(face: Face, *, may_ask: bool = True) -> Workspace:
    """Return the workspace of this run; a passphrase is asked for where one is needed and a person is there.

    `may_ask` False is for what stops: it goes on with a locked vault. Raises UsageError where what is to stand in
    the log holds a credential of this workspace, which need not look like one."""
    workspace = Workspace(face.home, ask=passphrase_asker(face) if may_ask else None)
    if any(workspace.tells_ours(words) for words in face.reasons):
        workspace.close()
        raise errors.UsageError(
            detail="The reason or note holds a credential of one of your own accounts; write it without.",
            remedy="If others could see it, replace it: socialguard account rotate ACCOUNT.",
        )
    face.opened.append(workspace)
    return workspace


def passphrase_asker(face: Face) -> Callable[[], str] | None:
    """Return what asks for the passphrase of the workspace, None where there is no person to ask."""
    if not face.has_terminal:
        return None
    return lambda: terminal.ask_secret(_("Passphrase of this workspace:"))


def session_of(face: Face) -> "Session":
    """Return where the request comes from: a terminal session, or a script without context."""
    from socialguard.model.context import context_of
    from socialguard.publishing.interface import Session

    operator = terminal.operator()
    if not face.has_terminal:
        return Session(None, operator)
    context = context_of(terminal.context_facts(), operator)
    return Session(None if context is None else context.id, operator)


def new_passphrase(face: Face) -> str:
    """Ask twice; a typing error here would lock everything."""
    if not face.has_terminal:
        raise errors.UsageError(detail="A passphrase needs a terminal.", remedy="Give --key-file FILE.")
    first = terminal.ask_secret(_("New passphrase of this workspace:"))
    if first != terminal.ask_secret(_("Once more:")):
        raise errors.UsageError(detail="The two passphrases differ. Nothing was made.")
    return first
