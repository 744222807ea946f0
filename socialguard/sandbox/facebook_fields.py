"""Read Graph's `fields`: names, what is asked of each (`comments.limit(5).since(1)`), and the fields inside
braces."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from socialguard.sandbox.facebook_errors import graph_error
from socialguard.sandbox.gateway import Call

_TOKEN = re.compile(r"\s*([A-Za-z_0-9]+|[.,{}]|\([^()]*\))\s*")
MAX_DEPTH = 10


@dataclass(frozen=True, slots=True)
class Field:
    """One field: `asked` are its modifiers, `fields` what stands in its braces."""

    name: str
    asked: dict[str, str] = field(default_factory=dict)
    fields: tuple[Field, ...] = ()


@lru_cache(maxsize=100)
def parse_fields(text: str) -> tuple[Field, ...]:
    """Return the fields of a text; Refused (2500) where it is not Graph's syntax."""
    tokens: list[str] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise _syntax_error(text[position : position + 20])
        tokens.append(match[1])
        position = match.end()
    fields, rest = _fields(tokens, 0)
    if rest:
        raise _syntax_error(rest[0])
    return fields


def field_list(call: Call) -> tuple[Field, ...]:
    """Return the fields that the request asks for."""
    return parse_fields(call.value("fields") or "")


def asked_fields(call: Call, default: tuple[str, ...]) -> list[str]:
    """Return the top-level names of `fields`."""
    return [field.name for field in field_list(call)] or list(default)


def pick(everything: dict[str, Any], fields: list[str], node_type: str) -> dict[str, Any]:
    """Return the asked fields and the id; None values are left out as Graph does; Refused for an unknown name."""
    for name in fields:
        if name not in everything:
            message = f"(#100) Tried accessing nonexisting field ({name}) on node type ({node_type})"
            raise graph_error(100, message)
    chosen = {name: everything[name] for name in fields if everything[name] is not None}
    return {**chosen, "id": everything["id"]}


def _fields(tokens: list[str], depth: int) -> tuple[tuple[Field, ...], list[str]]:
    found: list[Field] = []
    while tokens and tokens[0] != "}":
        name, tokens = tokens[0], tokens[1:]
        if not name[0].isalnum() and name[0] != "_":
            raise _syntax_error(name)
        asked: dict[str, str] = {}
        while tokens[:1] == ["."] and len(tokens) > 2 and tokens[2].startswith("("):
            asked[tokens[1]] = tokens[2][1:-1]
            tokens = tokens[3:]
        inner: tuple[Field, ...] = ()
        if tokens[:1] == ["{"]:
            if depth == MAX_DEPTH:
                raise _syntax_error("{")
            inner, tokens = _fields(tokens[1:], depth + 1)
            if tokens[:1] != ["}"]:
                raise _syntax_error("the end")
            tokens = tokens[1:]
        found.append(Field(name, asked, inner))
        if tokens[:1] == [","]:
            tokens = tokens[1:]
        elif tokens and tokens[0] != "}":
            raise _syntax_error(tokens[0])
    return tuple(found), tokens


def _syntax_error(where: str) -> Exception:
    return graph_error(2500, f'Syntax error "Expected end of string instead of "{where}"." in the field list.')
