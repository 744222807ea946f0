"""Whatever the text, the text checks end, mark a part of it and can be told."""

from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from socialguard.guard.checks import CHECKS, run_checks
from socialguard.guard.reading import language_of
from socialguard.model.delivery import Content
from socialguard.model.text import visible
from tests.guard.people import subject

PIECES = st.sampled_from(
    [
        *("f***", "#susanalbumparty", "@lea", "d @lea", "[LINK]", "{{", "}}", "06 12 34 56 78", "FR14 2004 1010"),
        *("$ACME", "\u202e", "\u200d", "👩\u200d👩\u200d👧", "🇫🇷", "https://x.example/a", "é", "пaypal", "\ud800"),
        *("ghp_" + "a1" * 20, "\0", "AAAAA", "ß", "ŉ", "İ", "ﬁ", "日本", "*", "!", " ", "\n"),
    ]
)
TEXTS = st.one_of(st.text(st.characters(), max_size=300), st.lists(PIECES, max_size=40).map("".join))


@given(TEXTS, st.sampled_from([(), ("fr",), ("en", "fr")]), st.sampled_from(["x", "facebook"]))
@example("ŉ fuck ﬁ merde", (), "x")
@example("{{👩\u200d👩\u200d👧}} {{a\u200db}}", (), "x")
@settings(max_examples=300, deadline=None)
def test_no_check_fails_and_every_mark_lies_in_the_text(
    text: str, languages: tuple[str, ...], network: str
) -> None:
    given_subject = replace(subject(Content(text), network=network), languages=languages)
    for one in run_checks(given_subject):
        assert one.check in CHECKS
        assert one.remedy
        assert visible(one.message(), 100_000) == one.message()
        assert one.span is None or 0 <= one.span[0] < one.span[1] <= len(text)


@given(TEXTS)
@settings(max_examples=100, deadline=None)
def test_the_language_of_any_text_is_two_letters_or_unknown(text: str) -> None:
    code, _ = language_of(text)
    assert code == "un" or code.partition("-")[0].isalpha()


def test_a_text_made_to_be_slow_is_read_in_time() -> None:
    from time import perf_counter

    for text in (
        "a" * 5000,
        "* " * 3000,
        "1 " * 3000,
        "@a" * 3000,
        "{" * 4000,
        "a." * 3000,
        "[your " * 800,
        "#" + "an" * 29,
    ):
        start = perf_counter()
        list(run_checks(subject(Content(text))))
        assert perf_counter() - start < 5
