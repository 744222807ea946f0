"""Count what requests cost, by operation, until somebody takes the count and books it.

A network charges for what it returns, so the units are counted on each answer as it came, before anybody reads it:
an answer that we do not understand was paid for too. One whose bytes never came may have been charged as well; no
client can know, and it counts as a call without units."""

from collections.abc import Mapping

from socialguard.model.activity import Charge


class Meter:
    """Calls and units by operation; `prices` is what one unit of an operation costs, nothing where it is not
    named."""

    def __init__(self, prices: Mapping[str, int]) -> None:
        self._prices = prices
        self._noted: dict[str, tuple[int, int]] = {}

    def note(self, operation: str, units: int) -> None:
        """Count one call of `operation` that returned `units`."""
        calls, before = self._noted.get(operation, (0, 0))
        self._noted[operation] = (calls + 1, before + units)

    def take(self) -> tuple[Charge, ...]:
        """Return the count since the last time, by operation, and begin anew."""
        noted, self._noted = self._noted, {}
        return tuple(
            Charge(operation, calls, units, units * self._prices.get(operation, 0))
            for operation, (calls, units) in sorted(noted.items())
        )


def units_of(document: Mapping[str, object] | None) -> int:
    """Return how many objects an answer holds in its `data`: those of a list, one that stands alone, or none."""
    data = (document or {}).get("data")
    if isinstance(data, list):
        return len(data)
    return 1 if isinstance(data, Mapping) else 0
