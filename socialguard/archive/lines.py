"""The lines of segments: canonical JSON, each whole in itself, from which the index can be made again.

`t` says what a line is: `item` (an item's version; the first with its metrics), `metrics` (a snapshot), `page` (a
gap as it stood after a page), `profile`, `blob` (the file of an attachment). `at` is when it was kept.

An item's version hash is SHA-256(32 random bytes of salt ‖ JCS of its body). The body is what the author made: it
leaves out metrics, and what changes by itself: the author's name of today, addresses of media that expire."""

import hashlib
import os
from collections.abc import Mapping
from typing import Final

from socialguard.archive.interface import Gap
from socialguard.canon import jcs
from socialguard.model.activity import Item, Mark, Profile

Line = dict[str, object]

SALT_BYTES: Final = 32
OWN: Final = "own"
"""The shelf of what the accounts wrote themselves, and of what is nobody's: pages, profiles."""


def body_of(item: Item) -> dict[str, object]:
    """Return what an item's version hash covers."""
    return {
        "attachments": [{"alt": one.alt, "key": one.key, "type": one.type} for one in item.attachments],
        "author": item.author_id,
        "content": dict(item.content),
        "created": jcs.timestamp(item.created_at),
        "kind": item.kind.value,
        "reply_to": item.reply_to,
        "text": item.text,
        "url": item.url,
    }


def canonical(body: dict[str, object]) -> tuple[dict[str, object], bytes]:
    """Return a body in the form that it is kept in, and its canonical bytes.

    What a network wrote need not have a canonical form: numbers with a fraction, or too large, become text, and
    what is no character becomes U+FFFD."""
    try:
        return body, jcs.encode(body)
    except jcs.NotCanonical:
        fit = {key: _fit(value, jcs.MAX_DEPTH - 4) for key, value in body.items()}
        return fit, jcs.encode(fit)


def version_hash(salt: bytes, body: bytes) -> bytes:
    """Return the hash of a version (32 bytes)."""
    return hashlib.sha256(salt + body).digest()


def item_line(
    account_id: str, item: Item, own: bool, number: int, body: dict[str, object], stored: bytes, at: str
) -> Line:
    """Return the line of a new version, with a new salt."""
    salt = os.urandom(SALT_BYTES)
    line: Line = {
        "account": account_id,
        "at": at,
        "author_name": _text(item.author_name),
        "body": body,
        "hash": version_hash(salt, stored).hex(),
        "id": item.network_id,
        "n": number,
        "own": own,
        "salt": jcs.b64(salt),
        "t": "item",
        "urls": {one.key: one.url for one in item.attachments if one.url is not None},
    }
    if number == 1:
        line["metrics"] = counts_of(item.metrics)
    return line


def metrics_line(account_id: str, network_id: str, number: int, counts: Mapping[str, int], at: str) -> Line:
    """Return the line of a snapshot of an item's metrics."""
    return {"account": account_id, "at": at, "counts": dict(counts), "id": network_id, "n": number, "t": "metrics"}


def page_line(gap: Gap, at: str) -> Line:
    """Return the line of a gap as it stands after a page."""
    return {
        "account": gap.account_id,
        "at": at,
        "gap": gap.number,
        "limit": gap.reached_limit,
        "newest": mark_value(gap.newest),
        "next": gap.at,
        "open": gap.is_open,
        "since": mark_value(gap.since),
        "stream": gap.stream.value,
        "t": "page",
    }


def profile_line(account_id: str, profile: Profile, at: str) -> Line:
    """Return the line of an account's profile."""
    return {"account": account_id, "at": at, "profile": profile_value(profile), "t": "profile"}


def blob_line(
    account_id: str, network_id: str, key: str, sha256: str, size: int, content_type: str, at: str
) -> Line:
    """Return the line of an attachment whose file is kept."""
    line: Line = {"account": account_id, "at": at, "id": network_id, "key": key, "sha256": sha256, "size": size}
    return line | {"t": "blob", "type": content_type}


def profile_value(profile: Profile) -> dict[str, object]:
    """Return a profile as it is kept."""
    value: dict[str, object] = {
        "content": dict(profile.content),
        "display_name": profile.display_name,
        "followers": profile.followers,
        "handle": profile.handle,
        "metrics": counts_of(profile.metrics),
        "posts": profile.posts,
        "user_id": profile.user_id,
    }
    return canonical(value)[0]


def counts_of(metrics: Mapping[str, int]) -> dict[str, int]:
    """Return metrics as they are kept: names that are text, values within what JSON readers agree on."""
    limit = jcs.MAX_INTEGER
    return {_text(name): max(-limit, min(limit, int(value))) for name, value in metrics.items()}


def mark_value(mark: Mark | None) -> list[str] | None:
    """Return a mark as it is kept: id and time."""
    return None if mark is None else [mark.network_id, jcs.timestamp(mark.created_at)]


def mark_of(value: object) -> Mark | None:
    """Return the mark that `mark_value` wrote."""
    if value is None:
        return None
    assert isinstance(value, list)
    return Mark(str(value[0]), jcs.parse_timestamp(str(value[1])))


def shelf_of(account_id: str, own: bool, at: str) -> str:
    """Return where a line about an item belongs: what the accounts wrote themselves stands together; what others
    wrote stands apart for each account and month, so that it can be destroyed apart."""
    return OWN if own else f"others/{account_id}/{at[:7]}"


def _fit(value: object, depth: int) -> object:
    if isinstance(value, str):
        return _text(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= jcs.MAX_INTEGER else str(value)
    if isinstance(value, Mapping) and depth:
        return {_text(str(key)): _fit(each, depth - 1) for key, each in value.items()}
    if isinstance(value, (list, tuple)) and depth:
        return [_fit(each, depth - 1) for each in value]
    return _text(repr(value) if isinstance(value, float) else str(value))


def _text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return value
