"""Contexts: an operator in one terminal session, known by facts that another session cannot share."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Context:
    """An operator in a terminal session; `id` hashes TTY, session leader with its start, boot, and
    `SOCIALGUARD_SESSION`, so a reused terminal name is another context."""

    id: str
    operator: str


def context_of(facts: Mapping[str, str], operator: str) -> Context | None:
    """Return the context of a terminal session with these facts, None without a terminal (no facts)."""
    if not facts:
        return None
    canonical = json.dumps(dict(facts), sort_keys=True).encode()
    return Context(hashlib.sha256(b"socialguard/context/v1\n" + canonical).hexdigest(), operator)
