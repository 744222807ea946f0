"""The detector: learns what a portfolio's accounts publish, and judges whether a draft reads like its target."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from os import PathLike
from pathlib import Path
from typing import Final

import numpy as np

from socialguard.guard.affinity import memory, thresholds
from socialguard.guard.affinity.counts import Floats
from socialguard.guard.affinity.explain import reasons
from socialguard.guard.affinity.features import Features, extract
from socialguard.guard.affinity.language import is_foreign
from socialguard.guard.affinity.memory import Memory
from socialguard.guard.affinity.post import Post
from socialguard.guard.affinity.scores import (
    OUTSIDER,
    PARTS,
    PRIOR,
    SWAP,
    Sight,
    parts,
    sight,
    suspicion,
)
from socialguard.model.doubt import Reason

ENOUGH: Final = 30
"""Confirmed posts from which on an account is judged and compared."""
RATE: Final = 0.02


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is said of a draft. `enough` is whether the target has enough history: without, nothing is asked.

    `own` is the target's score and `other` the best one of the accounts beside it, `best_other` (None where
    there is none). `swap` and `outsider` are suspicions (another account of ours, none of ours), each with the
    threshold above which a person is asked. Then `reads_like` is the account that the draft reads like, or
    `like_none` is true, and `reasons` say why."""

    target: str
    enough: bool
    own: float = 0.0
    best_other: str | None = None
    other: float = 0.0
    swap: float = float("-inf")
    swap_threshold: float = float("inf")
    outsider: float = float("-inf")
    outsider_threshold: float = float("inf")
    reads_like: str | None = None
    like_none: bool = False
    reasons: tuple[Reason, ...] = ()

    @property
    def asks(self) -> bool:
        """Whether a person should be asked."""
        return self.reads_like is not None or self.like_none


@dataclass(frozen=True, slots=True)
class _Look:
    """A draft as the accounts `names` see it."""

    features: Features
    view: Sight
    names: list[str]
    scores: Floats
    swaps: Floats
    outsiders: Floats


class Portfolio:
    """The accounts that one person may confuse. Posts are learned one by one, those of each account in the order
    of time, and only if they are confirmed as the account's; `calibrate` then finds weights and thresholds.

    `rate` is the part of genuine posts that may be asked about, for both questions together."""

    def __init__(self, rate: float = RATE) -> None:
        if not 0 < rate < 1:
            raise ValueError("the rate of false alarms lies between 0 and 1")
        self._rate = rate
        self._rates: dict[str, float] = {}
        self._memories: dict[str, Memory] = {}
        self._past: list[tuple[str, float | None, Features]] | None = []
        self._weights: Floats = PRIOR
        self._share = 0.5
        self._limits: dict[str, tuple[float, float]] | None = None

    @property
    def accounts(self) -> dict[str, int]:
        """Return the accounts, and how many posts of each were learned."""
        return {name: found.counts.posts for name, found in self._memories.items()}

    @property
    def rate(self) -> float:
        """Return the part of genuine posts that may be asked about."""
        return self._rate

    def allow(self, account: str, rate: float) -> None:
        """Let another part of one account's genuine posts be asked about, from now on; it is not kept with it."""
        if self._rates.get(account, self._rate) != rate:
            self._rates[account] = rate
            self._limits = None

    @property
    def unknown_posts(self) -> dict[str, int]:
        """Return, for each account, how many posts the calibration did not know."""
        return {name: found.counts.posts - found.base for name, found in self._memories.items()}

    def learn(self, account: str, post: Post) -> None:
        """Learn one post that is confirmed as the account's. Once calibrated, its suspicions move the account's
        thresholds first."""
        features = extract(post)
        if not isinstance(account, str):
            raise TypeError("an account is named by a str")
        known = self._memories.setdefault(account, Memory())
        moment = None
        if post.at is not None:
            moment = (post.at if post.at.tzinfo else post.at.replace(tzinfo=UTC)).timestamp()
            known.newest = max(known.newest, moment)
        if self._past is not None:
            self._past.append((account, moment, features))
        elif known.counts.posts >= ENOUGH:
            names = self._known()
            own = names.index(account)
            scores, _ = self._scores(features, names)
            pair = np.array([suspicion(scores, beta)[own] for beta in (SWAP, OUTSIDER)])
            known.later += 1
            beyond = bool((pair > np.array(self._thresholds()[account])).any())
            known.asked += beyond or self._foreign(features, account)
            rate = self._rates.get(account, self._rate)
            known.credit = thresholds.credited(known.credit, rate, asked=beyond)
            known.scores = np.concatenate([known.scores, [pair]])[-thresholds.KEPT :]
            self._limits = None
        known.counts.add(features)

    def calibrate(self) -> None:
        """Find weights and thresholds from the posts learned so far, by replaying them in the order of their
        times (in the order learned, all accounts alike, where a time is missing). Takes seconds: once, then
        `learn` keeps the thresholds up to date. Raises ValueError where it was done before."""
        if self._past is None:
            raise ValueError("this portfolio is calibrated; learn its posts anew to calibrate again")
        from socialguard.guard.affinity.calibration import Past, calibrate

        names = self._known()
        past = [entry for entry in self._in_order() if entry[0] in names]
        if past:
            owners = np.array([names.index(name) for name, _ in past], dtype=np.intp)
            found = calibrate(Past([features for _, features in past], owners, len(names)))
            self._weights = found.weights
            for number, name in enumerate(names):
                self._memories[name].scores = found.scores[number]
                self._memories[name].level = float(found.levels[number])
                self._memories[name].line = None if found.lines is None else found.lines[number]
        for each in self._memories.values():
            each.base = each.counts.posts
        self._past = None
        self._share = thresholds.share([self._memories[name].scores for name in names], self._rate)
        self._limits = None

    @property
    def false_alarms(self) -> dict[str, tuple[int, int]]:
        """Return, for each account, how many genuine posts would have been asked about, and of how many that were
        judged before they were learned."""
        return {name: (found.asked, found.later) for name, found in self._memories.items()}

    @property
    def drift(self) -> dict[str, float]:
        """Return, for each account with enough of them, how much stranger its newest posts looked than those
        before, in standard deviations of the latter: an account that changes its manner is asked about more."""
        kept = {name: found.scores[:, 0] for name, found in self._memories.items()}
        return {name: thresholds.drift(scores) for name, scores in kept.items() if len(scores) >= ENOUGH}

    @property
    def newest(self) -> dict[str, float]:
        """Return, for each account, the time of its newest post that was learned (seconds since 1970; 0: none)."""
        return {name: found.newest for name, found in self._memories.items()}

    def succeed(self, older: "Portfolio") -> None:
        """Take over from an older fit of the same accounts how its questions turned out."""
        for name in self._memories.keys() & older._memories.keys():
            self._memories[name].later = older._memories[name].later
            self._memories[name].asked = older._memories[name].asked
            self._memories[name].credit = older._memories[name].credit

    def dump(self, account: str) -> bytes:
        """Return what is known of one account, to be kept; calibrates where that was not done. No text is in
        it."""
        if self._past is not None:
            self.calibrate()
        about = {"rate": self._rate, "share": self._share, "weights": [float(value) for value in self._weights]}
        return self._memories[account].dump(about)

    @classmethod
    def restored(cls, kept: Mapping[str, bytes]) -> "Portfolio":
        """Return the portfolio whose accounts were dumped together. Raises ValueError where bytes are none that
        this version wrote, or are from different calibrations."""
        found = cls()
        found._past = None
        abouts = []
        for account, data in kept.items():
            found._memories[account], about = memory.load(data)
            abouts.append(about)
        if any(about != abouts[0] for about in abouts):
            raise ValueError("the accounts were not calibrated together")
        if abouts:
            found._rate, found._share = float(abouts[0]["rate"]), float(abouts[0]["share"])
            found._weights = np.array(abouts[0]["weights"], dtype=np.float64)
        return found

    def save(self, path: str | PathLike[str]) -> None:
        """Write the portfolio to one file."""
        Path(path).write_bytes(memory.joined({account: self.dump(account) for account in sorted(self._memories)}))

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Portfolio":
        """Return what `save` wrote. Raises ValueError where the file is none of it."""
        return cls.restored(memory.parted(Path(path).read_bytes()))

    def judge(self, post: Post, target: str) -> Verdict:
        """Return what is to be said of a draft for `target`. Calibrates where that was not done."""
        names = self._judged()
        if target not in names:
            return Verdict(target, enough=False)
        look = self._look(post, names)
        found = self._verdict(look, names.index(target))
        if not found.asks:
            return found
        other = None if found.reads_like is None else names.index(found.reads_like)
        why = reasons(post, look.features, look.view, self._weights, names.index(target), other)
        return replace(found, reasons=why)

    def judge_each(self, post: Post, targets: Iterable[str]) -> dict[str, Verdict]:
        """Return what is to be said of one draft for each of several targets, without reasons; it is looked at
        once."""
        names = self._judged()
        look = self._look(post, names) if names else None
        return {
            target: Verdict(target, enough=False)
            if look is None or target not in names
            else self._verdict(look, names.index(target))
            for target in targets
        }

    def _judged(self) -> list[str]:
        if self._past is not None:
            self.calibrate()
        return self._known()

    def _look(self, post: Post, names: list[str]) -> "_Look":
        features = extract(post)
        scores, view = self._scores(features, names)
        swaps = suspicion(scores, SWAP) if len(names) > 1 else np.full(1, float("-inf"))
        return _Look(features, view, names, scores, swaps, suspicion(scores, OUTSIDER))

    def _verdict(self, look: "_Look", own: int) -> Verdict:
        target, scores, limits = look.names[own], look.scores, self._thresholds()
        best = max((n for n in range(len(scores)) if n != own), key=lambda n: float(scores[n]), default=None)
        found = Verdict(
            target=target,
            enough=True,
            own=float(scores[own]),
            best_other=None if best is None else look.names[best],
            other=0.0 if best is None else float(scores[best]),
            swap=float(look.swaps[own]),
            swap_threshold=limits[target][0],
            outsider=float(look.outsiders[own]),
            outsider_threshold=limits[target][1],
        )
        foreign = self._foreign(look.features, target)
        if found.swap <= found.swap_threshold and found.outsider <= found.outsider_threshold and not foreign:
            return found
        # It reads like another only if that one would not be asked whether it is its own.
        if best is not None and (
            scores[best] <= scores[own]
            or look.outsiders[best] > limits[look.names[best]][1]
            or self._foreign(look.features, look.names[best])
        ):
            best = None
        like = None if best is None else look.names[best]
        return replace(found, reads_like=like, like_none=best is None)

    def _foreign(self, features: Features, account: str) -> bool:
        rate = self._rates.get(account, self._rate)
        return is_foreign(features, self._memories[account].counts, rate)

    def _known(self) -> list[str]:
        return sorted(name for name, found in self._memories.items() if found.counts.posts >= ENOUGH)

    def _scores(self, features: Features, names: list[str]) -> tuple[Floats, Sight]:
        """The score of each of the accounts `names`, and what it was made of."""
        known = [self._memories[name] for name in names]
        view = sight(features, [each.counts for each in known])
        found = parts(view) @ self._weights[: len(PARTS)]
        if len(self._weights) > len(PARTS):
            margins = [0.0 if each.line is None else each.line.margin(features.keys) for each in known]
            found = found + self._weights[-1] * np.array(margins)
        return found - np.array([each.level for each in known]), view

    def _thresholds(self) -> dict[str, tuple[float, float]]:
        if self._limits is None:
            names = self._known()
            rates = [self._rates.get(name, self._rate) * self._share for name in names]
            rates = thresholds.corrected(rates, [self._memories[name].credit for name in names])
            found = thresholds.limits([self._memories[name].scores for name in names], rates)
            self._limits = dict(zip(names, found, strict=True))
        return self._limits

    def _in_order(self) -> Iterator[tuple[str, Features]]:
        """What was learned, in the order of time."""
        past = self._past or []
        counts: dict[str, int] = {}
        keyed = []
        timed = all(moment is not None for _, moment, _ in past)
        for name, moment, features in past:
            counts[name] = counts.get(name, 0) + 1
            place = counts[name] / self._memories[name].counts.posts
            keyed.append((moment if timed and moment is not None else place, name, features))
        keyed.sort(key=lambda entry: entry[:2])
        return ((name, features) for _, name, features in keyed)
