"""A linear judge of all that a text shows: the mean of two support vector machines, trained by dual coordinate
descent. One knows each account against all others, with a squared loss (Hsieh, Chang, Lin, Keerthi, Sundararajan
2008); one wants the right account ahead of the best wrong one (Crammer, Singer 2001; Keerthi, Sundararajan, Chang,
Hsieh, Lin 2008).

Where accounts of one house share their templates, counts see mostly the templates; this weighs what tells the
accounts apart, and how often each says what all say. Elsewhere it follows yesterday's topics too closely, so a
workspace uses it only where it proves itself on later posts (`calibration`)."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from socialguard.guard.affinity.counts import Floats, edges
from socialguard.guard.affinity.features import Block, Keys

_COST: Final = 1.0
"""What a post on the wrong side costs, beside the size of the weights (C)."""
_ROUNDS, _LAST_ROUNDS = 3, 5
"""How often all posts so far are learned when a lot was added, and when the last one was."""
_LOT: Final = 200
"""Posts that are learned together at least, later as many as all before: between two fits nothing is learned."""
MOST: Final = 32
"""Accounts that it is tried with: its time, and what must be loaded before a draft is judged, are (features of all
posts) × accounts."""
PRIOR: Final = 6.0
"""The weight of its margin in a score before a workspace is known."""


def seen(keys: Keys) -> Keys:
    """Return the part of a post's features that it looks at."""
    return keys[: edges(keys)[Block.CUES]]  # cues are among the habits


class Line:
    """What one account's side of the judge weighs: `keys` ascending, a weight each."""

    def __init__(self, keys: Keys, weights: NDArray[np.float32]) -> None:
        self.keys, self.weights = keys, weights

    def margin(self, features: Keys) -> float:
        """Return the account's margin for a post, about 1 where the post is its own."""
        wanted = seen(features)
        if not len(self.keys) or not len(wanted):
            return 0.0
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        return float(self.weights[at[self.keys[at] == wanted]].sum() / np.sqrt(len(wanted)))


class Trainer:
    """Learns posts, each as often as it is shown it."""

    def __init__(self, posts: Sequence[Keys], learned: NDArray[np.bool_], accounts: int) -> None:
        """`posts` are the features of all posts that will be asked about, `learned` says which it will learn. A
        feature of a single post tells nothing of another; rare ones tell more than usual ones."""
        looked = [seen(keys) for keys in posts]
        sizes = [len(keys) for keys in looked]
        keys, places = np.unique(np.concatenate(looked), return_inverse=True)
        known = np.bincount(places[np.repeat(learned, sizes)], minlength=len(keys))
        again = known > 1
        self._keys, known = keys[again], known[again]
        numbers = np.where(again, np.cumsum(again) - 1, -1)[places]
        rows = np.split(numbers, np.cumsum(sizes)[:-1])
        self._rows = [each[each >= 0] for each in rows]
        rarity = np.log((1 + learned.sum()) / (1 + known)) + 1
        self._rarity = rarity / np.sqrt(np.average(rarity**2, weights=known) if len(known) else 1.0)
        pairs = zip(self._rows, sizes, strict=True)
        self._values = [self._rarity[each] / np.sqrt(max(size, 1)) for each, size in pairs]
        self._weights = np.zeros((len(_STEPS), len(self._keys), accounts))
        self._pulls = np.zeros((len(_STEPS), len(posts), accounts))

    def margins(self, number: int) -> Floats:
        """Return each account's margin for post `number`."""
        near = self._weights[:, self._rows[number]].mean(axis=0)
        return np.asarray(self._values[number] @ near)

    def learn(self, number: int, owner: int) -> None:
        """Let post `number`, the account `owner`'s, pull at the weights as it should beside all others' pulls."""
        rows, values = self._rows[number], self._values[number]
        size = float(values @ values)
        if not size:
            return
        for step, weights, pulls in zip(_STEPS, self._weights, self._pulls, strict=True):
            near = weights[rows]
            pulled = step(values @ near, pulls[number], size, owner)
            change = pulled - pulls[number]
            if change.any():
                weights[rows] = near + np.multiply.outer(values, change)
                pulls[number] = pulled

    def lines(self) -> list[Line]:
        """Return what was learned of each account."""
        found = []
        for weights in (self._weights.mean(axis=0) * self._rarity[:, None]).T:
            used = np.flatnonzero(weights)
            found.append(Line(self._keys[used], weights[used].astype(np.float32)))
        return found


def against_all(margins: Floats, pulls: Floats, size: float, owner: int) -> Floats:
    """Return how a post should pull at each account, where its own margin should be above 1 and every other below
    -1."""
    sign = np.full(len(pulls), -1.0)
    sign[owner] = 1.0
    slope = sign * margins - 1 + np.abs(pulls) / (2 * _COST)
    return np.asarray(sign * np.maximum(np.abs(pulls) - slope / (size + 1 / (2 * _COST)), 0.0))


def ahead(margins: Floats, pulls: Floats, size: float, owner: int) -> Floats:
    """Return how a post should pull at each account, where its own margin should be 1 above the best other: down
    at those that come too near, and up at its own by as much."""
    most = np.zeros(len(pulls))
    most[owner] = _COST
    without = margins + 1 - size * pulls
    without[owner] -= 1
    heights = np.sort(without + size * most)[::-1]
    levels = (np.cumsum(heights) - size * _COST) / np.arange(1, len(pulls) + 1)
    low = np.flatnonzero(levels[:-1] >= heights[1:])
    level = levels[low[0] if len(low) else -1]
    return np.asarray(np.minimum(most, (level - without) / size))


_STEPS: Final[tuple[Callable[[Floats, Floats, float, int], Floats], ...]] = (against_all, ahead)


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
