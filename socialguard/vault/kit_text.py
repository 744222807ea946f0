"""The recovery kit as a page of text that survives printing, typing and scanning.

A value stands on one line or several, in groups of four: `key-2: ABCD EFGH … #K7QF`. The four letters after
`#` are the first 20 bits, in base32, of SHA-256(`socialguard/kit/v1\\n` ‖ `key-2\\n` ‖ letters), so a mistake
is found in its line; a last line does the same over all values, so that lines of two kits do not mix.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import Final

from socialguard import errors

TITLE: Final = "SOCIALGUARD RECOVERY KIT, version 1"
MAX_CHARACTERS: Final = 20_000

# How many characters stand on a line, and how many lines there are; age's own tools want its identity whole.
_LAYOUT: Final[Mapping[str, tuple[int, int]]] = {
    "org": (32, 2),
    "manifest": (32, 2),
    "key": (28, 4),
    "age": (74, 1),
}
_LINE: Final = re.compile(r"\s*(org|manifest|key|age|all)\s*-\s*(\d)\s*:\s*(.*?)\s*#\s*(\S{4})\s*", re.IGNORECASE)
_ACCESS: Final = re.compile(r"\s*access\s*:\s?(.*)", re.IGNORECASE)
_VERSION: Final = re.compile(r"socialguard\s+recovery\s+kit,\s*version\s*(\d+)", re.IGNORECASE)
_PREFIX: Final = "socialguard/kit/v1\n"

_PREAMBLE: Final = """\
Whoever holds this page can read every credential of the organisation. Keep it on
paper or on a medium that is not connected; never in the workspace, never in a mail.
Test it now:  socialguard vault recovery test FILE
When keys are lost:  socialguard vault recovery restore FILE
The letters after # find mistakes in typing; spaces and case do not matter.
"""
_TITLES: Final = {
    "org": "Organisation",
    "manifest": "Manifest (its hash when this kit was made)",
    "key": "Recovery key (secret)",
    "age": "age identity (secret): opens exports and off-site copies, also with age itself",
}


def render(values: Mapping[str, str], access: str) -> str:
    """Return the page for the values `org`, `manifest`, `key` and `age` (upper case), and a note."""
    parts = [TITLE, "", _PREAMBLE]
    for name, title in _TITLES.items():
        parts.append(title)
        for label, piece in _labelled(name, values[name]):
            parts.append(f"  {label}: {_grouped(name, piece)} #{_check(label, piece)}")
        parts.append("")
    parts.append("All of it")
    parts.append(f"  all-1: {_all(values)} #{_check('all-1', _all(values))}")
    if access:
        parts += ["", "Off-site copies", *(f"  access: {line}" for line in access.splitlines())]
    return "\n".join(parts) + "\n"


def parse(text: str) -> tuple[dict[str, str], str]:
    """Return the values of a page, in upper case and without spaces, and the note.

    Raises UsageError naming the line that is missing, doubled or mistyped, and for another version."""
    if len(text) > MAX_CHARACTERS:
        raise _bad("it is too long.")
    version = _VERSION.search(text)
    if version is None or version.group(1) != "1":
        raise _bad("its first line is not that of version 1." if version else "its first line is missing.")
    lines: dict[str, str] = {}
    access: list[str] = []
    for line in text.splitlines():
        if match := _LINE.fullmatch(line):
            label, piece = _read(match)
            if lines.setdefault(label, piece) != piece:
                raise _bad(f"the line {label} stands twice.")
        elif match := _ACCESS.fullmatch(line):
            access.append(match.group(1))
    values = {name: _joined(name, lines) for name in _LAYOUT}
    if "all-1" not in lines:
        raise _bad("the line all-1 is missing.")
    if lines["all-1"] != _all(values):
        raise _bad("its lines belong to different kits.")
    return values, "\n".join(access)


def pieces(letters: str) -> list[str]:
    """Return the secret letters of the recovery key as they stand on a page, and without groups."""
    parts = [piece for _, piece in _labelled("key", letters)]
    return [letters, *parts, *(_grouped("key", piece) for piece in parts)]


def _labelled(name: str, value: str) -> list[tuple[str, str]]:
    width, _ = _LAYOUT[name]
    starts = range(0, len(value), width)
    return [(f"{name}-{number}", value[start : start + width]) for number, start in enumerate(starts, 1)]


def _grouped(name: str, piece: str) -> str:
    if name == "age":
        return piece
    return " ".join(piece[start : start + 4] for start in range(0, len(piece), 4))


def _read(match: re.Match[str]) -> tuple[str, str]:
    label = f"{match.group(1).lower()}-{match.group(2)}"
    piece = "".join(match.group(3).split()).upper()
    if _check(label, piece) != match.group(4).upper():
        raise _bad(f"there is a mistake in the line {label}.")
    return label, piece


def _joined(name: str, lines: Mapping[str, str]) -> str:
    _, count = _LAYOUT[name]
    labels = [f"{name}-{number}" for number in range(1, count + 1)]
    for label in labels:
        if label not in lines:
            raise _bad(f"the line {label} is missing.")
    return "".join(lines[label] for label in labels)


def _check(label: str, piece: str) -> str:
    return _digest(f"{label}\n{piece}")[:4]


def _all(values: Mapping[str, str]) -> str:
    return _digest("\n".join(values[name] for name in _LAYOUT))[:8]


def _digest(text: str) -> str:
    return base64.b32encode(hashlib.sha256((_PREFIX + text).encode()).digest()).decode("ascii")


def _bad(detail: str) -> errors.UsageError:
    return errors.UsageError(detail=f"This is not a whole recovery kit: {detail}")
