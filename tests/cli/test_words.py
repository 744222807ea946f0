"""One catalogue, English and French: nothing untranslated, nothing stale, and a language for every person."""

import ast
import gettext
import re
from io import BytesIO
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.mofile import write_mo
from hypothesis import given
from hypothesis import strategies as st

from socialguard.cli import phrases, times_told, words
from tests import catalogue


def test_the_catalogue_holds_every_message_of_the_sources_and_no_other() -> None:
    expected = {(one.singular, one.context) for one in catalogue.extracted()}
    with catalogue.POT.open("rb") as file:
        from babel.messages.pofile import read_po

        template = read_po(file)
    for kept in (template, catalogue.french()):
        found = {(one.id[0] if isinstance(one.id, tuple) else one.id, one.context or "") for one in kept if one.id}
        assert expected - found == set(), "run: python -m tests.catalogue"
        assert found - expected == set(), "run: python -m tests.catalogue"


def test_every_message_has_its_french() -> None:
    assert [message.id for message in catalogue.untranslated(catalogue.french())] == []


def test_a_translation_has_the_fields_of_its_message() -> None:
    for message in catalogue.french():
        if message.id:
            english, *_plural = message.id if isinstance(message.id, tuple) else (message.id,)
            for string in message.string if isinstance(message.string, tuple) else (message.string,):
                assert not string or fields(str(string)) == fields(str(english)), message.id


def fields(template: str) -> set[str]:
    """Return the names of the fields of a template."""
    return {name for _text, name, _spec, _conversion in Formatter().parse(template) if name is not None}


def test_a_short_name_for_saying_is_one_that_the_catalogue_looks_for() -> None:
    """Under any other name its sentences are never found, and stay English."""
    other = [
        f"{file}:{node.lineno}"
        for file in (catalogue.ROOT / "cli").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Attribute)
        and node.value.attr in ("say", "note")
        and not all(isinstance(one, ast.Name) and one.id in catalogue.LOOKED_UP for one in node.targets)
    ]
    assert other == []


def test_what_is_counted_has_a_sentence_for_one() -> None:
    """Nobody reads "1 posts": where the command line counts things it says `plural` or `counted`."""
    counts = [one for one in catalogue.extracted() if one.place.startswith("socialguard/cli/") and not one.plural]
    alone = {one.singular for one in counts if re.search(r"\{count\} (more )?[a-z]{3,}s\b", one.singular)}
    assert alone == {"All {count} steps happened."}


def test_a_count_is_told_with_its_noun_and_its_thousands_apart() -> None:
    told = [
        words.counted("{count} line of {file}", "{count} lines of {file}", n, file="a\x07") for n in (1, 2_000)
    ]
    assert told == ["1 line of a\\x07", "2,000 lines of a\\x07"]


def test_the_compiled_catalogue_is_that_of_the_po_file() -> None:
    buffer = BytesIO()
    write_mo(buffer, catalogue.french())
    fresh, kept = phrases._read_mo(buffer.getvalue()), phrases._read_mo(catalogue.MO.read_bytes())
    assert {key: fresh[key] for key in fresh if key} == {key: kept[key] for key in kept if key}
    with catalogue.MO.open("rb") as file:
        assert gettext.GNUTranslations(file).gettext("yesterday") == "hier"


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "fr_FR.UTF-8"}, "fr"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "fr_FR.UTF-8", "LC_MESSAGES": "en_US.UTF-8"}, "en"),
        ({"LC_MESSAGES": "en_US.UTF-8", "LC_ALL": "fr_CA.UTF-8"}, "fr"),
        ({"LC_ALL": "C", "LANG": "fr_FR.UTF-8"}, "en"),
        ({"LANGUAGE": "de:fr:en", "LANG": "en_US.UTF-8"}, "fr"),
        ({"LANGUAGE": "", "LANG": "fr"}, "fr"),
    ],
)
def test_the_environment_names_the_language(
    environment: dict[str, str], language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    words.use_language(None)
    assert words.language() == language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ('language = "fr"', "fr"),
        ('language = "en"', "en"),
        ("language = fr", "fr"),
        ("", "fr"),
        ("language = " + "[" * 3000, "fr"),
    ],
)
def test_the_workspace_goes_before_the_environment_and_a_broken_one_does_not_matter(
    text: str, language: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    (tmp_path / "socialguard.toml").write_text(text)
    words.use_language(None)
    assert words.language() == language


def test_numbers_prices_and_ages_are_those_of_the_language() -> None:
    def shown() -> tuple[str, ...]:
        return (words.number(1_212_408), words.price(15_000), words.price(2_000_000), times_told.age(3 * 86400),
                words.local_price("$0.185"), words.percent(0.02))  # fmt: skip

    assert shown() == ("1,212,408", "$0.015", "$2.00", "3 d", "$0.185", "2.0%")
    words.use_language("fr")
    assert shown() == ("1 212 408", "0,015 $", "2,00 $", "3 j", "0,185 $", "2,0 %")


@pytest.mark.parametrize(
    ("english", "french"),
    [
        ("disk full", "disque plein"),
        ("alt text missing (plan.png)", "texte alternatif manquant (plan.png)"),
        ("x:@acme: alt text missing (a.png); x:@b: the post is empty",
         "x:@acme : texte alternatif manquant (a.png) ; x:@b : le message est vide"),
        ("Fix it, or --override alt --reason …", "Corrigez, ou --override alt --reason …"),
        ("something that no room says", "something that no room says"),
        ("Invalid value for '--port': 'x' is not a valid integer.",
         "Valeur refusée pour « --port » : « x » n'est pas un nombre entier."),
        ("Part 2 (8f2c) is queued. The thread goes on when it is sent.",
         "Partie 2 (8f2c) : en file. Le fil continue quand elle est envoyée."),
        ("x:@acme: nearly the same text is sent as 8f2c", "x:@acme : presque le même texte est envoyé comme 8f2c"),
        ("the parameter words must be true or false.", "le paramètre words doit être true ou false."),
        ("crisis mode since 09:00: disk full", "mode crise depuis 09:00 : disk full"),  # a person's own words
    ],
)  # fmt: skip
def test_a_phrase_of_another_room_is_put_into_french_with_its_values(english: str, french: str) -> None:
    assert phrases.phrase(english) == english
    words.use_language("fr")
    assert phrases.phrase(english) == french


@given(st.text(max_size=300))
def test_a_value_is_carried_over_whatever_it_holds(value: str) -> None:
    words.use_language("fr")
    if phrases.phrase(value) != value:
        return  # it is one of our own phrases, and is itself put into French
    assert value in phrases.phrase(f"alt text missing ({value})") or "(" in value or ")" in value or "; " in value


@given(st.text(alphabet="{}; :@'()x.,\n", max_size=2500))
def test_no_text_breaks_or_stalls_the_look_up(text: str) -> None:
    words.use_language("fr")
    assert isinstance(phrases.phrase(text), str)
