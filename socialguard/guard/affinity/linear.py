"""A linear judge of words, trained online (AROW: Crammer, Kulesza, Dredze 2009), one against all for each account.

Where accounts of one house share their templates, counts see mostly the templates; this looks only for what
tells the accounts apart. Elsewhere it follows yesterday's topics too closely, so a workspace uses it only where
it proves itself on later posts (`calibration`)."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from socialguard.guard.affinity.counts import Floats, edges
from socialguard.guard.affinity.features import Block, Keys

_CAUTION: Final = 1.0
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

    def __init__(self, posts: Sequence[Keys], accounts: int) -> None:
        """`posts` are the features of all posts that will be asked about."""
        looked = [words(keys) for keys in posts]
        self._keys, places = np.unique(np.concatenate(looked), return_inverse=True)
        self._rows = np.split(places, np.cumsum([len(keys) for keys in looked])[:-1])
        self._weights = np.zeros((len(self._keys), accounts))
        self._doubt = np.ones((len(self._keys), accounts))

    def margins(self, number: int) -> Floats:
        """Return each account's margin for post `number`."""
        rows = self._rows[number]
        return np.asarray(self._weights[rows].sum(axis=0) / np.sqrt(max(len(rows), 1)))

    def learn(self, number: int, owner: int) -> None:
        """Learn that post `number` is the account `owner`'s."""
        rows = self._rows[number]
        if not len(rows):
            return
        value = 1 / np.sqrt(len(rows))
        sign = np.full(self._weights.shape[1], -1.0)
        sign[owner] = 1.0
        weights, doubt = self._weights[rows], self._doubt[rows]
        loss = 1 - sign * weights.sum(axis=0) * value
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
    """Return each post's margins before it was learned (posts × accounts), and what was learned; posts that are
    not `learned` are only looked at."""
    trainer = Trainer(posts, accounts)
    margins = np.zeros((len(posts), accounts))
    for number, owner in enumerate(owners):
        margins[number] = trainer.margins(number)
        if learned[number]:
            trainer.learn(number, int(owner))
    return margins, trainer.lines()
