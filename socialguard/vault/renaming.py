"""Following a handle that a network gave to an account: the network has just said that the user is the same.

The short name, the client and everything that is queued stay: they hang on the account's id and on the user id,
which no renaming changes."""

import secrets
from typing import Final

from socialguard.model.account import AccountName
from socialguard.registry import changes, names
from socialguard.vault.custody import Custody

ACTION: Final = "account.take_name"
_CODE: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # as the switch guard's: no 0/O, 1/I/L


def code_for(custody: Custody, account_id: str, renamed: AccountName) -> str | None:
    """Return a code to type besides the new name, where that could be mistaken for another account (UTS 39)."""
    with custody.database.read() as connection:
        others = [one.handle for one in custody.manifest(connection).accounts if one.id != account_id]
    alike = {names.skeleton(handle) for handle in others if names.folded(handle) != names.folded(renamed.handle)}
    if renamed.handle.isascii() and names.skeleton(renamed.handle) not in alike:
        return None
    return "".join(secrets.choice(_CODE) for _ in range(4))


def take(custody: Custody, account_id: str, renamed: AccountName) -> None:
    """Sign the new handle of an account into the manifest. Raises UsageError where it cannot be had, or where the
    policy protects the account under the old name."""
    custody.amend(
        ACTION,
        account_id,
        lambda connection, owner, manifest: changes.set_handle(
            connection, owner, manifest, account_id, renamed.handle
        ),
        obj={"handle": renamed.handle},
    )
