"""Portfolios as they come: other languages, few and many accounts, sister accounts, bursts, accounts of any size.

Whatever they look like: every number is finite, genuine posts are asked about rarely, and nothing raises. numpy's
silent errors are errors here."""

import math
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Final

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from socialguard.guard.affinity import ENOUGH, Portfolio, Post
from tests.guard.affinity.writers import START

WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "fr": (
        "but match équipe stade victoire joueur gardien tribune derby finale coupe arbitre maillot saison",
        "travaux tunnel mairie conseil marché quai collecte école budget voirie séance tramway fontaine",
    ),
    "es": (
        "gol partido equipo estadio victoria jugador portero grada derbi final copa árbitro camiseta liga técnico",
        "obras túnel ayuntamiento pleno mercado muelle recogida escuela presupuesto calle sesión tranvía",
    ),
    "de": (
        "Tor Spiel Mannschaft Stadion Sieg Spieler Torwart Tribüne Derby Finale Pokal Schiedsrichter",
        "Baustelle Tunnel Rathaus Stadtrat Markt Ufer Müllabfuhr Schule Haushalt Straße Sitzung",
    ),
    "ja": (
        "得点 試合 選手 球場 勝利 監督 守護神 応援 決勝 優勝 審判 背番号 開幕戦 延長 逆転",
        "工事 通行止め 市役所 議会 市場 河川敷 収集日 小学校 予算案 道路 会議録 路面電車 噴水 公園 広場",
    ),
    "ar": (
        "هدف مباراة فريق ملعب فوز لاعب حارس مدرج ديربي نهائي كأس حكم قميص موسم مدرب",
        "أشغال نفق بلدية مجلس سوق رصيف جمع مدرسة ميزانية شارع جلسة ترام نافورة حديقة ساحة",
    ),
    "th": (
        "ประตู แข่งขัน ทีมชาติ สนาม ชัยชนะ นักเตะ ผู้รักษา อัฒจันทร์ รอบชิง ถ้วยรางวัล กรรมการ เสื้อ ฤดูกาล",
        "ก่อสร้าง อุโมงค์ เทศบาล สภาเมือง ตลาด ท่าเรือ เก็บขยะ โรงเรียน งบประมาณ ถนน ประชุม รถราง น้ำพุ สวน",
    ),
}
SPORT, CITY = "x:@sport", "x:@city"


@pytest.fixture(autouse=True)
def _errors() -> Iterator[None]:
    """Let numpy raise where it would go on with a number that is none."""
    with np.errstate(divide="raise", over="raise", invalid="raise"):
        yield


def of(words: str, seed: object, count: int = 7, gap: str = " ") -> str:
    """Return a text of some of these words; the same each time."""
    return gap.join(random.Random(str(seed)).choices(words.split(), k=count))


def learned(writers: Mapping[str, Callable[[int], str]], posts: Mapping[str, int]) -> Portfolio:
    """Return a portfolio of accounts with so many posts each, an hour apart."""
    portfolio = Portfolio()
    for account, write in writers.items():
        for number in range(posts[account]):
            portfolio.learn(account, Post(write(number), at=START + timedelta(hours=number)))
    portfolio.calibrate()
    return portfolio


def asked(portfolio: Portfolio, writers: Mapping[str, Callable[[int], str]], author: str, target: str) -> float:
    """Return the part of an author's later posts that is asked about on a target; every number must be one."""
    found = []
    for number in range(5_000, 5_060):
        verdict = portfolio.judge(Post(writers[author](number)), target)
        assert all(map(math.isfinite, (verdict.own, verdict.other, verdict.swap, verdict.outsider)))
        assert all(map(math.isfinite, (verdict.swap_threshold, verdict.outsider_threshold)))
        found.append(verdict.asks)
    return sum(found) / len(found)


@pytest.mark.parametrize("language", WORDS)
def test_accounts_are_told_apart_in_any_language(language: str) -> None:
    """Two accounts of one language, also where it puts no blanks between words, or writes from right to left."""
    gap = "" if language in ("ja", "th") else " "
    writers = {
        SPORT: lambda number: of(WORDS[language][0], f"s{number}", gap=gap),
        CITY: lambda number: of(WORDS[language][1], f"c{number}", gap=gap),
    }
    portfolio = learned(writers, dict.fromkeys(writers, 80))
    assert asked(portfolio, writers, SPORT, CITY) >= 0.95
    assert max(asked(portfolio, writers, one, one) for one in writers) <= 0.05


def test_an_account_in_another_language_is_no_stranger() -> None:
    """Accounts of six languages side by side: none takes another's posts for its own, nor its own for others'."""
    writers = {f"x:@{name}": partial(of, words[0]) for name, words in WORDS.items()}
    portfolio = learned(writers, dict.fromkeys(writers, 60))
    for one in writers:
        assert asked(portfolio, writers, one, one) <= 0.07
    assert asked(portfolio, writers, "x:@ja", "x:@de") == 1.0


def test_sister_accounts_that_post_the_same_are_not_asked_about() -> None:
    """Every text of one stands on the other too: that is their manner."""
    same = {name: lambda number: of(WORDS["fr"][0], number) for name in (SPORT, "x:@sport-fr")}
    writers = {**same, CITY: lambda number: of(WORDS["fr"][1], number)}
    portfolio = learned(writers, dict.fromkeys(writers, 80))
    assert max(asked(portfolio, writers, one, one) for one in writers) <= 0.05
    assert asked(portfolio, writers, SPORT, "x:@sport-fr") <= 0.05
    assert asked(portfolio, writers, CITY, SPORT) >= 0.95


def test_an_account_with_a_hundred_times_the_posts_rules_nobody() -> None:
    """A newsroom beside an account that has just enough history: neither is asked about at home."""
    writers = {
        SPORT: lambda number: of(WORDS["fr"][0], f"s{number}"),
        CITY: lambda number: of(WORDS["fr"][1], f"c{number}"),
    }
    portfolio = learned(writers, {SPORT: 100 * ENOUGH, CITY: ENOUGH})
    assert max(asked(portfolio, writers, one, one) for one in writers) <= 0.05
    assert asked(portfolio, writers, SPORT, CITY) >= 0.9


def test_a_burst_of_one_text_changes_nothing_for_others() -> None:
    """A tenth of an account's posts is the same sentence, posted twenty times in a row."""
    writers = {
        SPORT: lambda number: of(WORDS["fr"][0], f"s{number}"),
        CITY: lambda number: "Alerte : restez chez vous." if number % 200 >= 180 else of(WORDS["fr"][1], number),
    }
    portfolio = learned(writers, dict.fromkeys(writers, 200))
    assert not portfolio.judge(Post("Alerte : restez chez vous."), CITY).asks
    assert portfolio.judge(Post("Alerte : restez chez vous."), SPORT).asks
    assert asked(portfolio, writers, SPORT, SPORT) <= 0.05


def test_accounts_that_only_ever_say_the_same_are_judged() -> None:
    """No spread at all, in what is said or in the scores: nothing is divided by it."""
    writers = {SPORT: lambda number: "But !", CITY: lambda number: "Travaux."}
    portfolio = learned(writers, dict.fromkeys(writers, 50))
    assert asked(portfolio, writers, SPORT, SPORT) == 0.0
    assert asked(portfolio, writers, SPORT, CITY) == 1.0
    assert all(map(math.isfinite, portfolio.drift.values()))


def test_more_accounts_than_are_looked_at_together_are_calibrated_and_judged() -> None:
    """Forty, each with a word or two of its own."""

    def of_shop(shop: int, number: int) -> str:
        words = WORDS["fr"][0] + " " + WORDS["fr"][1]
        return f"{of(words, f'{shop} {number}')} rue{shop} quartier{shop}"

    writers = {f"x:@shop-{shop}": partial(of_shop, shop) for shop in range(40)}
    portfolio = learned(writers, dict.fromkeys(writers, 32))
    chosen = random.Random(1).sample(sorted(writers), 6)
    assert sum(asked(portfolio, writers, one, one) for one in chosen) / len(chosen) <= 0.05
    assert asked(portfolio, writers, chosen[0], chosen[1]) >= 0.9


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=30)), max_size=150),
    st.text(max_size=30),
    st.integers(0, 60),
)
def test_any_past_can_be_learned_and_any_draft_judged(past: list[tuple[str, str]], draft: str, same: int) -> None:
    """Whatever was published, in whatever order, by however many."""
    portfolio = Portfolio()
    for account, text in [*past, *[("a", draft)] * same, *[("b", "")] * same]:
        portfolio.learn(account, Post(text))
    for target in "abcd":
        found = portfolio.judge(Post(draft), target)
        assert not math.isnan(found.own + found.other)
        assert found.enough == (portfolio.accounts.get(target, 0) >= ENOUGH)
        assert found.enough or not found.asks
