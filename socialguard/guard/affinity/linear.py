"""A linear judge of words and their letters: support vector machines with a squared loss, one against all for each
account, trained by dual coordinate descent (Hsieh, Chang, Lin, Keerthi, Sundararajan 2008).

Where accounts of one house share their templates, counts see mostly the templates; this weighs what tells the
accounts apart, and how often each says what all say. Elsewhere it follows yesterday's topics too closely, so a
workspace uses it only where it proves itself on later posts (`calibration`)."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from socialguard.guard.affinity.counts import Floats, edges
from socialguard.guard.affinity.features import Block, Keys

_COST: Final = 1.0
"""What a post on the wrong side costs, beside the size of the weights (C)."""
_ROUNDS, _LAST_ROUNDS = 3, 8
"""How often all posts so far are learned when a lot was added, and when the last one was."""
_LOT: Final = 200
"""Posts that are learned together at least, later as many as all before: between two fits nothing is learned."""
MOST: Final = 64
"""Accounts that it is tried with: time and memory are (words of all posts) × accounts."""
PRIOR: Final = 6.0
"""The weight of its margin in a score before a workspace is known."""


def words(keys: Keys) -> Keys:
    """Return the part of a post's features that it looks at."""
    at = edges(keys)
    return np.concatenate([keys[at[block] : at[block + 1]] for block in (Block.CHARS, Block.WORDS)])


class Line:
    """What one account's side of the judge weighs: `keys` ascending, a weight each."""

    def __init__(self, keys: Keys, weights: NDArray[np.float32]) -> None:
        self.keys, self.weights = keys, weights

    def margin(self, features: Keys) -> float:
        """Return the account's margin for a post, about 1 where the post is its own."""
        wanted = words(features)
        if not len(self.keys) or not len(wanted):
            return 0.0
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return float(self.weights[at[self.keys[at] == wanted]].sum() / np.sqrt(len(wanted)))


class Trainer:
    """Learns posts, each as often as it is shown it."""

    def __init__(self, posts: Sequence[Keys], learned: NDArray[np.bool_], accounts: int) -> None:
        """`posts` are the features of all posts that will be asked about, `learned` says which it will learn. A
        word of a single post tells nothing of another; rare ones tell more than usual ones."""
        looked = [words(keys) for keys in posts]
        sizes = [len(keys) for keys in looked]
        keys, places = np.unique(np.concatenate(looked), return_inverse=True)
        seen = np.bincount(places[np.repeat(learned, sizes)], minlength=len(keys))
        again = seen > 1
        self._keys, seen = keys[again], seen[again]
        numbers = np.where(again, np.cumsum(again) - 1, -1)[places]
        rows = np.split(numbers, np.cumsum(sizes)[:-1])
        self._rows = [each[each >= 0] for each in rows]
        rarity = np.log((1 + learned.sum()) / (1 + seen)) + 1
        self._rarity = rarity / np.sqrt(np.average(rarity**2, weights=seen) if len(seen) else 1.0)
        pairs = zip(self._rows, sizes, strict=True)
        self._values = [self._rarity[each] / np.sqrt(max(size, 1)) for each, size in pairs]
        self._weights = np.zeros((len(self._keys), accounts))
        self._pulls = np.zeros((len(posts), accounts))

    def margins(self, number: int) -> Floats:
        """Return each account's margin for post `number`."""
        return np.asarray(self._values[number] @ self._weights[self._rows[number]])

    def learn(self, number: int, owner: int) -> None:
        """Let post `number`, the account `owner`'s, pull at the weights as it should beside all others' pulls."""
        rows, values, pulls = self._rows[number], self._values[number], self._pulls[number]
        sign = np.full(self._weights.shape[1], -1.0)
        sign[owner] = 1.0
        weights = self._weights[rows]
        slope = sign * (values @ weights) - 1 + pulls / (2 * _COST)
        pulled = np.maximum(pulls - slope / (values @ values + 1 / (2 * _COST)), 0.0)
        self._weights[rows] = weights + np.outer(values, (pulled - pulls) * sign)
        self._pulls[number] = pulled

    def lines(self) -> list[Line]:
        """Return what was learned of each account."""
        found = []
        for weights in (self._weights * self._rarity[:, None]).T:
            used = np.flatnonzero(weights)
            found.append(Line(self._keys[used], weights[used].astype(np.float32)))
        return found


def replay(
    posts: Sequence[Keys], owners: NDArray[np.intp], accounts: int, learned: NDArray[np.bool_]
) -> tuple[Floats, list[Line]]:
    """Return each post's margins before its lot was learned (posts × accounts), and what was learned; posts that
    are not `learned` are looked at in the end."""
    margins = np.zeros((len(posts), accounts))
    trainer, chance = Trainer(posts, learned, accounts), np.random.default_rng(0)
    every, known = np.flatnonzero(learned), 0
    for lot in _lots(every):
        for number in lot:
            margins[number] = trainer.margins(int(number))
        known += len(lot)
        for _ in range(_ROUNDS if known < len(every) else _LAST_ROUNDS):
            for number in chance.permutation(every[:known]):
                trainer.learn(number, int(owners[number]))
    for number in np.flatnonzero(~learned):
        margins[number] = trainer.margins(int(number))
    return margins, trainer.lines()


def _lots(numbers: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """What is learned together, in the order of time."""
    last = 0
    while last < len(numbers):
        first, last = last, max(2 * last, _LOT)
        yield numbers[first:last]
