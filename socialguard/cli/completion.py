"""Shell completion for bash, zsh and fish, account names included.

The names come from a small file that whoever changes accounts writes with `remember_accounts`: completing a word
opens no database and no vault, and a file that is absent or broken completes nothing."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SHELLS: Final = ("bash", "zsh", "fish")
PROGRAM: Final = "socialguard"
VARIABLE: Final = "_SOCIALGUARD_COMPLETE"
_FILE: Final = ("cache", "accounts.json")
_FILE_LIMIT: Final = 4_000_000

if TYPE_CHECKING:
    _ParamType = click.ParamType[str]
else:
    _ParamType = click.ParamType  # generic only from click 8.5 on


class SelectorType(_ParamType):
    """Accounts as people select them; completes accounts, short names, clients and labels."""

    name = "selector"
    _keys: tuple[str, ...] = ("accounts", "short_names", "clients", "labels")

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> "list[CompletionItem]":
        """Return the remembered names that begin with what stands there."""
        from click.shell_completion import CompletionItem

        from socialguard.cli.face import Face

        face = ctx.find_object(Face) or Face()
        known = remembered_accounts(face.home)
        names = (name for key in self._keys for name in known.get(key, ()))
        return [CompletionItem(name) for name in names if name.startswith(incomplete)]


class AccountType(SelectorType):
    """One account; completes accounts and short names."""

    name = "account"
    _keys = ("accounts", "short_names")


def remember_accounts(
    home: Path,
    *,
    accounts: Iterable[str],
    short_names: Iterable[str] = (),
    clients: Iterable[str] = (),
    labels: Iterable[str] = (),
) -> None:
    """Write the names that completion offers: `x:@acme`, short names, and clients and labels without prefix; a
    client as it is typed, without spaces (docs/decisions/0009). It is a convenience: that it cannot be written
    harms nothing."""
    from socialguard.model.account import typed_client
    from socialguard.store import small_file

    document = {
        "accounts": sorted(accounts),
        "short_names": sorted(short_names),
        "clients": sorted({f"client:{typed_client(name)}" for name in clients}),
        "labels": sorted(f"label:{name}" for name in labels),
    }
    small_file.write(home.joinpath(*_FILE), document)


def remembered_accounts(home: Path) -> Mapping[str, tuple[str, ...]]:
    """Return the remembered names; nothing where the file is absent, broken or too large.

    Names that hold anything but plain printable characters are left out: a shell would act on them."""
    import json

    from socialguard.model import bounded
    from socialguard.model.text import has_hidden

    try:
        document = json.loads(bounded.read(home.joinpath(*_FILE), _FILE_LIMIT))
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(document, dict):
        return {}
    return {
        str(key): tuple(
            name for name in names if isinstance(name, str) and not has_hidden(name) and not _is_shell_active(name)
        )
        for key, names in document.items()
        if isinstance(names, list)
    }


def source(shell: str) -> str:
    """Return the code that a shell sources to complete our words."""
    from click.shell_completion import get_completion_class

    from socialguard.cli import bash_completion as bash_completion  # it takes the place of click's own
    from socialguard.cli.main import root

    made = get_completion_class(shell)
    assert made is not None
    return made(root(), {}, PROGRAM, VARIABLE).source()


def _is_shell_active(name: str) -> bool:
    return any(char in " \"'`$\\;&|<>(){}[]*?!#~,\n\t" for char in name)
