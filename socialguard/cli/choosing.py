"""Which accounts a command acts on: those that are named, or all where that was said. Nothing named is nothing
meant."""

from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from socialguard import errors
from socialguard.cli.options import selector_arguments
from socialguard.cli.words import _
from socialguard.model.account import Account
from socialguard.workspace.opened import Workspace

F = TypeVar("F", bound=Callable[..., object])


def accounts_or_all(function: F) -> F:
    """Add accounts as arguments, and `--all`."""
    with_all = click.option("--all", "everything", is_flag=True, help="Every account.")(function)
    return selector_arguments(required=False)(with_all)


def require_some(selectors: Sequence[str], everything: bool) -> None:
    """Raise UsageError unless accounts are named or all are asked for, and not both."""
    if everything == bool(selectors):
        raise errors.UsageError(detail=_("Name accounts, clients or labels, or --all; not both."))


def chosen(workspace: Workspace, selectors: Sequence[str], everything: bool) -> tuple[Account, ...]:
    """Return the accounts that are meant; raises UsageError also where `--all` finds none."""
    require_some(selectors, everything)
    if not everything:
        with workspace.database.read() as connection:
            return workspace.trust.resolve(connection, selectors)
    found = workspace.accounts()
    if not found:
        raise errors.UsageError(
            detail="There is no account yet.", remedy="Run: socialguard account add x:@acme --credential -"
        )
    return found
