"""Text from outside, made safe to show: `visible` is the one function through which names, posts, errors,
reasons and file names of others reach a terminal, a log or an error message."""

import unicodedata
from typing import Final

DEFAULT_LIMIT: Final = 500

# Cc control, Cf format (bidi, zero-width, soft hyphen, tags), Cs surrogate, Co private use, Cn unassigned,
# Zl/Zp line and paragraph separator: none of them may act on a terminal or hide in a line.
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
# ZERO WIDTH JOINER, the variation selectors' companion in emoji, is the one format character that people type.
_JOINER: Final = "\u200d"


def visible(text: object, limit: int = DEFAULT_LIMIT) -> str:
    """Return `text` on one line of at most `limit` characters (and one `…`), hidden characters as escapes.

    Newline and tab become `\\n` and `\\t`, other control, bidi and invisible characters `\\u202e` and the
    like; a backslash that stood in the text stays, so the result is for reading, not for decoding.
    """
    raw = str(text)
    shown = raw[:limit]
    if shown.isascii() and shown.isprintable():
        return shown + ("…" if len(raw) > limit else "")
    parts = [_escape(char, index, shown) for index, char in enumerate(shown)]
    return "".join(parts) + ("…" if len(raw) > limit else "")


def excerpt(text: str, most: int) -> str:
    """Return the beginning of `text` on one line, at most `most` characters, with … where there is more of it."""
    line = " ".join(text[: 4 * most].split())
    return line if len(line) <= most and len(text) <= 4 * most else f"{line[: most - 1].rstrip()}…"


def marked(text: str) -> str:
    """Return `text` unchanged: the mark by which the catalogue finds words for people outside the faces."""
    return text


def has_hidden(text: str) -> bool:
    """Return whether `text` holds a control, bidi, invisible, private or unassigned character."""
    return any(unicodedata.category(char) in _HIDDEN for char in text)


def _escape(char: str, index: int, text: str) -> str:
    if unicodedata.category(char) not in _HIDDEN or (char == _JOINER and _joins_emoji(text, index)):
        return char
    if char in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[char]
    point = ord(char)
    if point < 0x100:
        return f"\\x{point:02x}"
    return f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"


def _joins_emoji(text: str, index: int) -> bool:
    """A joiner between two symbols belongs to an emoji; anywhere else it hides something."""
    before = text[index - 1] if index else ""
    after = text[index + 1] if index + 1 < len(text) else ""
    return bool(before and after) and _is_symbol(before) and _is_symbol(after)


def _is_symbol(char: str) -> bool:
    return unicodedata.category(char) in {"So", "Sk", "Sm"} or char == "\ufe0f"
