"""The weighted length on X: X's own conformance tests, emoji of every shape, and time that stays linear."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from socialguard.networks import x_length
from socialguard.networks.x_length import InvalidCharacter, measure, urls, weighted_length

CONFORMANCE = Path(__file__).parents[2] / "../shared/data/twitter-text"
TIMES = 30_000  # how often a fragment is repeated in the tests of time


def cases(file: str, *sections: str) -> list[Any]:
    """Return the published cases as pytest parameters; a single skipped one where the files are absent."""
    path = CONFORMANCE / file
    if not path.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{file} of twitter-text is not here"))]
    tests = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["tests"]
    return [pytest.param(case, id=case["description"][:60]) for each in sections for case in tests[each]]


@pytest.mark.parametrize(
    "case",
    cases("validate.yml", "WeightedTweetsWithDiscountedEmojiCounterTest", "UnicodeDirectionalMarkerCounterTest"),
)
def test_the_weight_is_that_of_the_official_counter(case: dict[str, Any]) -> None:
    length = measure(case["text"])
    assert (length.weight, length.valid) == (case["expected"]["weightedLength"], case["expected"]["valid"])


@pytest.mark.parametrize("case", cases("validate.yml", "WeightedTweetsCounterTest"))
def test_without_whole_emoji_the_weight_is_that_of_configuration_2(case: dict[str, Any]) -> None:
    length = measure(case["text"], whole_emoji=False)
    assert (length.weight, length.valid) == (case["expected"]["weightedLength"], case["expected"]["valid"])


@pytest.mark.parametrize("case", cases("extract.yml", "urls", "tco_urls_with_params"))
def test_the_urls_are_those_that_x_finds(case: dict[str, Any]) -> None:
    assert [url.text for url in urls(case["text"])] == case["expected"]


@pytest.mark.parametrize("case", cases("extract.yml", "urls_with_indices", "urls_with_directional_markers"))
def test_the_urls_stand_where_x_finds_them(case: dict[str, Any]) -> None:
    found = [{"url": url.text, "indices": [url.start, url.end]} for url in urls(case["text"])]
    assert found == case["expected"]


@pytest.mark.parametrize("section", ["country", "generic"])
def test_every_top_level_domain_of_x_is_known(section: str) -> None:
    for parameter in cases("tlds.yml", section):
        case = parameter.values[0]
        if case is None:
            pytest.skip("tlds.yml of twitter-text is not here")
        assert [url.text for url in urls(case["text"])] == case["expected"]


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("", 0),
        ("a", 1),
        ("ÿ", 1),
        ("\u10ff", 1),
        ("\u1100", 2),
        ("\u200d", 1),
        ("\u200e", 2),
        ("\u2010", 1),
        ("\u2020", 2),
        ("\u2032\u2037", 2),
        ("\u2038", 2),
        ("e\u0301", 1),
        ("€", 2),
        ("…", 2),
        ("日本", 4),
        ("\n", 1),
        ("\r\n", 2),
        ("a\r\nb", 4),
        ("\ud800", 2),
    ],
    ids=ascii,
)
def test_a_character_weighs_what_its_range_says(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


EMOJI = [
    "☕", "☕️", "⚡️", "⭐️", "♾️", "©️", "®️", "™️", "ℹ️", "🅰️", "😀",
    "😀️", "👍", "👍🏽", "☝️", "☝🏿", "☝️🏿", "🕵️‍♂️", "🕵🏻‍♀️", "🏃🏽‍♀️‍➡️",
    "👨‍👩‍👧‍👦", "👩🏻‍❤️‍💋‍👨🏿", "🧑🏻‍🤝‍🧑🏿", "🫱🏻‍🫲🏿", "🏳️‍🌈", "🏳️‍⚧️",
    "🏴‍☠️", "👁️‍🗨️", "👁‍🗨", "❤️‍🔥", "🐦‍🔥", "🧑‍🧑‍🧒‍🧒", "🏴󠁧󠁢󠁳󠁣󠁴󠁿", "🇫🇷",
    "🇪🇺", "🇨🇶", "1️⃣", "1⃣", "#️⃣", "*️⃣", "🇦", "🏽", "🥷🏾",
]  # fmt: skip


@pytest.mark.parametrize("emoji", EMOJI, ids=ascii)
def test_an_emoji_weighs_two_however_it_is_written(emoji: str) -> None:
    assert weighted_length(emoji) == 2
    assert weighted_length(f"a{emoji}b {emoji}{emoji} https://example.com/ {emoji}") == 5 + 4 * 2 + 23


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("©", 1),
        ("®", 1),
        ("©®", 2),
        ("™", 2),
        ("1\ufe0f", 3),
        ("a\ufe0f", 3),
        ("☕\ufe0e", 4),
        ("a🏽", 3),
        ("🇦🇦", 4),
        ("🇦🇦🇧🇪", 6),
        ("🇫🇷🇩🇪", 4),
        ("😀\u200d😀", 5),
        ("👨\u200d", 3),
        ("🏃\u200d♀", 5),
        ("👨‍👩‍👧‍👦\u200d👨‍👩‍👧‍👦", 5),
        ("🏴\U000e0067\U000e007f", 6),
    ],
    ids=ascii,
)
def test_what_only_resembles_an_emoji_weighs_by_its_parts(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


@pytest.mark.parametrize(
    ("text", "weight"),
    [
        ("example.com", 23),
        ("EXAMPLE.COM/Path?q=1", 23),
        ("Read bit.ly/abc.", 5 + 23 + 1),
        ("example.com?q=1", 23 + 4),
        ("ex.notatld", 10),
        ("v1.2.3 and e.g. this", 20),
        ("me@example.com", 14),
        ("https://☃.net/", 23),
        ("http://é.com http://日本.みんな", 47),
        ("(https://en.wikipedia.org/wiki/A_(b))", 25),
        ("https://a.com, https://b.com", 48),
        (f"https://a.com/{'x' * 5000}", 5014),
        (f"https://a.com/{'x' * 1000}", 23),
        (f"https://{'a' * 64}.com", 76),
    ],
)
def test_a_url_weighs_23_however_long_it_is(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


def test_invalid_characters_are_reported_with_their_place() -> None:
    length = measure("a\ufeffb\uffff\ufffe")
    assert length.invalid == (
        InvalidCharacter(1, 0xFEFF),
        InvalidCharacter(3, 0xFFFF),
        InvalidCharacter(4, 0xFFFE),
    )
    assert not length.valid


def test_a_text_is_valid_up_to_its_limit_and_not_when_blank() -> None:
    assert measure("x" * 280).valid
    assert measure("x" * 280).remaining == 0
    assert not measure("x" * 281).valid
    assert measure("x" * 281, limit=25_000).valid
    assert not measure("").valid
    assert not measure(" \n\u3000").valid


@given(st.text(st.sampled_from("aB1é日。.-_/:@#$?()＠\u200d\ufe0f 👩☕🏽\u0301") | st.characters(), max_size=80))
def test_any_text_is_weighed_and_its_urls_are_pieces_of_it(text: str) -> None:
    assert 0 <= weighted_length(text) <= 23 * len(text)
    end = 0
    for url in urls(text):
        assert end <= url.start < url.end
        assert text[url.start : url.end] == url.text
        end = url.end


pieces = st.sampled_from(
    [
        "http://",
        "https://",
        "t.co/",
        "a",
        "B9",
        "-",
        "_",
        ".",
        "com",
        "jp",
        "みんな",
        "日",
        "é",
        "/",
        "?",
        "#",
        "@",
        " ",
        "(",
        ")",
        ":80",
    ]
)


@given(st.lists(pieces, max_size=14).map("".join))
def test_a_url_with_protocol_is_found_wherever_words_stand_around_it(text: str) -> None:
    url = "https://example.com/path"
    assert url in [found.text for found in urls(f"{text} {url} {text}")]


FRAGMENTS = [
    "a", "a ", "a.", ".", "..", ".com", "a.com ", "a.com/",
    "a.com/(a", "あ", "あ.", "a.comあ.", "a.com.-b-.", "あ_", "é.com_",
    "a-b.", "http://", "http://a.b", "http://t.co/a ", "😀", "👨\u200d",
    "👨‍👩‍👧‍👦", "🇦🇦", "1\ufe0f", "\ufe0f", "\u0327\u0301", "(", "?a",
    "(a)", "xn--", "\ufffe",
]  # fmt: skip


@pytest.mark.parametrize("fragment", FRAGMENTS, ids=ascii)
@pytest.mark.parametrize("around", [("", ""), ("http://x.com/a", ""), ("x.com/a?", ""), ("", "あ.com")], ids=ascii)
def test_no_text_is_slow(fragment: str, around: tuple[str, str]) -> None:
    text = around[0] + fragment * (TIMES // len(fragment)) + around[1]
    started = time.process_time()
    weighted_length(text)
    # 10 s for 10 MB; a quadratic step would take many seconds here.
    assert time.process_time() - started < 1.0


def test_a_post_is_weighed_in_less_than_a_millisecond() -> None:
    post = ("Bonjour à tous ! 👩🏽‍💻 Le programme est en ligne : example.com/été ☕️ " * 4)[:280]
    weighted_length(post)
    best = min(_seconds_for(post) for _ in range(20))
    assert best < 0.005


def _seconds_for(text: str) -> float:
    started = time.perf_counter()
    x_length.weighted_length(text)
    return time.perf_counter() - started
