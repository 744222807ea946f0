"""A person at a prompt who means well, is in a hurry, or types something else; and what each of them types."""

from collections.abc import Sequence
from typing import Final

from hypothesis import strategies as st

from tests.wrong_account.firm import ACCOUNTS, SHORT_NAMES

RIGHT: Final = "right"
ENTER: Final = "enter"
KINDS: Final = (
    RIGHT,
    RIGHT,
    RIGHT,
    ENTER,
    "another account",
    "full handle",
    "trailing space",
    "leading space",
    "other case",
    "one letter short",
    "without the code",
    "stale code",
    "yes",
    "look-alike letter",
    "invisible letter",
)
answers = st.lists(st.sampled_from(KINDS), min_size=1, max_size=3)


def typed(kind: str, wanted: str, targets: Sequence[str], code: str | None) -> str:
    """Return what a person of that kind types where `wanted` would be right; it may be right by chance."""
    name = wanted if code is None else wanted.removesuffix(f" {code}")
    others = [SHORT_NAMES[account] for account in ACCOUNTS if account not in targets]
    said = {
        RIGHT: wanted,
        ENTER: "",
        "another account": (others or ["nobody"])[0],
        "full handle": targets[0],
        "trailing space": f"{wanted} ",
        "leading space": f" {wanted}",
        "other case": wanted.upper(),
        "one letter short": wanted[:-1],
        "without the code": name,
        "stale code": f"{name} AAAA",
        "yes": "yes",
        "look-alike letter": wanted.replace("e", "\u0435").replace("a", "\u0430"),
        "invisible letter": f"{wanted}\u200b",
    }
    return said[kind]
