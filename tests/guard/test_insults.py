"""Insults and profanity: found in their disguises, and not in words that only look like them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.guard.checks.insults import sections
from socialguard.guard.disguise import Lexicon, plain
from tests.guard.text_checks import findings, told


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("Thank f*** it's Friday!", "f***"),
        ("what the fuck", "fuck"),
        ("un f**king match", "f**king"),
        ("sh!t happens", "sh!t"),
        ("sh1t happens", "sh1t"),
        ("F U C K this", "F U C K"),
        ("m.e.r.d.e alors", "m.e.r.d.e"),
        ("fuuuuuck", "fuuuuuck"),
        ("ѕhіt", "ѕhіt"),
        ("f\u200buck", "f\u200buck"),
        ("ｆｕｃｋ", "ｆｕｃｋ"),
        ("f@ck you", "f@ck"),
        ("p*tain de bus", "p*tain"),
        ("Quel enculé !", "enculé"),
        ("va te faire voir", "va te faire"),
        ("on va te niquer ta mère", "niquer ta mère"),
        ("dirty homo's", "homo"),
        ("bande de cons", "cons"),
        ("what an ass hole, you retard", "you retard"),
        ("you @sshole", "@sshole"),
        ("what an @$$hole", "@$$hole"),
        ("f  u  c  k this", "f  u  c  k"),
        ("quelle sa1ope", "sa1ope"),
        ("Quel trou du c*l celui-là", "trou du c*l"),
        ("Sale pédé", "pédé"),
        ("Espèce de débile mental, tu ne comprends rien", "débile"),
    ],
)
def test_an_insult_is_held_in_any_simple_disguise(text: str, part: str) -> None:
    found = told("insults", text)
    assert ("hold", part) in found or any(severity == "hold" and part in one for severity, one in found)


@pytest.mark.parametrize(
    "text",
    [
        "Scunthorpe beat Arsenal in the assessment match",
        "Moby Dick and Dick Van Dyke",
        "Concert des Enfoirés samedi à 21 h",
        "Une bite d'amarrage au musée de la Marine",
        "Un cul-de-sac, un cul-de-poule",
        "Kike Hernandez hits again",
        "Homo sapiens lived here",
        "Le retard du train est de dix minutes",
        "Retards en gare de Lyon",
        "price* and **bold** words",
        "Con la mia famiglia a Roma, una giornata bellissima",
        "El gato negro de mi abuela está en la casa",
        "Une bonne bouteille, un bon chien et la cuisine",
        "pros and cons of cocktails",
        "U.S.A. and F.B.I.",
        "classic Essex bass",
        "a peacock, a cockpit and a shitake",
        "Cape Cod, ours and yours",
        "1st 2nd 3rd 4th 5th",
        "ma pédale de frein",
        "@fuckyou and https://fuck.example",
        "thanks @bruti and @asshole_92",
    ],
)
def test_words_that_only_look_like_it_pass(text: str) -> None:
    assert [one for one in told("insults", text) if one[0] != "note"] == []


def test_what_is_merely_coarse_is_noted() -> None:
    assert told("insults", "Damn, that was crap") == [("note", "Damn"), ("note", "crap")]


def test_policy_adds_words_and_takes_words_out() -> None:
    assert told("insults", "espèce de bachibouzouk", settings={"words.fr": ("bachibouzouk",)})
    assert told("insults", "merde alors", settings={"allowed.fr": ("Merde",)}) == []


def test_the_word_that_was_meant_is_named() -> None:
    (found,) = findings("insults", "Thank f*** it's Friday!")
    assert found.message() == "f*** reads as fuck"


def test_every_listed_word_is_found_as_it_stands_and_in_capitals() -> None:
    for name, words in sections().items():
        grade = name.partition(" ")[0]
        if grade not in ("strong", "coarse"):
            continue
        lexicon = Lexicon.of(words)
        for word in words:
            for text in (word, f"({word.upper()}!)"):
                assert list(lexicon.found(text)), text


@pytest.mark.parametrize("tag", ["#fuckyou", "#FuckThis", "#lesputes", "#PutainDeBus", "#fuckthepolice"])
def test_an_insult_joined_with_other_words_in_a_hashtag_is_held(tag: str) -> None:
    assert told("insults", f"Come {tag} now") == [("hold", tag)]
    assert told("insults", f"Come {tag} now", settings={"allowed.any": ("fuck", "putes", "putain")}) == []


@pytest.mark.parametrize(
    "tag", ["#PhilipKDick", "#philipkdick", "#HomoSapiens", "#cumbria", "#salopettes", "#disputes"]
)
def test_a_hashtag_in_which_no_word_insults_passes(tag: str) -> None:
    assert told("insults", f"Come {tag} now") == []


@given(st.sampled_from(sorted(sections()["strong any"])), st.text(alphabet="*", min_size=1, max_size=1), st.data())
def test_a_listed_word_with_a_letter_starred_out_is_found(word: str, star: str, data: st.DataObject) -> None:
    folded = plain(word)
    if not folded.isalpha() or len(folded) < 4:
        return
    at = data.draw(st.integers(1, len(folded) - 2))
    hidden = folded[:at] + star + folded[at + 1 :]
    assert list(Lexicon.of((word,)).found(f"oh {hidden} no"))


@given(st.text(max_size=80))
def test_every_place_lies_in_the_text_and_no_two_overlap(text: str) -> None:
    end = 0
    for _, (start, stop) in Lexicon.of(("fuck", "a b", "c++", "ß", "日本")).found(text):
        assert end <= start < stop <= len(text)
        end = stop
