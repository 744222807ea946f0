"""Make what a network told into JSON that every database, hash and reader takes alike.

Numbers that are no small integers become texts (ids exceed 2^53, coordinates have fractions), half surrogate pairs
and NUL become U+FFFD, and what is nested too deep is refused."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

MAX_DEPTH: Final = 32
_MAX_INTEGER: Final = 2**53 - 1
_EARLIEST: Final = 1970
_LATEST: Final = 9000
_UNFIT: Final = re.compile("[\x00\ud800-\udfff]")


class TooDeep(ValueError):
    """Nested deeper than any answer of a network is."""


def plain(value: object, depth: int = MAX_DEPTH) -> object:
    """Return `value`, parsed from JSON, without floats, large integers and texts that are no text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return plain_text(value)
    if isinstance(value, int):
        return value if abs(value) <= _MAX_INTEGER else str(value)
    if depth == 0:
        raise TooDeep
    if isinstance(value, Mapping):
        return {plain_text(str(name)): plain(inner, depth - 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [plain(inner, depth - 1) for inner in value]
    return str(value)


def fitting(value: object) -> object:
    """Return a text as `plain_text` does, and anything else as it is: for models that measure texts, which take no
    half surrogate pairs."""
    return plain_text(value) if isinstance(value, str) else value


def plain_text(text: str) -> str:
    """Return `text` with U+FFFD in place of NUL and half surrogate pairs."""
    if text.isascii() and "\x00" not in text:
        return text
    return _UNFIT.sub("\ufffd", text)


def in_utc(moment: datetime) -> datetime:
    """Return an instant in UTC, with room for reckoning before and after it; ValueError where it is none of the
    times that a network can mean."""
    try:
        found = moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("not a time") from None
    if not _EARLIEST <= found.year <= _LATEST:
        raise ValueError("not a time")
    return found
