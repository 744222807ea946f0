"""Second factors: how an account is logged in to at its network, as somebody saw it there and an owner signed."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from socialguard.model.text import marked


class Method(StrEnum):
    """The second factor of a log-in: an app's codes, a security key or passkey, a text message, none."""

    APP = "app"
    KEY = "key"
    SMS = "sms"
    NONE = "none"


WEAK: Final = (Method.SMS.value, Method.NONE.value)
"""What protects little: a number can be taken over."""
GOOD_FOR: Final = 90
"""Days after which somebody looks again."""


@dataclass(frozen=True, slots=True)
class Mfa:
    """What a member, `by` its id, saw at the network at an instant."""

    method: Method
    checked_at: datetime
    by: str


def weakness(
    mfa: Mfa | None, now: datetime, *, refused: Collection[str] = WEAK, days: int = GOOD_FOR
) -> tuple[str, dict[str, str]] | None:
    """Return what is wrong with the second factor of an account, as a sentence and its fields; None where it is
    one of those that count and was checked in the last `days`."""
    if mfa is None:
        return marked("nobody checked the second factor of its log-in"), {}
    if mfa.method.value in refused:
        return marked("the second factor of its log-in is: {method}"), {"method": mfa.method.value}
    if now - mfa.checked_at > timedelta(days=days):
        fields = {"date": f"{mfa.checked_at:%Y-%m-%d}", "days": str(days)}
        return marked("the second factor of its log-in was checked on {date}, over {days} days ago"), fields
    return None
