"""A linear judge of words, trained online (AROW: Crammer, Kulesza, Dredze 2009), one against all for each account.

Where accounts of one house share their templates, counts see mostly the templates; this looks only for what
tells the accounts apart, and moves the weights of rare words first. Elsewhere it follows yesterday's topics too
closely, so a workspace uses it only where it proves itself on later posts (`calibration`)."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from socialguard.guard.affinity.counts import Floats, edges
from socialguard.guard.affinity.features import Block, Keys

_CAUTION: Final = 2.0
_ROUNDS: Final = 3
"""How often each lot of posts is learned."""
_LOT: Final = 200
"""Posts that are learned together at least, later as many as all before: between two fits nothing is learned."""
MOST: Final = 64
"""Accounts that it is tried with: time and memory are (words of all posts) × accounts."""
PRIOR: Final = 6.0
"""The weight of its margin in a score before a workspace is known."""


def words(keys: Keys) -> Keys:
    """Return the part of a post's features that it looks at."""
    at = edges(keys)
    return keys[at[Block.WORDS] : at[Block.WORDS + 1]]


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
    """Learns posts one after another, in the order of time."""

    def __init__(self, posts: Sequence[Keys], learned: NDArray[np.bool_], accounts: int) -> None:
        """`posts` are the features of all posts that will be asked about, `learned` says which it will learn. A
        word of a single post tells nothing of another."""
        looked = [words(keys) for keys in posts]
        sizes = [len(keys) for keys in looked]
        self._values = [1 / np.sqrt(max(size, 1)) for size in sizes]
        keys, places = np.unique(np.concatenate(looked), return_inverse=True)
        seen = np.bincount(places[np.repeat(learned, sizes)], minlength=len(keys))
        again = seen > 1
        self._keys, seen = keys[again], seen[again]
        numbers = np.where(again, np.cumsum(again) - 1, -1)[places]
        rows = np.split(numbers, np.cumsum(sizes)[:-1])
        self._rows = [each[each >= 0] for each in rows]
        self._weights = np.zeros((len(self._keys), accounts))
        rarity = np.log((1 + learned.sum()) / (1 + seen)) + 1
        usual = np.average(rarity**2, weights=seen) if len(seen) else 1.0
        self._doubt = np.repeat((rarity**2 / usual)[:, None], accounts, axis=1)

    def margins(self, number: int) -> Floats:
        """Return each account's margin for post `number`."""
        return np.asarray(self._weights[self._rows[number]].sum(axis=0) * self._values[number])

    def learn(self, number: int, owner: int) -> None:
        """Learn that post `number` is the account `owner`'s."""
        rows, value = self._rows[number], self._values[number]
        sign = np.full(self._weights.shape[1], -1.0)
        sign[owner] = 1.0
        weights = self._weights[rows]
        loss = 1 - sign * weights.sum(axis=0) * value
        if not len(rows) or (loss <= 0).all():
            return
        doubt = self._doubt[rows]
        firm = np.where(loss > 0, 1 / (doubt.sum(axis=0) * value**2 + _CAUTION), 0.0)
        self._weights[rows] = weights + doubt * (value * loss * firm * sign)
        self._doubt[rows] = doubt - firm * (doubt * value) ** 2

    def lines(self) -> list[Line]:
        """Return what was learned of each account."""
        found = []
        for weights in self._weights.T:
            used = np.flatnonzero(weights)
            found.append(Line(self._keys[used], weights[used].astype(np.float32)))
        return found


def replay(
    posts: Sequence[Keys], owners: NDArray[np.intp], accounts: int, learned: NDArray[np.bool_]
) -> tuple[Floats, list[Line]]:
    """Return each post's margins before its lot was learned (posts × accounts), and what was learned; posts that
    are not `learned` are looked at in the end."""
    margins = np.zeros((len(posts), accounts))
    trainer = Trainer(posts, learned, accounts)
    for lot in [*_lots(np.flatnonzero(learned)), np.flatnonzero(~learned)]:
        for number in lot:
            margins[number] = trainer.margins(number)
        for number in np.tile(lot, _ROUNDS):
            if learned[number]:
                trainer.learn(number, int(owners[number]))
    return margins, trainer.lines()


def _lots(numbers: NDArray[np.intp]) -> Iterator[NDArray[np.intp]]:
    """What is learned together, in the order of time."""
    last = 0
    while last < len(numbers):
        first, last = last, max(2 * last, _LOT)
        yield numbers[first:last]
