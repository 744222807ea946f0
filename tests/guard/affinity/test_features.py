"""What is seen in a post."""

import subprocess
import sys

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from socialguard.guard.affinity.counts import Counts, edges
from socialguard.guard.affinity.features import BLOCKS, Block, extract, named
from socialguard.guard.affinity.post import Post


@given(st.text(), st.none() | st.text(), st.none() | st.booleans())
def test_any_text_has_features_that_are_sorted_and_single(text: str, link: str | None, media: bool | None) -> None:
    """Whatever is typed, pasted or broken gives ascending keys, each once, in known blocks."""
    found = extract(Post(text, link, media))
    assert (np.diff(found.keys.astype(np.int64)) > 0).all()
    assert edges(found.keys)[-1] == len(found.keys)
    assert edges(found.keys)[0] == 0
    assert len(edges(found.keys)) == BLOCKS + 1


@given(st.text(), st.none() | st.text(max_size=20))
def test_what_can_be_told_is_among_the_features(text: str, link: str | None) -> None:
    """Every word, hashtag or domain that a reason may name was counted."""
    post = Post(text, link)
    assert set(named(post)) <= set(extract(post).keys.tolist())


def test_features_are_the_same_in_another_process() -> None:
    """Python's own hash differs from process to process; these numbers are kept in the database."""
    code = (
        "from socialguard.guard.affinity.features import extract\n"
        "from socialguard.guard.affinity.post import Post\n"
        "print(extract(Post('Bonjour #Lyon 👋 https://lyon.fr/a', 'x.org', True)).keys.tolist())"
    )
    here = extract(Post("Bonjour #Lyon 👋 https://lyon.fr/a", "x.org", True)).keys.tolist()
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert there.stdout.strip() == str(here)


def test_signs_are_told_as_what_they_are() -> None:
    """Hashtags and words keep their spelling; a link is told as its domain."""
    found = set(named(Post("Vive #Ligue1 avec @Zidane 👟 https://WWW.Lequipe.fr:443/x?y#z")).values())
    assert found == {
        ("word", "Vive"),
        ("hashtag", "#Ligue1"),
        ("word", "avec"),
        ("mention", "@Zidane"),
        ("emoji", "👟"),
        ("domain", "lequipe.fr"),
    }


def test_the_hour_and_media_count_only_where_they_are_known() -> None:
    """A post whose time and media are unknown has no feature in that block."""
    at = edges(extract(Post("Bonjour")).keys)
    assert at[Block.SETTING] == at[Block.SETTING + 1]
    at = edges(extract(Post("Bonjour", media=False)).keys)
    assert at[Block.SETTING + 1] - at[Block.SETTING] == 1


@given(st.lists(st.lists(st.text(alphabet="ab #", max_size=12), max_size=4), max_size=4))
def test_counts_are_the_sums_of_what_was_added(batches: list[list[str]]) -> None:
    """In whatever portions posts come, each feature counts once a post."""
    counts, expected = Counts.empty(), dict[int, int]()
    for batch in batches:
        for text in batch:
            features = extract(Post(text))
            counts.add(features)
            for key in features.keys.tolist():
                expected[key] = expected.get(key, 0) + 1
        keys, seen = counts.table
        assert dict(zip(keys.tolist(), seen.tolist(), strict=True)) == expected
        tokens, distinct = counts.sums
        assert (tokens.sum(), distinct.sum()) == (sum(expected.values()), len(expected))
    assert counts.posts == sum(map(len, batches))


def words_of(text: str) -> set[str]:
    """Return what can be told of a text that is a word."""
    return {value for sign, value in named(Post(text)).values() if sign == "word"}


def test_scripts_without_blanks_are_taken_apart() -> None:
    """A Japanese or Thai sentence is not one word that never comes again; a Latin word in it stays whole."""
    assert {"新幹", "幹線"} <= words_of("東海道新幹線は運転を再開しました。")
    assert words_of("東海道新幹線") & words_of("新幹線が遅れています")
    assert words_of("รถไฟฟ้าสายสีเขียว") & words_of("วันนี้รถไฟฟ้าล่าช้า")
    assert "Shinkansen2026" in words_of("今日はShinkansen2026年")


def test_words_with_vowel_signs_stay_whole() -> None:
    """Hindi and Arabic words keep the signs that stand on their letters, as do decomposed Latin ones."""
    assert words_of("रेलवे स्टेशन") == {"रेलवे", "स्टेशन"}
    assert words_of("مُحَمَّد رسول") == {"مُحَمَّد", "رسول"}
    assert words_of("q\u0307ab c\u0323de") == {"q\u0307ab", "c\u0323de"}


def test_a_tag_in_a_script_without_blanks_stays_whole() -> None:
    """What is told is the tag as written."""
    assert ("hashtag", "#東海道新幹線") in named(Post("運転再開 #東海道新幹線")).values()


def grams(text: str) -> set[str]:
    """Return the pieces of 3 and 4 characters of what is hashed of a text."""
    padded = f" {text} "
    return {padded[at : at + size] for size in (3, 4) for at in range(len(padded) - size + 1)}


@given(st.text(alphabet="abc", max_size=8), st.text(alphabet="abc", max_size=8))
def test_texts_share_as_many_pieces_as_they_have_in_common(one: str, other: str) -> None:
    """Each piece is one feature, the same in every text, and no piece runs over the end into the skeleton."""

    def seen(text: str) -> set[int]:
        keys = extract(Post(text)).keys
        return set(keys[: edges(keys)[1]].tolist())

    assert len(seen(one) & seen(other)) == len(grams(one) & grams(other))
    assert len(seen(one)) == len(grams(one))
