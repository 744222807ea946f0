"""Why: the language, words, hashtags, mentions, domains and emoji that speak most against a target, with their
counts."""

from typing import Final

import numpy as np

from socialguard.guard.affinity.counts import Floats
from socialguard.guard.affinity.features import BITS, Block, Features, named
from socialguard.guard.affinity.post import Post
from socialguard.guard.affinity.scores import PARTS, Sight, ratios
from socialguard.model.doubt import Reason

STRONGEST: Final = 3


def reasons(
    post: Post, features: Features, view: Sight, weights: Floats, target: int, other: int | None
) -> tuple[Reason, ...]:
    """Return the strongest reasons, strongest first: for account `other` and against `target` (both columns of
    `view`), or against `target` alone where `other` is None."""
    against = np.zeros(len(features.keys))
    for number, part in enumerate(PARTS):
        found = ratios(view, part)
        gain = -found[:, target] if other is None else found[:, other] - found[:, target]
        at = slice(view.at[part.block], view.at[part.block + 1])
        against[at] += weights[number] * gain / (part.divisor or 12.0)
    words = named(post)
    against[features.keys >= Block.LANGUAGE << BITS] = np.inf  # no score is made of it, and it says most
    places = [place for place, key in enumerate(features.keys.tolist()) if key in words and against[place] > 0]
    places.sort(key=lambda place: (-against[place], words[int(features.keys[place])]))
    told: dict[str, Reason] = {}
    for place in places:
        sign, value = words[int(features.keys[place])]
        there = 0 if other is None else int(view.seen[place, other])
        here = int(view.seen[place, target])
        if there > here or (other is None and not here):
            told.setdefault(value.lower(), Reason(sign, value, there, here))
    return tuple(told.values())[:STRONGEST] or (Reason("style", "", 0, 0),)
