"""A text in a language that its account does not write in, where nobody said which languages it has."""

from typing import Final

import pytest

from socialguard.guard.affinity import Portfolio, Post
from socialguard.guard.affinity.counts import Counts
from socialguard.guard.affinity.features import Features, extract
from socialguard.guard.affinity.language import FEWEST, is_foreign

ENGLISH: Final = "The {} opens its doors again on day {} of the month, and we are looking forward to seeing you."
FRENCH: Final = "Le {} ouvre ses portes le jour {} du mois, et nous nous réjouissons de vous y voir nombreux."
GERMAN: Final = "Bin gleich da, stehe noch im Stau. Kannst du schon einmal den Tisch für uns reservieren?"
DUTCH: Final = "Ik ben er over tien minuten, bestel alvast een biertje voor me, ik heb zo'n dorst."
PLACES: Final = ("museum", "garden", "library", "theatre", "station", "market", "castle", "harbour")


def posts(sentence: str, count: int) -> list[Post]:
    return [Post(sentence.format(PLACES[number % len(PLACES)], number)) for number in range(count)]


def counted(*several: list[Post]) -> Counts:
    found = Counts.empty()
    for post in [post for own in several for post in own]:
        found.add(extract(post))
    return found


def odd(number: int) -> Features:
    """Features with a language of their own, as guesses at short texts have."""
    texts = (
        GERMAN,
        DUTCH,
        FRENCH.format("parc", 3),
        "Llego en diez minutos, pídeme una cerveza por favor, cariño.",
    )
    return extract(Post(texts[number]))


@pytest.fixture(scope="module")
def portfolio() -> Portfolio:
    """An account that writes English beside one that writes French, the same things in the same form."""
    found = Portfolio()
    for one, other in zip(posts(ENGLISH, 120), posts(FRENCH, 120), strict=True):
        found.learn("x:@city", one)
        found.learn("x:@ville", other)
    found.calibrate()
    return found


def test_a_language_of_nobody_reads_like_none(portfolio: Portfolio) -> None:
    """A private text in another language is asked about, and the language is the first reason."""
    for target in ("x:@city", "x:@ville"):
        found = portfolio.judge(Post(GERMAN), target)
        assert found.like_none
        first = found.reasons[0]
        assert (first.sign, first.value, first.there, first.here) == ("language", "de", 0, 0)


def test_a_language_of_another_account_names_it(portfolio: Portfolio) -> None:
    """What is in the language of the other account reads like that one."""
    found = portfolio.judge(Post(FRENCH.format("castle", 500)), "x:@city")
    assert found.reads_like == "x:@ville"
    first = found.reasons[0]
    assert (first.sign, first.value, first.there, first.here) == ("language", "fr", 120, 0)


def test_an_account_that_does_not_use_it_is_not_named(portfolio: Portfolio) -> None:
    """One of the two fits better, and would not be asked itself; the text reads like none all the same."""
    limits = portfolio._limits
    portfolio._limits = dict.fromkeys(("x:@city", "x:@ville"), (float("inf"), float("inf")))
    try:
        for target in portfolio.accounts:
            assert portfolio.judge(Post(GERMAN), target).reads_like is None
    finally:
        portfolio._limits = limits


def test_it_is_asked_where_the_scores_alone_would_not() -> None:
    """Whatever the thresholds allow: an account whose own posts are all strange still has one language."""
    found = Portfolio()
    for post in posts(ENGLISH, 60):
        found.learn("x:@city", post)
    found.calibrate()
    verdict = found.judge(Post(GERMAN), "x:@city")
    found._limits = {"x:@city": (float("inf"), verdict.outsider + 1)}
    assert found.judge(Post(GERMAN), "x:@city").like_none
    assert not found.judge(Post("My dentist says that I should not eat so much sugar."), "x:@city").asks


def test_a_language_that_is_used_now_and_then_is_its_own() -> None:
    """One post in a hundred makes it the account's; one in three hundred may be a wrong guess."""
    german = extract(Post(GERMAN))
    assert is_foreign(german, counted(posts(ENGLISH, 299)), 0.02)
    assert is_foreign(german, counted(posts(ENGLISH, 299), [Post(GERMAN)]), 0.02)
    assert not is_foreign(german, counted(posts(ENGLISH, 99), [Post(GERMAN)]), 0.02)


def test_too_few_posts_tell_no_language() -> None:
    """The border itself: `FEWEST` posts whose language is sure."""
    german = extract(Post(GERMAN))
    assert is_foreign(german, counted(posts(ENGLISH, FEWEST)), 0.02)
    assert not is_foreign(german, counted(posts(ENGLISH, FEWEST - 1)), 0.02)
    assert not is_foreign(german, counted(posts(ENGLISH, FEWEST - 1), [Post("#Museum 😀")] * 50), 0.02)


def test_where_guesses_are_often_wrong_it_is_not_asked() -> None:
    """An account whose posts read now as this language and now as that would be asked about too often."""
    counts = counted(posts(ENGLISH, 97))
    for number in range(2):
        counts.add(odd(number))
    assert not is_foreign(odd(2), counts, 0.02)
    assert is_foreign(odd(2), counts, 0.05)


def test_what_is_short_or_in_no_language_is_not_asked() -> None:
    """A word, a tag, a sign or a mixture is in no language."""
    counts = counted(posts(ENGLISH, 60))
    for text in (
        "",
        "Danke!",
        "#Freundschaft #Liebe #Sommer #Wochenende",
        "👍👍👍 🎉",
        "1:0 2:0 3:0 4:0",
        "Merci, danke, thanks!",
    ):
        assert not is_foreign(extract(Post(text)), counts, 0.02), text


def test_genuine_posts_in_a_new_language_count_as_asked_and_are_learned() -> None:
    """An account that begins to write in a second language is asked about a few times, and that is counted."""
    found = Portfolio()
    for post in posts(ENGLISH, 60):
        found.learn("x:@city", post)
    found.calibrate()
    found._limits = {"x:@city": (float("inf"), float("inf"))}  # no score would be asked about
    found.learn("x:@city", Post(GERMAN))
    assert found.false_alarms["x:@city"] == (1, 1)
    counts = found._memories["x:@city"].counts
    assert not is_foreign(extract(Post(GERMAN)), counts, 0.02)
