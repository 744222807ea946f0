"""Files of own posts; written next."""

from socialguard.backup.interface import Desk, Outcome, Stop


def fetch(desk: Desk, outcome: Outcome, stop: Stop) -> None:
    """Fetch."""
