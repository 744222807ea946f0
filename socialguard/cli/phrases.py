"""Sentences made below the faces, put into the person's language.

The rooms below know no language: an error's details and a check's finding arrive as English with its values
already in it. The catalogue keeps the templates of such phrases (context `phrase`); here a phrase is matched to
its template, and its values are carried over. What matches no template is shown as it came."""

import struct
from collections.abc import Mapping
from functools import cache
from string import Formatter
from typing import Final

from socialguard.cli import words

_LENGTH: Final = 2000
_DEPTH: Final = 2
_MAGIC: Final = 0x950412DE
_MIN_LITERAL: Final = 4
GIVEN: Final = frozenset({"reason", "actor", "text", "word", "words", "name", "key", "check"})
"""Fields that hold what a person wrote, or a name: it stays as it is, whatever it reads like."""


def phrase(text: str) -> str:
    """Return `text`, an English phrase of another room, in the person's language; unchanged where unknown."""
    if words.language() == "en" or len(text) > _LENGTH:
        return text
    return _translated(text, _templates(words.language()), _DEPTH)


def values_in(template: str, text: str) -> dict[str, str] | None:
    """Return the values that make `text` of a template, None where it is not made of it."""
    return _match(_parts(template), text)


def _translated(text: str, templates: Mapping[str, str], depth: int) -> str:
    if text in templates:
        return templates[text]
    best: tuple[int, str, dict[str, str]] | None = None
    for template in templates:
        parts = _parts(template)
        weight = sum(len(literal.strip()) for literal, _name in parts)
        if weight < _MIN_LITERAL or (best is not None and weight <= best[0]):
            continue
        values = _match(parts, text)
        if values is not None:
            best = (weight, template, values)
    if best is None:
        return _pieces(text, templates, depth)
    _weight, template, values = best
    carried = {name: _carried(name, value, templates, depth) for name, value in values.items()}
    return templates[template].format_map(carried)


def _carried(name: str, value: str, templates: Mapping[str, str], depth: int) -> str:
    """Return a value as it goes into a translation; where no depth is left only a whole phrase is one."""
    if name in GIVEN:
        return value
    return _translated(value, templates, depth - 1) if depth > 0 else templates.get(value, value)


def _pieces(text: str, templates: Mapping[str, str], depth: int) -> str:
    """Translate the findings of several accounts, which come as `x:@acme: this; facebook:@acme: that`."""
    if depth > 0 and "; " in text:
        return " ; ".join(_translated(piece, templates, depth - 1) for piece in text.split("; "))
    account, colon, rest = text.partition(": ")
    if colon and ":@" in account and " " not in account:
        return f"{account} : {_translated(rest, templates, 0)}"
    return text


@cache
def _parts(template: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((literal, name) for literal, name, _spec, _conversion in Formatter().parse(template))


def _match(parts: tuple[tuple[str, str | None], ...], text: str) -> dict[str, str] | None:
    """Return the values that make `text` of a template's parts, each as short as it can be; None if it is not.

    One pass from the left: hostile text cannot make it slow."""
    values: dict[str, str] = {}
    waiting: str | None = None
    position = 0
    last = len(parts) - 1
    for index, (literal, name) in enumerate(parts):
        if waiting is None:
            if not text.startswith(literal, position):
                return None
            position += len(literal)
        else:
            ends = index == last and name is None
            found = text.rfind(literal, position) if ends else text.find(literal, position)
            if found < 0 or not literal or (ends and found + len(literal) != len(text)):
                return None
            values[waiting] = text[position:found]
            position = found + len(literal)
        waiting = name
    if waiting is not None:
        values[waiting] = text[position:]
    elif position != len(text):
        return None
    return values


@cache
def _templates(language: str) -> Mapping[str, str]:
    path = words.LOCALE / language / "LC_MESSAGES" / f"{words.DOMAIN}.mo"
    prefix = f"{words.PHRASE}\x04"
    return {
        key.removeprefix(prefix): value
        for key, value in _read_mo(path.read_bytes()).items()
        if key.startswith(prefix) and value
    }


def _read_mo(data: bytes) -> dict[str, str]:
    """Return all pairs of a compiled catalogue (GNU gettext manual, The Format of GNU MO Files)."""
    magic, _revision, count, keys, values = struct.unpack("<5I", data[:20])
    assert magic == _MAGIC

    def text(table: int, index: int) -> str:
        length, offset = struct.unpack("<2I", data[table + 8 * index : table + 8 * index + 8])
        return data[offset : offset + length].decode("utf-8")

    return {text(keys, index): text(values, index) for index in range(count)}
