"""The past once more, post by post: what each account's score would have been before the post was learned.

Only such scores tell how the detector does on later posts; of those it has learned it knows too much."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from socialguard.guard.affinity.counts import edges
from socialguard.guard.affinity.features import BLOCKS, Features
from socialguard.guard.affinity.scores import PARTS, Sight, parts

WIDTH: Final = 32
"""Accounts that are looked at together: memory is (features of all posts) × this."""


def replay(
    posts: Sequence[Features], owners: NDArray[np.intp], accounts: int, asked: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Return the sums of the posts that are `asked` about, in their order: posts × accounts × parts."""
    keys, places = np.unique(np.concatenate([post.keys for post in posts]), return_inverse=True)
    rows = np.split(places, np.cumsum([len(post.keys) for post in posts])[:-1])
    starts = [edges(post.keys) for post in posts]
    found = np.zeros((int(asked.sum()), accounts, len(PARTS)), dtype=np.float32)
    for first in range(0, accounts, WIDTH):
        width = min(WIDTH, accounts - first)
        past = _Past(len(keys), width)
        at = 0
        for number, post in enumerate(posts):
            if asked[number]:
                found[at, first : first + width] = parts(past.sight(rows[number], starts[number], post.chars))
                at += 1
            past.learn(rows[number], starts[number], int(owners[number]) - first)
    return found


class _Past:
    """Counts of some accounts, as a table that grows post by post."""

    def __init__(self, features: int, width: int) -> None:
        self._seen = np.zeros((features, width), dtype=np.float32)
        self._total = np.zeros(features)
        self._tokens, self._distinct = np.zeros((width, BLOCKS)), np.zeros((width, BLOCKS))
        self._everything = np.zeros(BLOCKS)

    def sight(self, rows: NDArray[np.intp], at: NDArray[np.intp], chars: int) -> Sight:
        """Return what these accounts have of a post's features so far."""
        seen = self._seen[rows].astype(np.float64)
        return Sight(seen, self._total[rows], self._tokens, self._distinct, self._everything, at, chars)

    def learn(self, rows: NDArray[np.intp], at: NDArray[np.intp], owner: int) -> None:
        """Count a post of an account; one that is not among these counts for the whole only."""
        fresh = np.concatenate([[0], np.cumsum(self._total[rows] == 0)])[at]
        self._everything += np.diff(at) + 0.05 * np.diff(fresh)
        self._total[rows] += 1
        if not 0 <= owner < self._seen.shape[1]:
            return
        new = np.concatenate([[0], np.cumsum(self._seen[rows, owner] == 0)])[at]
        self._distinct[owner] += np.diff(new)
        self._tokens[owner] += np.diff(at)
        self._seen[rows, owner] += 1
