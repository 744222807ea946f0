"""What a workspace's own past says: how much each part of a score counts, whether the linear judge helps, and what
genuine posts score before they are learned; and how an account scores the posts of others: one with a wide
vocabulary suits them all a little, which must not make it everybody's suspect.

Nothing here is tuned to any data but the workspace's own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from socialguard.guard.affinity import linear
from socialguard.guard.affinity.counts import Floats
from socialguard.guard.affinity.features import Features
from socialguard.guard.affinity.linear import Line
from socialguard.guard.affinity.replay import replay
from socialguard.guard.affinity.scores import OUTSIDER, PRIOR, SWAP, suspicion
from socialguard.guard.affinity.thresholds import KEPT, quantile
from socialguard.guard.affinity.weights import fitted

ASKED: Final = 6_000
"""Posts that are replayed with scores, over all accounts."""
_FIRST: Final = 0.25
_HELD_OUT: Final = 0.25
_GAIN: Final = 0.02
_FINE: Final = 0.95
"""Wrong accounts that the counts find alone: no more can be gained that is worth the time."""
_SHARES: Final = (1.0, 0.25, 0.1)
"""Shares of the counts beside the linear judge that are tried: the likeliest mix is not the one that finds most at
few false alarms, where texts are mostly templates."""
_OFFSET: Final = 0.5


@dataclass(frozen=True, slots=True)
class Past:
    """Confirmed posts of a portfolio in the order of time, and the number of the account that each is from."""

    posts: Sequence[Features]
    owners: NDArray[np.intp]
    accounts: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found: weights of the parts (with the linear judge's last, where there are `lines`), the `level`
    of each account (what is taken off its score), and per account the two suspicions of its newest posts
    (posts × 2)."""

    weights: Floats
    levels: Floats
    lines: tuple[Line, ...] | None
    scores: tuple[Floats, ...]


def calibrate(past: Past) -> Calibration:
    """Replay the past and return what it says."""
    asked = _asked(past)
    owners = past.owners[asked]
    sums: Floats = replay(past.posts, past.owners, past.accounts, asked).astype(np.float64)
    weights, lines = PRIOR, None
    if past.accounts > 1 and len(owners):
        weights = fitted(sums, owners, PRIOR)
        with_lines = _linear(past, asked, sums) if past.accounts <= linear.MOST else None
        if with_lines is not None:
            sums, weights, lines = with_lines
    scores = sums @ weights
    levels = _levels(scores, owners)
    scores = scores - levels
    own = np.arange(len(owners)), owners
    both = np.stack([suspicion(scores, SWAP)[own], suspicion(scores, OUTSIDER)[own]], axis=1)
    kept = tuple(both[owners == account][-KEPT:] for account in range(past.accounts))
    return Calibration(weights, levels, lines, kept)


def _levels(scores: Floats, owners: NDArray[np.intp]) -> Floats:
    """How each account scores the posts of others, held against how accounts do that on the whole."""
    accounts = scores.shape[1]
    foreign = [scores[owners != account, account] for account in range(accounts)]
    if accounts < 2 or not all(map(len, foreign)):
        return np.zeros(accounts)
    means = np.array([one.mean() for one in foreign])
    return np.asarray(_OFFSET * (means - means.mean()))


def _asked(past: Past) -> NDArray[np.bool_]:
    """Not the first quarter of an account, when too little was known, and no more than `ASKED` in all."""
    most = max(ASKED // max(past.accounts, 1), 50)
    asked = np.zeros(len(past.owners), dtype=bool)
    for account in range(past.accounts):
        own = np.flatnonzero(past.owners == account)
        asked[own[max(int(np.ceil(_FIRST * len(own))), len(own) - most) :]] = True
    return asked


def _late(past: Past, asked: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Of each account's posts that are asked about, the last."""
    late = np.zeros(len(asked), dtype=bool)
    for account in range(past.accounts):
        own = np.flatnonzero((past.owners == account) & asked)
        late[own[int((1 - _HELD_OUT) * len(own)) :]] = True
    return late


def _linear(past: Past, asked: NDArray[np.bool_], sums: Floats) -> tuple[Floats, Floats, tuple[Line, ...]] | None:
    """The linear judge beside the counts, if posts that it has not learned are told apart better."""
    owners = past.owners[asked]
    late = _late(past, asked)
    test = late[asked]
    plain = _recall(sums[test] @ fitted(sums[~test], owners[~test], PRIOR), owners[test])
    if plain > _FINE:
        return None
    keys = [post.keys for post in past.posts]
    margins, _ = linear.replay(keys, past.owners, past.accounts, ~late)
    joined = np.concatenate([sums, margins[asked][:, :, None]], axis=2)
    mixes = _mixes(joined[~test], owners[~test])
    recalls = [_recall(joined[test] @ mix, owners[test]) for mix in mixes]
    if max(recalls) < plain + _GAIN:
        return None
    margins, lines = linear.replay(keys, past.owners, past.accounts, np.ones(len(keys), dtype=bool))
    joined = np.concatenate([sums, margins[asked][:, :, None]], axis=2)
    return joined, _mixes(joined, owners)[int(np.argmax(recalls))], tuple(lines)


def _mixes(joined: Floats, owners: NDArray[np.intp]) -> list[Floats]:
    """Weights of the parts and of the linear judge: the likeliest, and with less of the parts."""
    found = fitted(joined, owners, np.append(PRIOR, linear.PRIOR))
    return [np.append(share * found[:-1], found[-1]) for share in _SHARES]


def _recall(scores: Floats, owners: NDArray[np.intp]) -> float:
    """Which part of posts on each wrong account would be asked about, if one in fifty of the genuine ones were."""
    if not len(owners):
        return 1.0
    found = suspicion(scores, SWAP)
    own = np.arange(scores.shape[1]) == owners[:, None]
    return float((found[~own] > quantile(found[own], 0.02)).mean())
