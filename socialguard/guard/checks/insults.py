"""Insults and profanity in English and French, also in simple disguises: f***, sh1t, m e r d e, letters of another
alphabet. The list is `guard/data/insults.txt`; policy adds to it and takes words out."""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

from socialguard.guard.disguise import Lexicon, plain
from socialguard.guard.interface import Kind, Subject
from socialguard.guard.reading import HASHTAG, LINK, Span, language_of, without
from socialguard.guard.segmenting import reading
from socialguard.model.finding import Finding, Severity
from socialguard.model.parameter import Parameter, Words
from socialguard.model.text import marked

KIND: Final[Kind] = "text"
LEVEL: Final[Severity | None] = Severity.HOLD
PARAMETERS: Final[Mapping[str, Parameter]] = {"words": Words(), "allowed": Words()}
_SHORTEST_JOINED: Final = 4
_CAPITALS: Final = re.compile(r"(?<=[a-zß-ÿ])(?=[A-ZÀ-Þ])|_")
_ACCENTS: Final = re.compile(r"[àâçèéêëîïôùûœ]", re.IGNORECASE)
_ENOUGH_WORDS: Final = 6  # of fewer the detector only guesses
_FILE: Final = Path(__file__).parent.parent / "data" / "insults.txt"


def check(subject: Subject) -> Iterator[Finding]:
    """Yield a hold for each insult, a note for what is merely coarse."""
    text, settings = subject.content.text, subject.settings
    own = settings.words("words", subject.languages)
    allowed = tuple(sorted(plain(one) for one in settings.words("allowed", subject.languages)))
    found: dict[tuple[int, int], tuple[str, Severity]] = {}
    languages = _languages(text, subject.languages)
    for name, severity in (("coarse", Severity.NOTE), ("strong", Severity.HOLD)):
        lexicon = _lexicon(name, languages, own if name == "strong" else (), allowed)
        found |= {span: (word, severity) for word, span in lexicon.found(text)}
        if severity is Severity.HOLD:
            told = {index for span in found for index in range(*span)}
            joined = _in_hashtags(lexicon, text)
            found |= {span: (word, severity) for word, span in joined if told.isdisjoint(range(*span))}
    strong = [span for span, (_, severity) in found.items() if severity is Severity.HOLD]
    for span, (word, severity) in sorted(found.items()):
        if severity is Severity.NOTE and any(low <= span[0] and span[1] <= high for low, high in strong):
            continue
        if word in _read()["names any"] and text[slice(*span)].istitle():
            continue
        if word in _initials() and not text[slice(*span)].islower():
            continue
        yield Finding(
            "insults",
            severity,
            str(subject.account),
            marked("{words} reads as {word}"),
            {"words": text[slice(*span)], "word": word},
            remedy=marked("Write it in other words."),
            span=span,
        )


def sections() -> Mapping[str, tuple[str, ...]]:
    """Return the words of the list by section: `strong any`, `coarse fr`, `rude en`, `harmless any` …"""
    return _read()


def _in_hashtags(lexicon: Lexicon, text: str) -> Iterator[tuple[str, Span]]:
    """Yield each hashtag of several words, one of which is on the list (#FuckThis, #lesputes), and that word."""
    for found in HASHTAG.finditer(without(LINK, text)):
        tag = plain(found[1])
        if not any(len(word) >= _SHORTEST_JOINED and word in tag for word in lexicon.words):
            continue  # most: the frequencies of words are not even read
        parts = _CAPITALS.sub(" ", found[1]) if _CAPITALS.search(found[1]) else " ".join(reading(tag))
        for word, _ in lexicon.found(parts):
            if " " in parts and word not in _read()["names any"] and word not in _initials():
                yield word, found.span()
                break


def _languages(text: str, account: tuple[str, ...]) -> tuple[str, ...]:
    """The languages whose words count here: some insult in one and say something harmless in the other."""
    code, sure = language_of(text)
    own = tuple(one for one in account if one in ("en", "fr"))
    few = len(text.split()) < _ENOUGH_WORDS
    if code in ("en", "fr"):
        french = ("fr",) if not sure and _ACCENTS.search(text) else ()  # it takes short French texts for English
        return (code,) if sure and not few else tuple(dict.fromkeys((code, *own, *french)))
    if few:
        return own or (() if sure else ("en", "fr"))
    return () if sure or code != "un" else own or ("en", "fr")


@lru_cache(maxsize=64)
def _lexicon(grade: str, languages: tuple[str, ...], own: tuple[str, ...], allowed: tuple[str, ...]) -> Lexicon:
    read = _read()
    grades = (grade, "initials") if grade == "strong" else (grade,)
    words = [word for one in ("any", *languages) for each in grades for word in read.get(f"{each} {one}", ())]
    return Lexicon.of((*(word for word in words if plain(word) not in allowed), *own), read["harmless any"])


@lru_cache(maxsize=1)
def _initials() -> frozenset[str]:
    return frozenset(word for name, words in _read().items() if name.startswith("initials") for word in words)


@lru_cache(maxsize=1)
def _read() -> Mapping[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    section = ""
    for raw in _FILE.read_text(encoding="utf-8").splitlines():
        line = raw.partition("#")[0].strip()
        if line.startswith("["):
            section = line.strip("[]")
            found.setdefault(section, [])
        elif line:
            stem, _, endings = line.partition("/")
            found[section].extend([stem, *(stem + end.strip() for end in endings.split(",") if end.strip())])
    return {name: tuple(words) for name, words in found.items()}
