"""The wrong-account detector, judged in the order of time beside TF-IDF with a linear SVM, and what it costs.

Portfolios of eight accounts, random ones and an account with its most similar; 80% of each account's posts are
learned, the rest judged: on its own account (what is asked there is a false alarm), on each other account (a
wrong account), and posts of others on each account (outsiders). Ours learns each genuine post after it was
judged, as the product does, and is measured a second time without. Recall is at exactly 2% false alarms, 5% for
outsiders."""

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from socialguard.guard.affinity.portfolio import Portfolio
from tests.benchmarks import affinity_data as data
from tests.benchmarks import peers
from tests.benchmarks.table import Line, milliseconds

POSTS: Final = Path(__file__).parents[2] / "../shared/data/posts/fb_pages_2016_dev.csv.gz"
PORTFOLIOS: Final = 10
MANY: Final = 80
"""Test posts from which on an account's false alarms are counted on their own."""
PROMISED: Final = {
    (False, "random"): (0.80, 0.78),
    (False, "nearest"): (0.57, 0.68),
    (True, "random"): (0.96, None),
    (True, "nearest"): (0.90, None),
}
"""Recall of wrong accounts and of outsiders, with the link or without."""


@dataclass(slots=True)
class Found:
    """What came out, over all portfolios of one kind: recalls one a portfolio, alarms one an account."""

    swaps: list[float] = field(default_factory=list)
    outsiders: list[float] = field(default_factory=list)
    alarms: list[tuple[float, int]] = field(default_factory=list)

    @property
    def overall(self) -> float:
        """Return the part of genuine posts that were asked about."""
        return sum(rate * count for rate, count in self.alarms) / max(sum(count for _, count in self.alarms), 1)

    @property
    def within(self) -> float | None:
        """Return the part of accounts with many test posts that stay within 5%; None where there are none."""
        many = [rate for rate, count in self.alarms if count >= MANY]
        return float(np.mean([rate <= 0.05 for rate in many])) if many else None


def lines(base: Path, posts: Path | None) -> list[Line]:
    """Judge the detector on a file of posts."""
    source = posts or POSTS
    if not source.exists():
        return [Line("affinity", "not measured", "", f"needs --posts FILE: {source} is missing", ok=False)]
    kept = data.read(source)
    python = peers.environment("affinity-peers", ["scikit-learn"])
    found = []
    for link in (False, True):
        if link and not any(post.domain for own in kept.values() for post in own):
            continue
        for kind in ("random", "nearest"):
            chosen = data.portfolios(kept, kind, PORTFOLIOS, seed=4)
            ours, frozen = Found(), Found()
            for portfolio in chosen:
                _judge(portfolio, ours, frozen, link=link)
            peer = _peer(python, base, chosen, link=link)
            found += _lines(link, kind, ours, frozen, peer, judged=posts is None)
    return [*found, *_costs(kept, base)]


def _judge(portfolio: data.Portfolio, ours: Found, frozen: Found, *, link: bool) -> None:
    model = Portfolio()
    for name, own in zip(portfolio.accounts, portfolio.training, strict=True):
        for post in own:
            model.learn(name, post.as_post(link=link))
    model.calibrate()
    for found, learns in ((frozen, False), (ours, True)):
        foreign = [
            verdict.outsider - verdict.outsider_threshold
            for post in portfolio.outsiders
            for verdict in model.judge_each(post.as_post(link=link), portfolio.accounts).values()
        ]
        genuine: list[float] = []
        misplaced: list[float] = []
        lone: list[float] = []
        asked = dict.fromkeys(portfolio.accounts, 0)
        test = [
            (number / len(own), name, post)
            for name, own in zip(portfolio.accounts, portfolio.test, strict=True)
            for number, post in enumerate(own)
        ]
        for _, name, posted in sorted(test, key=lambda entry: entry[:2]):
            verdicts = model.judge_each(posted.as_post(link=link), portfolio.accounts)
            for target, verdict in verdicts.items():
                (genuine if target == name else misplaced).append(verdict.swap - verdict.swap_threshold)
            lone.append(verdicts[name].outsider - verdicts[name].outsider_threshold)
            asked[name] += verdicts[name].asks
            if learns:
                model.learn(name, posted.as_post(link=link))
        found.swaps.append(_recall(genuine, misplaced, 0.02))
        found.outsiders.append(_recall(lone, foreign, 0.05))
        counts = [len(own) for own in portfolio.test]
        found.alarms += [(asked[name] / count, count) for name, count in zip(asked, counts, strict=True)]


def _peer(python: Path | str, base: Path, chosen: Sequence[data.Portfolio], *, link: bool) -> Found | None:
    """The peer on the same portfolios; a link is a word of its text."""
    if isinstance(python, str):
        return None

    def text(post: data.Posted) -> str:
        return f"{post.text} {post.domain.replace('.', '')}" if link else post.text

    source = base / "portfolios.json"
    plain = [
        {
            "training": [[text(post) for post in own] for own in one.training],
            "test": [[text(post) for post in own] for own in one.test],
            "outsiders": [text(post) for post in one.outsiders],
        }
        for one in chosen
    ]
    source.write_text(json.dumps(plain), encoding="utf-8")
    script = Path(__file__).with_name("affinity_peer.py")
    done = subprocess.run([python, script, source], capture_output=True, text=True, check=True)
    found = Found()
    for one, judged in zip(chosen, json.loads(done.stdout), strict=True):
        found.swaps.append(_recall(judged["genuine"], judged["misplaced"], 0.02))
        found.outsiders.append(_recall(judged["lone"], judged["foreign"], 0.05))
        found.alarms += [(rate, len(own)) for rate, own in zip(judged["alarms"], one.test, strict=True)]
    return found


def _recall(genuine: Sequence[float], wrong: Sequence[float], rate: float) -> float:
    """Which part of `wrong` lies above the value that exactly `rate` of `genuine` exceed."""
    rank = int(np.ceil((1 - rate) * len(genuine))) - 1
    return float((np.array(wrong) > np.sort(genuine)[rank]).mean()) if len(wrong) else 0.0


def _lines(link: bool, kind: str, ours: Found, frozen: Found, peer: Found | None, *, judged: bool) -> list[Line]:
    """The table of one kind of portfolios; promises are for pages, so another file's recalls have no limit."""
    name = f"affinity {'text + link' if link else 'text'}, {kind}"
    swap, outsider = PROMISED[link, kind] if judged else (None, None)
    mean, outside = float(np.mean(ours.swaps)), float(np.mean(ours.outsiders))
    within = ours.within
    return [
        Line(
            f"{name}: wrong account at 2%",
            f"{mean:.3f} (frozen {np.mean(frozen.swaps):.3f})",
            "" if peer is None else f"SVM: {np.mean(peer.swaps):.3f}",
            "" if swap is None else f"≥ {swap:.2f}",
            None if swap is None else mean >= swap,
        ),
        Line(
            f"{name}: outsider at 5%",
            f"{outside:.3f} (frozen {np.mean(frozen.outsiders):.3f})",
            "" if peer is None else f"SVM: {np.mean(peer.outsiders):.3f}",
            "" if outsider is None else f"≥ {outsider:.2f}",
            None if outsider is None else outside >= outsider,
        ),
        Line(
            f"{name}: false alarms, nominal 2%",
            f"{ours.overall:.2%} (frozen {frozen.overall:.2%})",
            "" if peer is None else f"SVM: {peer.overall:.2%}",
            "≤ 2.50%",
            ours.overall <= 0.025,
        ),
        Line(
            f"{name}: accounts within 5%",
            "no account has 80 test posts" if within is None else f"{within:.0%} (frozen {frozen.within:.0%})",
            "" if peer is None or peer.within is None else f"SVM: {peer.within:.0%}",
            "≥ 90%",
            None if within is None else within >= 0.9,
        ),
    ]


def _costs(kept: dict[str, list[data.Posted]], base: Path) -> list[Line]:
    """Eight accounts with the most posts: learning 500 posts each, calibration, and one draft, in seconds
    of one processor."""
    largest = sorted(kept, key=lambda name: -len(kept[name]))[: data.SIZE]
    posts = [(name, post.as_post(link=True)) for name in largest for post in kept[name][-500:]]
    model = Portfolio()
    start = time.process_time()
    for name, post in posts:
        model.learn(name, post)
    fit = time.process_time() - start
    start = time.process_time()
    model.calibrate()
    calibration = time.process_time() - start
    times = []
    for name, post in posts[::40]:
        start = time.process_time()
        model.judge(post, name)
        times.append(time.process_time() - start)
    draft = float(np.median(times))
    return [
        Line(f"affinity: learn {len(posts)} posts", milliseconds(fit), "", "≤ 1000 ms", fit <= 1.0),
        Line("affinity: calibrate (background)", milliseconds(calibration)),
        Line("affinity: one draft, warm", milliseconds(draft), "", "≤ 5 ms", draft <= 0.005),
    ]
