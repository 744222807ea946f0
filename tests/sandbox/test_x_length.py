"""The sandbox's own idea of weight and of links, held against the published conformance cases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from socialguard.sandbox.x_length import find_links, weighted_length

VALIDATE = Path(__file__).parents[2] / "../shared/data/twitter-text/validate.yml"
CASES: list[dict[str, Any]] = []
if VALIDATE.exists():
    _TESTS = yaml.load(VALIDATE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["tests"]
    CASES = _TESTS["WeightedTweetsWithDiscountedEmojiCounterTest"]


@pytest.mark.skipif(not CASES, reason="the conformance file is not beside this checkout")
def test_every_published_case_has_its_weight() -> None:
    wrong = {
        case["description"]: (weighted_length(case["text"]), case["expected"]["weightedLength"])
        for case in CASES
        if weighted_length(case["text"]) != case["expected"]["weightedLength"]
    }
    assert wrong == {}


@pytest.mark.parametrize(
    "text", ["☕️", "⚡️", "⭐️", "♾️", "©️", "1️⃣", "🇫🇷", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "👩🏽‍🚀", "👨‍👩‍👧‍👦", "€", "…", "漢"]
)
def test_these_weigh_two(text: str) -> None:
    assert weighted_length(text) == 2


@pytest.mark.parametrize(("text", "weight"), [("©", 1), ("é", 1), ("a\r\nb", 4), ("e\u0301", 1), ("\u2019", 1)])
def test_these_weigh_what_their_code_points_weigh(text: str, weight: int) -> None:
    assert weighted_length(text) == weight


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("see https://example.com/a(b)c.", ["https://example.com/a(b)c"]),
        ("mail me@example.com", []),
        ("example.com, t.co/abc!", ["example.com", "t.co/abc"]),
        ("http://127.0.0.1:80/x", []),
        ("file.txt and v1.2.3", []),
    ],
)
def test_links_are_what_x_would_shorten(text: str, links: list[str]) -> None:
    assert [link.url for link in find_links(text)] == links


@given(st.text(max_size=400))
def test_a_weight_never_passes_twice_the_code_points_plus_the_links(text: str) -> None:
    assert 0 <= weighted_length(text) <= 6 * len(text) + 23 * len(find_links(text))
