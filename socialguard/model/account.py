"""Accounts and how people name them."""

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from socialguard import errors
from socialguard.model.mfa import Mfa
from socialguard.model.text import has_hidden

_NETWORK: Final = re.compile(r"[a-z][a-z0-9-]{0,31}")
_MAX_HANDLE: Final = 256


@dataclass(frozen=True, slots=True, order=True)
class AccountName:
    """`x:@acme`: one identity on one network as people write it."""

    network: str
    handle: str

    def __str__(self) -> str:
        return f"{self.network}:@{self.handle}"

    @classmethod
    def parse(cls, text: str) -> "AccountName":
        """Return the name that `x:@acme` or `x:acme` writes.

        Raises UsageError for another form, or a handle with control, bidi or invisible characters."""
        network, colon, handle = text.partition(":")
        handle = handle.removeprefix("@")
        if not colon or not _NETWORK.fullmatch(network) or not handle or len(handle) > _MAX_HANDLE:
            raise errors.UsageError(detail=f"{text} is not an account; write it as x:@acme.")
        if has_hidden(handle) or any(char.isspace() or char in "@:,+#" for char in handle):
            raise errors.UsageError(detail=f"{text} holds characters that no handle may have.")
        return cls(network, handle)


def typed_client(client: str) -> str:
    """Return a client's name as it is typed and selected: `Ville de Lyon` is `ville-de-lyon`, `Musée d’Orsay` is
    `musée-d-orsay`: no keyboard has that apostrophe, and to a shell the other one is a quotation mark."""
    plain = unicodedata.normalize("NFC", client.replace("’", " ").replace("'", " "))
    return "-".join(plain.casefold().split())


class AccountState(StrEnum):
    """Where an account stands in its life."""

    ACTIVE = "active"
    ROTATION_DUE = "rotation_due"
    REVOCATION_PENDING = "revocation_pending"
    REVOKED = "revoked"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Account:
    """One account. `id`, `network`, `user_id`, `handle`, `origin`, `client`, `short_name`, `attended` and
    `mfa` are as the signed manifest says; the rest is what the registry knows beside it."""

    id: str
    network: str
    handle: str
    user_id: str
    origin: str
    client: str
    short_name: str
    attended: bool = False
    display_name: str = ""
    followers: int | None = None
    labels: tuple[str, ...] = ()
    zone: str = "UTC"
    state: AccountState = AccountState.ACTIVE
    mfa: Mfa | None = None

    @property
    def name(self) -> AccountName:
        """The account as people write it."""
        return AccountName(self.network, self.handle)

    @property
    def is_usable(self) -> bool:
        """Whether its credential may still be used: it was not revoked, and the account not removed."""
        return self.state in (AccountState.ACTIVE, AccountState.ROTATION_DUE)

    def __str__(self) -> str:
        return str(self.name)
