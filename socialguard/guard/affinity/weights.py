"""How much each part of a score counts in one workspace: a conditional logit over its own later posts.

The fitted weights are drawn towards the general ones by a Gaussian prior: a workspace has few posts."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from socialguard.guard.affinity.counts import Floats

_PRECISION: Final = 3.0
_STEPS: Final = 15


def fitted(sums: Floats, owners: NDArray[np.intp], prior: Floats) -> Floats:
    """Return weights for posts × accounts × parts, given whose each post was."""
    weights = prior.copy()
    precision = _PRECISION / np.maximum(prior, 0.3) ** 2
    loss = _loss(sums, owners, weights, prior, precision)
    for _ in range(_STEPS):
        step = _newton(sums, owners, weights, prior, precision)
        size = 1.0
        while size > 1e-4:  # an undamped step can diverge
            moved = np.maximum(weights - size * step, 0.0)
            now = _loss(sums, owners, moved, prior, precision)
            if now < loss:
                break
            size /= 2
        else:
            break
        weights, gain, loss = moved, loss - now, now
        if gain < 1e-4:
            break
    return weights


def _shares(scores: Floats) -> tuple[Floats, Floats]:
    top = scores.max(axis=1, keepdims=True)
    mass = np.exp(scores - top)
    total = mass.sum(axis=1, keepdims=True)
    return mass / total, (np.log(total) + top)[:, 0]


def _loss(sums: Floats, owners: NDArray[np.intp], weights: Floats, prior: Floats, precision: Floats) -> float:
    scores = sums @ weights
    _, total = _shares(scores)
    own = scores[np.arange(len(owners)), owners]
    return float((total - own).sum() + 0.5 * (precision * (weights - prior) ** 2).sum())


def _newton(sums: Floats, owners: NDArray[np.intp], weights: Floats, prior: Floats, precision: Floats) -> Floats:
    shares, _ = _shares(sums @ weights)
    mean = np.einsum("pa,pak->pk", shares, sums)
    slope = (mean - sums[np.arange(len(owners)), owners]).sum(axis=0) + precision * (weights - prior)
    flat = sums.reshape(-1, sums.shape[2])
    curve = (flat * shares.reshape(-1, 1)).T @ flat - mean.T @ mean + np.diag(precision)
    return np.asarray(np.linalg.solve(curve, slope))
