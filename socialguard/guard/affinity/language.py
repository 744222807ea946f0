"""Whether a text is in a language that its account does not write in.

In a portfolio that writes in one language no weight can be learned for it, so this is asked beside the scores,
where the account's own posts say that it would hardly ever be asked in vain."""

from typing import Final

import numpy as np

from socialguard.guard.affinity.counts import Counts
from socialguard.guard.affinity.features import BITS, Block, Features, Keys

FEWEST: Final = 30
"""Posts of an account whose language is sure, from which on its languages are known."""
_RARE: Final = 0.005
"""The part of an account's posts up to which a language is none of its own: such guesses are often wrong."""
_SHARE: Final = 0.5
"""The part of a rate of false alarms that this question may use."""
_START: Final = np.uint32(Block.LANGUAGE << BITS)


def is_foreign(features: Features, counts: Counts, rate: float) -> bool:
    """Return whether a text is surely in a language that the account of `counts` has (almost) never used. Where
    more than a share of `rate` of its own posts were of that kind, it is not asked."""
    own = features.keys[features.keys >= _START]
    keys, seen = counts.table
    used = seen[_start(keys) :]
    total = int(used.sum())
    if not len(own) or total < FEWEST or counts.of(own)[0] > _RARE * total:
        return False
    odd = used[used <= max(_RARE * total, 1)].sum()
    return bool(odd <= _SHARE * rate * total)


def _start(keys: Keys) -> int:
    return int(np.searchsorted(keys, _START))
