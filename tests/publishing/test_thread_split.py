"""The splitter: nothing lost, order kept, the limit kept in the network's own unit, and nothing cut that belongs
together."""

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from socialguard.networks.x_length import weighted_length
from socialguard.networks.x_urls import urls
from socialguard.publishing.thread_split import Fits, TooManyParts, authored, joined, numbered, split

LIMIT = 280
FEW = 40
"""A limit so low that words are cut, too."""

_WORDS = st.sampled_from(
    [
        *(
            "the",
            "Cafe\u0301",
            "d'été",
            "«",
            "»",
            "!",
            "Hello.",
            "e.g.",
            "M.",
            "Fin !",
            "日本語のとても長い文章です。",
        ),
        *("👩‍👩‍👧‍👦", "🇫🇷", "👍🏽", "#Ligue1", "@acme", "a" * 60, "ab\u0301" * 30, "https://example.org/a?b=c#d"),
        *(
            "example.org/page",
            "日本https://example.org/x日本語の文章をここに書くととても長くなります",
            "(https://a.example/(b))",
        ),
    ]
)
_GAPS = st.sampled_from([" ", " ", " ", "\n", "\n\n", "\u00a0", "\u202f", "  "])
TEXTS = st.one_of(
    st.lists(st.tuples(_WORDS, _GAPS), min_size=1, max_size=60).map(
        lambda pairs: "".join(a + b for a, b in pairs)
    ),
    st.text(min_size=1, max_size=300),
)


def on_x(limit: int) -> Fits:
    """Whether a text is short enough for X, at another limit."""
    return lambda text: weighted_length(text) <= limit


def without_space(text: str) -> str:
    """A text without the white space at which it may be divided."""
    return "".join(text.split())


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from([FEW, 100, LIMIT]))
@example("https://example.org/" + "a" * 500, FEW)
@example("x" + "\u0301" * 400 + " end", LIMIT)
def test_nothing_is_lost_and_the_order_is_kept(text: str, limit: int) -> None:
    parts = split(text, on_x(limit), most=1000)
    assert without_space("".join(parts)) == without_space(text)


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from([FEW, 100, LIMIT]))
def test_every_part_fits_but_what_cannot_be_cut(text: str, limit: int) -> None:
    for part in split(text, on_x(limit), most=1000):
        if weighted_length(part) > limit:
            assert len(regex.findall(r"\X", part)) == 1 or [span.text for span in urls(part)] == [part]


@settings(max_examples=300, deadline=None)
@given(TEXTS, st.sampled_from([FEW, 100, LIMIT]))
def test_no_url_no_grapheme_and_no_word_that_fits_is_cut(text: str, limit: int) -> None:
    parts = split(text, on_x(limit), most=1000)
    cuts, position = set(), 0
    for part in parts[:-1]:
        position = text.index(part, position) + len(part)
        cuts.add(position)
    assert cuts <= {0, *(grapheme.end() for grapheme in regex.finditer(r"\X", text))}
    for word in regex.finditer(r"\S+", text):
        inside = {cut for cut in cuts if word.start() < cut < word.end()}
        if weighted_length(word[0]) <= limit:
            assert not inside, word[0]
        for span in urls(word[0]):
            assert not {cut for cut in inside if word.start() + span.start < cut < word.start() + span.end}


def test_a_part_ends_with_a_sentence_where_it_can() -> None:
    text = "Mr. Smith paid 3.50 for it. He left at once, e.g. by the window. Nobody saw him go, said M. Dupont."
    assert split(text, on_x(70)) == (
        "Mr. Smith paid 3.50 for it. He left at once, e.g. by the window.",
        "Nobody saw him go, said M. Dupont.",
    )


def test_french_punctuation_stays_with_its_word() -> None:
    assert split("Quelle belle journée ! « Oui »", on_x(22)) == ("Quelle belle journée !", "« Oui »")
    assert split("Vingt-deux heures ce soir : fermé", on_x(27)) == ("Vingt-deux heures ce soir :", "fermé")


def test_a_paragraph_is_a_place_to_break_and_its_lines_stay_whole() -> None:
    assert split("one\ntwo\n\nthree four five", on_x(14)) == ("one\ntwo", "three four", "five")


def test_a_text_that_fits_stays_as_it_is() -> None:
    assert split("  One. Two. Three.\n", on_x(LIMIT)) == ("One. Two. Three.",)


def test_a_text_without_end_is_refused_at_once() -> None:
    with pytest.raises(TooManyParts):
        split("word " * 100_000, on_x(LIMIT))
    with pytest.raises(TooManyParts):
        split("x" * 300_000, on_x(LIMIT))


def test_an_author_divides_by_lines_of_hyphens() -> None:
    assert authored("one\r\n---\r\ntwo\n\n --- \n---\nthree\n----\n- --\n\\---") == (
        "one",
        "two",
        "three\n----\n- --\n---",
    )
    assert authored("") == ("",)


@given(st.lists(st.text(alphabet="ab \n", min_size=1).map(str.strip).filter(bool), min_size=1, max_size=12))
def test_what_an_author_divided_comes_back(parts: list[str]) -> None:
    assert authored("\n---\n".join(parts)) == tuple(parts)


def test_one_part_alone_has_no_number() -> None:
    assert numbered(["alone"]) == ("alone",)
    assert numbered(["one", "two"]) == ("one (1/2)", "two (2/2)")


_LINES = st.sampled_from(["One line.", "---", "\\---", " --- ", "\\\\ ---", "", "- --", "----", "\\"])


@given(
    st.lists(
        st.lists(_LINES, min_size=1, max_size=4).map(lambda lines: "\n".join(lines).strip()).filter(bool),
        min_size=1,
        max_size=5,
    )
)
def test_joined_parts_are_divided_into_the_same_again(parts: list[str]) -> None:
    assert authored(joined(parts)) == tuple(parts)
