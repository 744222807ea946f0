"""The content checks, one small file each. All run on every delivery; adding one is a file and a line here."""

from collections.abc import Iterator
from typing import Final

from socialguard.guard.checks import alt, duplicate, empty, length, media, shape, twin
from socialguard.guard.interface import Check, Subject
from socialguard.model.finding import Finding

CHECKS: Final[dict[str, Check]] = {
    "empty": empty.check,
    "length": length.check,
    "media": media.check,
    "shape": shape.check,
    "alt": alt.check,
    "duplicate": duplicate.check,
    "twin": twin.check,
}
FIXED: Final = frozenset({"twin"})
"""Checks that no policy lowers: exactly once rests on them."""


def run_checks(subject: Subject) -> Iterator[Finding]:
    """Yield the findings of every check on one delivery."""
    for check in CHECKS.values():
        yield from check(subject)
