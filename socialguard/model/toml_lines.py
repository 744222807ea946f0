"""TOML that a person wrote: read so that no text ends in a crash, and where a key stands in it, for telling them:
the parser keeps no lines."""

import re
import tomllib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

_WHERE: Final = re.compile(r"(.*) \(at (?:line (\d+), column \d+|end of document)\)", re.DOTALL)


class NotToml(ValueError):
    """A text is not TOML, or not one that can be read; the message says why, and where that is known. `line`
    (from 1) is that place, None where nobody knows it, and `detail` the message without it."""

    def __init__(self, message: str, source: str = "") -> None:
        super().__init__(message)
        found = _WHERE.fullmatch(message)
        self.detail = found[1] if found else message
        self.line = None if found is None else int(found[2] or source.count("\n") + 1)


def loads(source: str, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """Return what a TOML text holds; raises NotToml, also for what is nested too deep or a number too long."""
    try:
        return tomllib.loads(source, parse_float=parse_float)
    except tomllib.TOMLDecodeError as problem:
        raise NotToml(str(problem), source) from None
    except RecursionError:
        raise NotToml("a value is nested too deep") from None
    except ValueError:  # what int() says of thousands of digits
        raise NotToml("a number has too many digits") from None


def line_of(source: str, path: tuple[str, ...]) -> int:
    """Return the line (from 1) of a key or a section; of the nearest part of the path that the text names."""
    best, depth = 1, 0
    for number, here in _places(source):
        shared = min(len(here), len(path))
        if here[:shared] == path[:shared] and shared > depth:
            best, depth = number, shared
    return best


@lru_cache(maxsize=1)
def _places(source: str) -> tuple[tuple[int, tuple[str, ...]], ...]:
    """Lines of a text that name a section or a key, each with its whole path: read once for many questions."""
    found = []
    table: tuple[str, ...] = ()
    for number, line in enumerate(source.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            table = _path_of(f"{stripped.partition('#')[0]}\n") or table
            found.append((number, table))
        elif "=" in stripped and not stripped.startswith("#"):
            found.append((number, table + _path_of(f"{stripped.partition('=')[0]} = 0")))
    return tuple(found)


def _path_of(line: str) -> tuple[str, ...]:
    try:
        value: Any = loads(line)
    except NotToml:
        return ()
    parts = []
    while isinstance(value, dict) and value:
        key = next(iter(value))
        parts.append(key)
        value = value[key]
    return tuple(parts)
