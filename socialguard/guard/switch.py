"""The switch guard: when a person must name the account before a post goes there, and what they must type."""

import secrets
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from socialguard.guard.context import Remembered
from socialguard.model.account import Account, typed_client
from socialguard.model.challenge import Kind

# No 0/O, 1/I/L: read from a screen and typed.
_CODE_ALPHABET: Final = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
CODE_LENGTH: Final = 4


class Why(StrEnum):
    """Why a confirmation is demanded."""

    NEW = "new"
    IDLE = "idle"
    OUTSIDE = "outside"
    CLIENT = "client"
    SECURE = "secure"
    DOUBT = "doubt"


@dataclass(frozen=True, slots=True)
class Rules:
    """What policy says of one account: asked every time, and after how long a pause."""

    secure: bool = False
    reconfirm_after: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Demand:
    """A confirmation that is needed; `kind` is `switch`, `secure` or `several`, `expected` the name to type,
    followed by `code` where there is one."""

    kind: Kind
    why: Why
    expected: str
    code: str | None


def demand(
    targets: Sequence[Account],
    remembered: Remembered | None,
    previous_client: str | None,
    now: datetime,
    rules: Callable[[Account], Rules],
    needs_code: Callable[[Account], bool],
    *,
    in_doubt: bool = False,
) -> Demand | None:
    """Return what a person must confirm before anything goes to `targets`, or None inside the confirmed set,
    unless it is `in_doubt` that the text is meant for them.

    `previous_client` is the client of the context's last target; `needs_code` tells an account whose handle
    could be mistaken for another (UTS 39), which asks for a random code besides."""
    why = _why(targets, remembered, previous_client, now, rules) or (Why.DOUBT if in_doubt else None)
    if why is None:
        return None
    return _typed(targets, why, rules, needs_code)


def _why(
    targets: Sequence[Account],
    remembered: Remembered | None,
    previous_client: str | None,
    now: datetime,
    rules: Callable[[Account], Rules],
) -> Why | None:
    if any(rules(account).secure for account in targets):
        return Why.SECURE
    if remembered is None:
        return Why.NEW
    idle = now - remembered.used_at
    # A clock that went back proves nothing about how long the pause was.
    if idle < timedelta(0) or any(idle > rules(account).reconfirm_after for account in targets):
        return Why.IDLE
    if any(account.id not in remembered.account_ids for account in targets):
        return Why.OUTSIDE
    if any(account.client != previous_client for account in targets):
        return Why.CLIENT
    return None


def _typed(
    targets: Sequence[Account],
    why: Why,
    rules: Callable[[Account], Rules],
    needs_code: Callable[[Account], bool],
) -> Demand:
    secure = [account for account in targets if rules(account).secure]
    code = None
    if any(needs_code(account) for account in targets):
        code = "".join(secrets.choice(_CODE_ALPHABET) for _ in range(CODE_LENGTH))
    if len(targets) == 1:
        kind: Kind = "secure" if secure else "switch"
        words = [str(targets[0]) if secure else targets[0].short_name]
    else:
        kind = "several"
        clients = [typed_client(name) for name, _ in Counter(item.client for item in targets).most_common()]
        words = [str(len(targets)), *clients, *(str(account) for account in secure)]
    return Demand(kind, why, " ".join(words), code)
