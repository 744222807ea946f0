"""Every command of the program: its words, where it lives and its one line of help.

`socialguard --help` reads only this table; a command's module is imported when the command runs. A row stands here
exactly when its module does, and a test holds each row's help against the command's own."""

from collections.abc import Mapping
from typing import Final, NamedTuple

ROOM: Final = "socialguard.cli.commands"


class Row(NamedTuple):
    """One command: the module below `cli.commands`, the name of the click command in it, its first help line."""

    module: str
    attribute: str
    help: str


# In the order in which `--help` shows them: set up, post, stop, watch, then the rest.
TABLE: Final[Mapping[str, Row]] = {
    "sandbox serve": Row("sandbox", "serve", "Serve X and Facebook on this machine, for trying things out."),
    "completion": Row("completion", "completion", "Print shell code that completes commands and account names."),
    "version": Row("version", "version", "Print the version of this program."),
}

GROUPS: Final[Mapping[str, str]] = {
    "account": "Accounts: who they are and what proves it.",
    "audit": "The log of who did what, and its proof.",
    "draft": "Texts that were kept.",
    "policy": "The rules that protect accounts.",
    "queue": "Deliveries that wait, went out or are in doubt.",
    "sandbox": "Networks on this machine, for trying things out.",
    "vault": "Keys, credentials and their recovery.",
    "workspace": "This installation.",
}


def names_below(prefix: str) -> list[str]:
    """Return the words that may follow `prefix` ('' or a group), in the table's order and each once."""
    start = f"{prefix} " if prefix else ""
    return list(dict.fromkeys(name[len(start) :].split(" ")[0] for name in TABLE if name.startswith(start)))


def help_of(name: str) -> str:
    """Return the help line of a command or a group."""
    return TABLE[name].help if name in TABLE else GROUPS[name]
