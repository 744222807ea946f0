"""Keep the world in one JSON file, so that a killed sandbox starts again where it was.

The file is written before an answer leaves the server, beside the old one, and then takes its place: a kill
leaves either the old or the new world, never half of one. The bytes of uploads are not kept, only their hashes. It
holds credentials of the sandbox: mode 0600.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from socialguard.sandbox.clock import Clock
from socialguard.sandbox.state import Account, App, Grant, Media, Post, Settings, Token, World

VERSION = 2


def dump_world(world: World) -> dict[str, Any]:
    """Return the world as plain JSON values."""
    return {
        "version": VERSION,
        "clock_offset": world.clock.offset,
        "accounts": [asdict(account) for account in world.accounts],
        "apps": [asdict(app) for app in world.apps],
        "tokens": [asdict(token) for token in world.tokens.values()],
        "media": [asdict(media) for media in world.media.values()],
        "strangers": [asdict(person) for person in world.strangers.values()],
        "posts": [asdict(post) for post in world.in_order()],
        "grants": [asdict(grant) for grant in world.grants.values()],
        "settings": asdict(world.settings),
        "counts": world.counts,
        "costs": world.costs,
        "last_id": world.last_id,
    }


def parse_world(document: dict[str, Any]) -> World:
    """Return the world that `dump_world` wrote; ValueError for another version."""
    if document.get("version") != VERSION:
        raise ValueError(f"the state file has version {document.get('version')!r}, this sandbox reads {VERSION}")
    return World(
        clock=Clock(document["clock_offset"]),
        accounts=[Account(**row) for row in document["accounts"]],
        strangers={row["user_id"]: Account(**row) for row in document["strangers"]},
        apps=[App(**row) for row in document["apps"]],
        tokens={row["value"]: Token(**row) for row in document["tokens"]},
        media={row["media_id"]: Media(**row) for row in document["media"]},
        posts={row["post_id"]: Post(**row) for row in document["posts"]},
        grants={row["value"]: Grant(**row) for row in document["grants"]},
        settings=Settings(**document["settings"]),
        counts=document["counts"],
        costs=document["costs"],
        last_id=document["last_id"],
    )


def save_world(world: World, path: Path) -> None:
    """Replace the file at `path` by this world in one step."""
    beside = path.with_name(path.name + ".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(dump_world(world), file, separators=(",", ":"))
    beside.replace(path)


def load_world(path: Path) -> World | None:
    """Return the world kept at `path`, or None where there is no such file."""
    if not path.exists():
        return None
    return parse_world(json.loads(path.read_text(encoding="utf-8")))
