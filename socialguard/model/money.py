"""Amounts: whole millionths of a US dollar everywhere, so that sums are exact; and what an operator allows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

MICROS: Final = 1_000_000
"""Millionths in one dollar."""
KEPT: Final = 20
"""Per cent of each budget that reading leaves for posts, where an operator says nothing else."""


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be spent in a calendar day and a calendar month, in millionths; None: as much as it takes."""

    day: int | None = None
    month: int | None = None


@dataclass(frozen=True, slots=True)
class Budgets:
    """The budget of the whole workspace, those of single clients, and how much of each is kept for posts."""

    total: Budget = field(default_factory=Budget)
    clients: Mapping[str, Budget] = field(default_factory=dict)
    kept_for_posts: int = KEPT


def dollars(micros: int) -> str:
    """Return an amount as `$0.015`: exact, with cents at least."""
    whole, rest = divmod(abs(micros), MICROS)
    cents = f"{rest:06d}".rstrip("0").ljust(2, "0")
    return f"{'-' if micros < 0 else ''}${whole}.{cents}"
