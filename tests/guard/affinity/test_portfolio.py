"""The detector as a library: what it says of drafts, what it keeps to itself, and what it remembers."""

import json
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from socialguard.guard.affinity import ENOUGH, Portfolio, Post
from tests.guard.affinity.writers import VOCABULARIES, learned, written

SPORT, CITY = "x:@sport", "x:@ville-lyon"
MISPLACED = Post("Victoire derby stade match but équipe #Ligue1 !!")
PRIVATE = Post("lol cant believe my ex is getting married 2 that guy, sooo drunk rn tequila tequila")


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    """Three accounts with enough history, calibrated."""
    found = learned()
    found.calibrate()
    return found


def test_a_post_of_another_account_is_named_with_reasons(portfolio: Portfolio) -> None:
    """The verdict names the account that the draft reads like, and what is typical there and unseen here."""
    found = portfolio.judge(MISPLACED, CITY)
    assert (found.reads_like, found.like_none, found.asks) == (SPORT, False, True)
    assert found.swap > found.swap_threshold
    assert found.best_other == SPORT
    assert found.other > found.own
    tag = next(reason for reason in found.reasons if reason.sign == "hashtag")
    assert (tag.value, tag.here) == ("#Ligue1", 0)
    assert tag.there == sum("#Ligue1" in written(SPORT, number).text for number in range(80))
    assert len(found.reasons) <= 3


def test_a_private_post_reads_like_none(portfolio: Portfolio) -> None:
    """A post by nobody of the house is asked about, and no account of ours is blamed for it."""
    found = portfolio.judge(PRIVATE, CITY)
    assert found.like_none
    assert found.reads_like is None
    assert found.outsider > found.outsider_threshold
    assert found.reasons
    assert all(reason.there == 0 and reason.here == 0 for reason in found.reasons)


def test_later_posts_of_each_account_pass_on_it_and_stop_elsewhere(portfolio: Portfolio) -> None:
    """Of posts never learned, at most one in twenty is asked about at home, and nine in ten elsewhere."""
    asked = {True: 0, False: 0}
    for author, target, number in product(VOCABULARIES, VOCABULARIES, range(200, 240)):
        asked[author == target] += portfolio.judge(written(author, number), target).asks
    assert asked[True] <= 0.05 * 120
    assert asked[False] >= 0.9 * 240


def test_an_account_with_little_history_is_never_guessed_at() -> None:
    """Below `ENOUGH` posts nothing is asked, and the account is not held against others either."""
    found = learned(ville=ENOUGH - 1)
    assert not found.judge(MISPLACED, CITY).enough
    assert not found.judge(MISPLACED, CITY).asks
    assert not found.judge(MISPLACED, "x:@unknown").enough
    assert found.judge(written(CITY, 500), SPORT).best_other != CITY


def test_one_more_post_makes_history_enough() -> None:
    """The border itself: `ENOUGH` posts are enough."""
    assert learned(ville=ENOUGH).judge(MISPLACED, CITY).enough


def test_an_account_alone_is_asked_about_outsiders_only() -> None:
    """Without another account there is none to read like; a foreign text is still noticed."""
    portfolio = Portfolio()
    for number in range(80):
        portfolio.learn(CITY, written(CITY, number))
    found = portfolio.judge(PRIVATE, CITY)
    assert found.like_none
    assert found.best_other is None
    assert not portfolio.judge(written(CITY, 301), CITY).asks


def test_the_order_in_which_accounts_are_learned_changes_nothing() -> None:
    """Account after account, or all by turns: times decide, so numbers are equal to the last bit."""
    turns = Portfolio()
    for number in range(80):
        for account in VOCABULARIES:
            turns.learn(account, written(account, number))
    assert turns.judge(MISPLACED, CITY) == learned().judge(MISPLACED, CITY)


def test_what_is_saved_judges_the_same(portfolio: Portfolio, tmp_path: Path) -> None:
    """A portfolio that was saved and loaded gives the same verdicts, and goes on learning."""
    portfolio.save(str(tmp_path / "fit"))
    loaded = Portfolio.load(str(tmp_path / "fit"))
    for draft, target in ((MISPLACED, CITY), (PRIVATE, SPORT), (written(CITY, 90), CITY)):
        assert loaded.judge(draft, target) == portfolio.judge(draft, target)
    loaded.learn(CITY, written(CITY, 91))
    assert loaded.accounts[CITY] == 81
    assert loaded.unknown_posts[CITY] == 1


def test_no_text_is_in_what_is_saved(portfolio: Portfolio, tmp_path: Path) -> None:
    """The file holds numbers only: no word of any post."""
    portfolio.save(tmp_path / "fit")
    data = (tmp_path / "fit").read_bytes()
    assert not any(word.encode() in data for words in VOCABULARIES.values() for word in words if len(word) > 4)


def test_what_is_no_post_or_account_is_refused_at_once(portfolio: Portfolio) -> None:
    """A mistake in a caller is named where it is made, not learned."""
    text: Any = "a text"
    nobody: Any = None
    number: Any = 7
    wrong: list[tuple[str, Callable[[], object]]] = [
        ("a Post", lambda: portfolio.learn(CITY, text)),
        ("a Post", lambda: portfolio.judge(text, CITY)),
        ("named by a str", lambda: portfolio.learn(nobody, Post(text))),
        ("is a str", lambda: Post(nobody)),
        ("is a str", lambda: Post(text, link=number)),
        ("is a datetime", lambda: Post(text, at=text)),
    ]
    for said, call in wrong:
        with pytest.raises(TypeError, match=said):
            call()
    assert portfolio.accounts[CITY] == 80


@pytest.mark.parametrize("data", [b"", b"hello\n", b"\xff\n", b"[1]\n", b'{"a": "b"}\n', b'{"a": 3}\n[1]'])
def test_what_is_no_file_of_ours_is_refused(tmp_path: Path, data: bytes) -> None:
    """Whatever else a file holds raises ValueError, with a sentence."""
    (tmp_path / "fit").write_bytes(data)
    with pytest.raises(ValueError, match="this "):
        Portfolio.load(tmp_path / "fit")


@pytest.mark.parametrize("cut", [0, 1, 40, -1])
def test_a_file_that_is_cut_is_refused(portfolio: Portfolio, tmp_path: Path, cut: int) -> None:
    """A file that lost its end, or is none of ours, raises ValueError and nothing else."""
    portfolio.save(tmp_path / "fit")
    data = (tmp_path / "fit").read_bytes()
    (tmp_path / "fit").write_bytes(data[:cut])
    with pytest.raises(ValueError, match=r"\S"):
        Portfolio.load(tmp_path / "fit")


def test_accounts_of_different_calibrations_are_not_mixed(portfolio: Portfolio) -> None:
    """Scores of different weights cannot be compared: such rows are refused."""
    other = Portfolio(rate=0.05)
    for number in range(80):
        other.learn(SPORT, written(SPORT, number))
    with pytest.raises(ValueError, match="together"):
        Portfolio.restored({CITY: portfolio.dump(CITY), SPORT: other.dump(SPORT)})


def test_what_is_written_has_a_readable_head(portfolio: Portfolio) -> None:
    """The first line is JSON that says what follows."""
    head = json.loads(portfolio.dump(CITY).partition(b"\n")[0])
    assert head["posts"] == 80
    assert head["about"]["rate"] == 0.02


def test_false_alarms_are_counted_before_a_post_is_learned() -> None:
    """A confirmed post that reads like another account counts as asked about; an ordinary one only as judged."""
    portfolio = learned()
    portfolio.calibrate()
    portfolio.learn(CITY, written(CITY, 100))
    portfolio.learn(CITY, MISPLACED)
    assert portfolio.false_alarms[CITY] == (1, 2)


def test_a_habit_that_is_confirmed_again_and_again_is_no_longer_asked_about() -> None:
    """The detector follows the account: what it posts from now on is its own."""
    portfolio = learned()
    portfolio.calibrate()
    new = "Soirée au stade avec la victoire de notre équipe, merci aux habitants #Ligue1."
    assert portfolio.judge(Post(new), CITY).asks
    for number in range(12):
        portfolio.learn(CITY, Post(f"{new} {number}"))
    assert not portfolio.judge(Post(new), CITY).asks


def test_a_stricter_rate_asks_less() -> None:
    """The thresholds of one in a thousand lie above those of one in ten."""
    limits = []
    for rate in (0.001, 0.1):
        portfolio = Portfolio(rate)
        for number, account in product(range(80), VOCABULARIES):
            portfolio.learn(account, written(account, number))
        limits.append(portfolio.judge(MISPLACED, CITY).swap_threshold)
    assert limits[0] > limits[1]


@pytest.mark.parametrize("rate", [0, 1, -0.1, 2])
def test_a_rate_that_is_no_share_is_refused(rate: float) -> None:
    """A rate lies between 0 and 1."""
    with pytest.raises(ValueError, match="between 0 and 1"):
        Portfolio(rate)


def test_the_link_decides_where_the_text_says_nothing() -> None:
    """The domain of a link alone names the account whose links it is."""
    portfolio = Portfolio()
    for number, (account, host) in product(range(60), ((SPORT, "lequipe.fr"), (CITY, "lyon.fr"))):
        portfolio.learn(account, Post(f"A voir ici, numéro {number}", link=f"https://www.{host}/{number}?from=x"))
    found = portfolio.judge(Post("A voir ici, numéro 7", link="http://lequipe.fr/7"), CITY)
    assert found.reads_like == SPORT
    assert ("domain", "lequipe.fr") in {(reason.sign, reason.value) for reason in found.reasons}
    assert not portfolio.judge(Post("A voir ici, numéro 7", link="lyon.fr"), CITY).asks
