"""Where a key stands in a TOML text, for telling a person: the parser keeps no lines."""

import tomllib
from typing import Any


def line_of(source: str, path: tuple[str, ...]) -> int:
    """Return the line (from 1) of a key or a section; of the nearest part of the path that the text names."""
    best, depth, table = 1, 0, ()  # type: int, int, tuple[str, ...]
    for number, line in enumerate(source.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("["):
            table = _path_of(f"{stripped.partition('#')[0]}\n") or table
            here = table
        elif "=" in stripped and not stripped.startswith("#"):
            here = table + _path_of(f"{stripped.partition('=')[0]} = 0")
        else:
            continue
        shared = min(len(here), len(path))
        if here[:shared] != path[:shared]:
            shared = 0
        if shared > depth:
            best, depth = number, shared
    return best


def _path_of(line: str) -> tuple[str, ...]:
    try:
        value: Any = tomllib.loads(line)
    except tomllib.TOMLDecodeError:
        return ()
    parts = []
    while isinstance(value, dict) and value:
        key = next(iter(value))
        parts.append(key)
        value = value[key]
    return tuple(parts)
