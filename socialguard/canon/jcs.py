"""Canonical JSON (RFC 8785), restricted to what the formats of SocialGuard allow.

Strings, integers within ±(2^53 - 1), booleans, null, lists and objects with string keys; no floats, no lone
surrogates, no Unicode normalisation. `decode` accepts exactly the bytes that `encode` writes, so that a hash
over stored bytes and a hash over the value are the same thing. Binary is padded base64, time is UTC with
microseconds.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NoReturn

import rfc8785

MAX_INTEGER = 2**53 - 1
"""Largest absolute integer: above it, readers that hold numbers as doubles disagree (RFC 8785 §3.2.2.3)."""

MAX_DEPTH = 64
"""Deepest nesting of lists and objects; our own documents stay below 10."""

_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")

# For keys below the surrogate block, the order of code points is the order of UTF-16 units that RFC 8785
# §3.2.3 asks for, and the standard encoder then writes the same bytes several times faster.
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":"))
_FIRST_SURROGATE = "\ud800"


class NotCanonical(ValueError):
    """The value has no canonical form, or the bytes are not it."""


def encode(value: object) -> bytes:
    """Return the canonical UTF-8 form of a value.

    Raises NotCanonical for floats, large integers, other types, keys that are not strings, lone surrogates
    and nesting deeper than `MAX_DEPTH`.
    """
    plain_order = _refuse_unfit(value, MAX_DEPTH)
    try:
        if plain_order:
            return _ENCODER.encode(value).encode("utf-8")
        return rfc8785.dumps(value)  # type: ignore[arg-type]  # checked by _refuse_unfit
    except (UnicodeEncodeError, rfc8785.CanonicalizationError):
        # The cause is dropped: its text quotes the value, which may be secret.
        raise NotCanonical("a string holds a lone surrogate") from None


def decode(data: bytes) -> object:
    """Return the value of canonical bytes.

    Raises NotCanonical for anything that `encode` would not have written: white space, another key order,
    duplicate keys, other escapes, floats, `-0`, a byte order mark, bytes that are not UTF-8.
    """
    try:
        value: object = json.loads(data.decode("utf-8"), parse_float=_refuse_number, parse_constant=_refuse_number)
    except NotCanonical:
        raise
    except UnicodeDecodeError:
        raise NotCanonical("not UTF-8") from None
    except (ValueError, RecursionError):
        raise NotCanonical("not JSON") from None
    # Comparing also finds duplicate keys: the second replaced the first, so the bytes became shorter.
    if encode(value) != data:
        raise NotCanonical("JSON, but not in its canonical form")
    return value


def b64(data: bytes) -> str:
    """Return padded standard base64 (RFC 4648 §4)."""
    return base64.b64encode(data).decode("ascii")


def unb64(text: str) -> bytes:
    """Return the bytes of padded base64; raises NotCanonical for any text that `b64` does not write."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise NotCanonical("not padded base64") from None
    # Unused bits of the last character are ignored by decoders: several texts would mean one value.
    if b64(data) != text:
        raise NotCanonical("not padded base64")
    return data


class BadTimestamp(NotCanonical):
    """The text is not a time as `timestamp` writes it."""


def timestamp(moment: datetime) -> str:
    """Return `YYYY-MM-DDTHH:MM:SS.ffffffZ`; raises NotCanonical unless the moment is aware and in UTC."""
    if moment.tzinfo is not UTC and moment.utcoffset() != timedelta(0):
        raise NotCanonical("a time must be in UTC and say so")
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


@lru_cache(maxsize=1024)
def parse_timestamp(text: str) -> datetime:
    """Return the moment, in UTC; raises BadTimestamp for any text that `timestamp` does not write."""
    if not isinstance(text, str) or not _TIMESTAMP.fullmatch(text):
        raise BadTimestamp("not a time of the form YYYY-MM-DDTHH:MM:SS.ffffffZ")
    try:
        moment = datetime.fromisoformat(text[:-1]).replace(tzinfo=UTC)
    except ValueError:
        raise BadTimestamp("no such time") from None
    if timestamp(moment) != text:  # newer interpreters read 24:00 as the next day
        raise BadTimestamp("no such time")
    return moment


def _refuse_unfit(value: object, depth: int) -> bool:
    """Raise NotCanonical for what cannot be encoded; True if all keys sort the same in UTF-16 units."""
    if type(value) is str or value is None or isinstance(value, (str, bool)):  # the commonest first
        return True
    if isinstance(value, int):
        if not -MAX_INTEGER <= value <= MAX_INTEGER:
            raise NotCanonical("an integer is outside ±(2^53 - 1)")
        return True
    if depth == 0:
        raise NotCanonical(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, (list, tuple)):
        plain = True
        for item in value:
            plain = _refuse_unfit(item, depth - 1) and plain
        return plain
    if isinstance(value, dict):
        plain = True
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotCanonical("a key is not a string")
            if not key.isascii() and max(key) >= _FIRST_SURROGATE:
                _refuse_surrogates(key)
                plain = False
            # Most of what there is: a call for each is most of the time.
            if type(item) is not str and item is not None:
                plain = _refuse_unfit(item, depth - 1) and plain
        return plain
    raise NotCanonical(f"{type(value).__name__} has no canonical form here")


def _refuse_surrogates(key: str) -> None:
    if any("\ud800" <= character <= "\udfff" for character in key):
        raise NotCanonical("a string holds a lone surrogate")


def _refuse_number(_literal: str) -> NoReturn:
    raise NotCanonical("numbers are integers")
