"""How well a post fits each account: smoothed log ratios of its features, summed per block.

For account c and feature f of a block, with n posts of c that had f, N features of c in all and u distinct ones
(Witten-Bell), and p the share of f over all accounts: L = log((n + u p) / (N + u)) - log p. Hashtags, mentions,
domains and words may each decide alone, so the blocks that look for them weaken an L that rests on few posts by
L²/(L² + v), v being its variance, and are not divided by the length of the text; the others are."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from socialguard.guard.affinity.counts import Counts, Floats, edges
from socialguard.guard.affinity.features import Block, Features


@dataclass(frozen=True, slots=True)
class Part:
    """One sum that a score is made of: over which block, `lone` as above, `floor` of its u, divided by what (None:
    the length of the text), and its weight before a workspace is known."""

    block: Block
    weight: float
    lone: bool = False
    floor: float = 20.0
    divisor: float | None = None


PARTS: Final = (
    Part(Block.CHARS, 0.18),
    Part(Block.SHAPE, 0.48),
    Part(Block.WORDS, 0.31),
    Part(Block.HABITS, 1.74),
    Part(Block.CUES, 6.9, lone=True, divisor=12.0),
    Part(Block.WORDS, 1.33, lone=True, divisor=12.0),
    Part(Block.DOMAIN, 1.0, floor=1.0, divisor=1.0),
    Part(Block.SETTING, 0.5, floor=1.0, divisor=1.0),
)
"""Weights that hold for most; each workspace moves them (`weights`)."""
PRIOR: Final = np.array([part.weight for part in PARTS])
SWAP, OUTSIDER = 0.1, 1.0
"""How much the own score counts, beside its comparison with the others', in the two suspicions."""
_SHARP: Final = 3.0
"""How much the best of the others stands out from the rest: many that fit a little, as templates fit all accounts
of a house, must not outweigh one that fits."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What some accounts have of one post's features: `seen` is features × accounts, `total` is over all
    accounts; `tokens` and `distinct` are accounts × blocks, `everything` is how many tokens all have per block;
    `at` is where each block starts in the features, `chars` the length of the text."""

    seen: Floats
    total: Floats
    tokens: Floats
    distinct: Floats
    everything: Floats
    at: NDArray[np.intp]
    chars: int


def sight(features: Features, accounts: Sequence[Counts]) -> Sight:
    """Return what `accounts` have of a post's features."""
    seen = np.stack([account.of(features.keys) for account in accounts], axis=1).astype(np.float64)
    tokens, distinct = (np.stack(sums) for sums in zip(*(account.sums for account in accounts), strict=True))
    everything = tokens.sum(axis=0) + 0.05 * distinct.sum(axis=0)
    at = edges(features.keys)
    return Sight(seen, seen.sum(axis=1), tokens, distinct, everything, at, features.chars)


def ratios(view: Sight, part: Part) -> Floats:
    """Return L for each feature of a part's block: features × accounts."""
    rows = slice(view.at[part.block], view.at[part.block + 1])
    total = view.total[rows, None]
    share = (total + 0.05) / max(float(view.everything[part.block]), 1.0)
    types = np.maximum(view.distinct[:, part.block], part.floor)
    expected = view.seen[rows] + types * share
    found: Floats = np.log(expected / ((view.tokens[:, part.block] + types) * share))
    if part.lone:
        square = found * found
        found *= square / (square + 1 / expected + 1 / (total + 1))
    return found


def parts(view: Sight) -> Floats:
    """Return the sums of each account: accounts × parts."""
    length = math.sqrt(view.chars + 20)
    sums = [ratios(view, part).sum(axis=0) / (part.divisor or length) for part in PARTS]
    return np.stack(sums, axis=1)


def suspicion(scores: Floats, beta: float) -> Floats:
    """Return, for each account as the target (last axis), how much more the others' scores speak for them:
    log Σ exp(others) - (1 + beta) own, the sum `_SHARP`. A single account has nobody beside it: -(1 + beta)
    own."""
    if scores.shape[-1] == 1:
        return -(1 + beta) * scores
    top = scores.max(axis=-1, keepdims=True)
    mass = np.exp(_SHARP * (scores - top))
    others = np.maximum(mass.sum(axis=-1, keepdims=True) - mass, 1e-300)
    return np.asarray(np.log(others) / _SHARP + top - (1 + beta) * scores)
