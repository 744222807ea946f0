"""The linear judge: what one account's words are against all others', and when a workspace listens to it."""

import random
from pathlib import Path
from typing import Final

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.guard.affinity import Portfolio, Post, calibration, linear, memory
from socialguard.guard.affinity.features import extract

LINES: Final = tuple(f"x:@line-{number}" for number in range(4))
POSTS: Final = 200
_POOL: Final = (
    "trains run again after repair work between both stations please allow extra time take the bus line instead "
    "we thank you for your patience our teams are on site signal fault was found next update at noon lifts doors"
)


def of_the_house(line: str, number: int) -> Post:
    """Return a post of a house with fifteen templates for all its lines: one word in it is the line's own."""
    chance = random.Random(f"{line} {number}")
    words = random.Random(f"template {chance.randrange(15)}").choices(_POOL.split(), k=30)
    words[chance.randrange(30)] = f"{chance.choice(('north', 'park', 'lake', 'fort'))}{line[-1]}"
    return Post(" ".join(words))


def learned() -> Portfolio:
    """Return the house's lines, learned and calibrated."""
    portfolio = Portfolio()
    for line in LINES:
        for number in range(POSTS):
            portfolio.learn(line, of_the_house(line, number))
    portfolio.calibrate()
    return portfolio


def asked(portfolio: Portfolio) -> dict[bool, float]:
    """Return the part of later posts that is asked about, at home (True) and on another line (False)."""
    found: dict[bool, list[bool]] = {True: [], False: []}
    for line in LINES:
        for number in range(POSTS, POSTS + 25):
            for target, verdict in portfolio.judge_each(of_the_house(line, number), LINES).items():
                found[target == line].append(verdict.asks)
    return {home: sum(asks) / len(asks) for home, asks in found.items()}


@pytest.fixture(scope="module")
def house() -> Portfolio:
    """The house, which listens to the judge."""
    return learned()


def test_lines_of_one_house_are_told_apart_better(house: Portfolio, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all write by the same templates, the judge notices more misplaced posts than counts do alone, and asks
    about no more than one post in twenty at home."""
    found = asked(house)
    monkeypatch.setattr(calibration, "_GAIN", 1.0)
    assert found[False] > asked(learned())[False] + 0.1
    assert found[True] <= 0.05


def test_a_house_that_listens_to_it_is_saved_with_it(house: Portfolio, tmp_path: Path) -> None:
    """What it weighs is kept: the loaded portfolio says the same to the last bit."""
    assert memory.load(house.dump(LINES[0]))[0].line is not None
    house.save(tmp_path / "fit")
    loaded = Portfolio.load(tmp_path / "fit")
    draft = of_the_house(LINES[0], POSTS + 1)
    assert loaded.judge_each(draft, LINES) == house.judge_each(draft, LINES)


def test_what_was_learned_tells_accounts_apart() -> None:
    """A post's own account mostly has the greatest margin; without features, or at first, none has one."""
    posts = [extract(of_the_house(line, number)).keys for number in range(120) for line in LINES]
    owners = np.array([number for _ in range(120) for number in range(len(LINES))])
    before, lines = linear.replay(posts, owners, len(LINES), np.ones(len(posts), dtype=bool))
    margins = np.array([[line.margin(post) for line in lines] for post in posts])
    assert not before[0].any()
    assert (margins.argmax(axis=1) == owners).mean() > 0.8
    assert lines[0].margin(np.zeros(0, dtype=np.uint32)) == 0.0


def test_what_is_not_learned_changes_nothing() -> None:
    """Posts that are only looked at leave the judge as it is."""
    posts = [extract(of_the_house(line, number)).keys for number in range(10) for line in LINES]
    owners = np.array([number for _ in range(10) for number in range(len(LINES))])
    first = np.arange(len(posts)) < 20
    margins, lines = linear.replay(posts, owners, len(LINES), first)
    _, alone = linear.replay(posts[:20], owners[:20], len(LINES), first[:20])
    for one, other in zip(lines, alone, strict=True):
        assert np.array_equal(one.keys, other.keys)
        assert np.array_equal(one.weights, other.weights)
    assert margins[30] == pytest.approx([line.margin(posts[30]) for line in lines], abs=1e-5)


def test_a_long_past_of_many_accounts_is_calibrated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where fewer posts are replayed with scores than the past has, some are still held out, and some not."""
    monkeypatch.setattr(calibration, "ASKED", 0)
    portfolio = Portfolio()
    for line in LINES:
        for number in range(300):
            portfolio.learn(line, of_the_house(line, number))
    portfolio.calibrate()
    found = asked(portfolio)
    assert found[False] > 0.5
    assert found[True] <= 0.1


def test_a_portfolio_of_too_many_is_left_to_the_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would take minutes: nothing is learned of lines there, and judging goes on."""
    monkeypatch.setattr(linear, "MOST", len(LINES) - 1)
    found = learned()
    assert all(memory.load(found.dump(line))[0].line is None for line in LINES)
    assert found.judge(of_the_house(LINES[0], POSTS), LINES[0]).enough


@given(
    st.lists(st.floats(-5, 5), min_size=2, max_size=8),
    st.floats(0.1, 4),
    st.lists(st.floats(-1, 1), min_size=8, max_size=8),
)
def test_pulls_are_the_best_that_are_allowed(margins: list[float], size: float, moves: list[float]) -> None:
    """What pulls at the accounts adds up to nothing and is within its limits, and no other such pulls are better:
    they would leave more of the loss."""
    seen, before = np.array(margins), np.zeros(len(margins))
    most = np.eye(len(margins))[0]
    found = linear.ahead(seen, before, size, 0)
    assert abs(found.sum()) < 1e-9
    assert (found <= most + 1e-9).all()
    moved = found + np.array(moves[: len(margins)])
    moved -= moved.mean()
    over = (moved > most).any()
    other = before if over else moved

    def loss(pulls: np.ndarray) -> float:
        return float(size / 2 * pulls @ pulls + (seen + 1 - most) @ pulls)

    assert loss(found) <= loss(other) + 1e-9
    assert loss(found) <= loss((found + other) / 2) + 1e-9
    again = linear.ahead(seen + size * found, found, size, 0)
    assert again == pytest.approx(found, abs=1e-6)
