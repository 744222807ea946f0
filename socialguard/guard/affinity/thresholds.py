"""From which suspicion on a person is asked: per account, from what its own confirmed posts scored before they
were learned.

One account has too few posts for the rare edge, and accounts differ; so its own quantile is mixed with that of all
accounts, the more the more posts it has. What accounts write about moves on, in some faster than in others; so
each has a credit of questions, and where false alarms use it up, less is asked."""

from collections.abc import Sequence
from math import exp
from typing import Final

import numpy as np

from socialguard.guard.affinity.counts import Floats

KEPT: Final = 200
"""Scores that are kept per account: the newest."""
_TRUST: Final = 400
_SHARES: Final = (0.8, 0.7, 0.6, 0.5, 0.4, 0.3)
_CAUTION: Final = 0.7
"""What accounts write about moves on, so later posts are asked about more often than those that were measured."""
_AIM: Final = 0.9
"""The part of a rate that credit grows by with each genuine post."""
_CREDIT: Final = (-5.0, 1.0)
"""The least and the most: a year without a false alarm must not be answered by twenty in a row."""
_OWN, _COMMON = 0.3, 0.1
"""How strongly an account's own credit, and that of all together, move its rate."""
_RANGE: Final = (0.25, 1.5)
"""How far they may move it."""


def quantile(scores: Floats, rate: float) -> float:
    """Return the value that a further score of the same kind exceeds with probability `rate` at most (a conformal
    quantile); the greatest one where there are too few for that."""
    if not len(scores):
        return float("inf")
    rank = int(np.ceil((len(scores) + 1) * (1 - rate)))
    return float(np.sort(scores)[min(rank, len(scores)) - 1])


def limits(scores: Sequence[Floats], rates: Sequence[float]) -> list[tuple[float, float]]:
    """Return each account's two limits (swap, outsider) from the two suspicions of its posts (posts × 2) and its
    rate."""
    pool = np.concatenate(scores) if scores else np.zeros((0, 2))
    common = {rate: [quantile(pool[:, kind], rate) for kind in (0, 1)] for rate in set(rates)}
    found = []
    for own, rate in zip(scores, rates, strict=True):
        trust = len(own) / (len(own) + _TRUST)
        mixed = [
            trust * quantile(own[:, kind], rate) + (1 - trust) * common[rate][kind]
            if len(own)
            else common[rate][kind]
            for kind in (0, 1)
        ]
        found.append((mixed[0], mixed[1]))
    return found


def credited(credit: float, rate: float, *, asked: bool) -> float:
    """Return an account's credit after one more genuine post, which was asked about or not."""
    return min(max(credit + _AIM * rate - asked, _CREDIT[0]), _CREDIT[1])


def corrected(rates: Sequence[float], credits: Sequence[float]) -> list[float]:
    """Return accounts' rates as their credits leave them: above what is aimed at only where all together have
    credit."""
    common = min(max(exp(_COMMON * sum(credits)), _RANGE[0]), _RANGE[1])
    own = [min(max(exp(_OWN * credit), _RANGE[0]), 1.0) for credit in credits]
    return [rate * common * part for rate, part in zip(rates, own, strict=True)]


def share(scores: Sequence[Floats], rate: float) -> float:
    """Return the part of `rate` that each of the two questions may use, so that both together stay well within
    it."""
    for part in _SHARES:
        asked = [
            ((own > np.array(limit)).any(axis=1)).sum()
            for own, limit in zip(scores, limits(scores, [rate * part] * len(scores)), strict=True)
        ]
        if sum(asked) <= _CAUTION * rate * sum(map(len, scores)):
            return part
    return _SHARES[-1]


def drift(scores: Floats) -> float:
    """Return how far the newest quarter of an account's suspicions lies above the rest, in standard deviations of
    the rest."""
    cut = len(scores) - len(scores) // 4
    before, newest = scores[:cut], scores[cut:]
    return float((newest.mean() - before.mean()) / max(float(before.std()), 1e-9))
