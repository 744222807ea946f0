"""Opening the workspace for a command: which one, who asks, and which terminal session this is."""

from typing import TYPE_CHECKING

from socialguard.cli import terminal
from socialguard.cli.face import Face
from socialguard.cli.words import _
from socialguard.model.context import context_of
from socialguard.workspace.opened import Workspace

if TYPE_CHECKING:
    from socialguard.publishing.interface import Session


def open_workspace(face: Face, *, may_ask: bool = True) -> Workspace:
    """Return the workspace of this run; a passphrase is asked for where one is needed and a person is there.

    `may_ask` False is for what stops: it goes on with a locked vault."""
    ask = None
    if may_ask and face.has_terminal:

        def ask() -> str:
            return terminal.ask_secret(_("Passphrase of this workspace:"))

    return Workspace(face.home, ask=ask)


def session_of(face: Face) -> "Session":
    """Return where the request comes from: a terminal session, or a script without context."""
    from socialguard.publishing.interface import Session

    operator = terminal.operator()
    if not face.has_terminal:
        return Session(None, operator)
    context = context_of(terminal.context_facts(), operator)
    return Session(None if context is None else context.id, operator)
