"""How often each feature was seen in the confirmed posts of one account."""

import numpy as np
from numpy.typing import NDArray

from socialguard.guard.affinity.features import BITS, BLOCKS, Features, Keys

Floats = NDArray[np.float64]
EDGES = (np.arange(BLOCKS + 1, dtype=np.uint64) << np.uint64(BITS)).astype(np.uint64)
"""Where each block starts in ascending keys, and where the last one ends."""


def edges(keys: Keys) -> NDArray[np.intp]:
    """Return where each block starts in ascending `keys`, and where the last one ends."""
    return np.searchsorted(keys, EDGES)


class Counts:
    """The counts of one account: `keys` ascending with the number of posts that had each in `seen`; per block,
    `tokens` features in all and `distinct` ones. Posts are added at once but sorted in later, many together."""

    def __init__(self, keys: Keys, seen: NDArray[np.uint32], posts: int) -> None:
        self.posts = posts
        self._keys, self._seen = keys, seen
        self._added: list[Keys] = []
        self._sums: tuple[Floats, Floats] | None = None

    @classmethod
    def empty(cls) -> "Counts":
        """Return the counts of no post."""
        return cls(np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint32), 0)

    def add(self, features: Features) -> None:
        """Count one more post."""
        self._added.append(features.keys)
        self.posts += 1

    @property
    def table(self) -> tuple[Keys, NDArray[np.uint32]]:
        """All keys, ascending, and how many posts had each."""
        if self._added:
            self._sort_in()
        return self._keys, self._seen

    @property
    def sums(self) -> tuple[Floats, Floats]:
        """Per block: how many features were seen in all, and how many distinct ones."""
        keys, seen = self.table
        if self._sums is None:
            at = edges(keys)
            total = np.concatenate([[0], np.cumsum(seen, dtype=np.float64)])
            self._sums = np.diff(total[at]), np.diff(at).astype(np.float64)
        return self._sums

    def of(self, wanted: Keys) -> NDArray[np.uint32]:
        """Return how many posts had each of the `wanted` features."""
        keys, seen = self.table
        if not len(keys):
            return np.zeros(len(wanted), dtype=np.uint32)
        at = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[at] == wanted, seen[at], np.uint32(0))

    def _sort_in(self) -> None:
        new, count = np.unique(np.concatenate(self._added), return_counts=True)
        self._added.clear()
        self._sums = None
        at = np.searchsorted(self._keys, new)
        known = np.zeros(len(new), dtype=bool)
        if len(self._keys):
            known = self._keys[np.minimum(at, len(self._keys) - 1)] == new
        seen = self._seen.copy()  # what was loaded may lie in read-only bytes
        seen[at[known]] += count[known].astype(np.uint32)
        self._keys = np.insert(self._keys, at[~known], new[~known])
        self._seen = np.insert(seen, at[~known], count[~known].astype(np.uint32))
