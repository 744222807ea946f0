"""The lines of segments: canonical JSON, each whole in itself, from which the index can be made again.

`t` says what a line is: `item` (an item's version; the first with its metrics), `metrics` (a snapshot), `page` (a
gap as it stood after a page), `profile`, `blob` (the file of an attachment), `tombstone` (an item that is known to
be deleted at its network; what was kept of it stays). `at` is when it was kept.

An item's version hash is SHA-256(32 random bytes of salt ‖ JCS of its body). The body is what the author made: it
leaves out metrics, and what changes by itself: the author's name of today, addresses of media that expire.

Items are many, so their lines are written out by hand; tests hold them to `jcs.encode`."""

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from json.encoder import encode_basestring as quoted
from typing import Any, Final, NamedTuple

from socialguard.archive import instants
from socialguard.archive.interface import Gap
from socialguard.canon import jcs
from socialguard.model.activity import Attachment, Item, Mark, Profile

SALT_BYTES: Final = 32
OWN: Final = "own"
"""The shelf of what the accounts wrote themselves, and of what is nobody's: pages, profiles."""

OTHERS: Final = "others"
"""Where the shelves of what others wrote begin."""


class Line(NamedTuple):
    """One line: what it is, whose, which item it is about (empty: none), what the index takes of it, its bytes."""

    kind: str
    account: str
    item: str
    values: dict[str, Any]
    stored: bytes


class Body(NamedTuple):
    """What a version hash covers, as canonical bytes, and what of it the index keeps as JSON: what is not
    empty."""

    stored: bytes
    held: str


def fit(one: Item) -> tuple[Item, Body]:
    """Return an item as it can be kept, and its body.

    What a network wrote need not have a canonical form: numbers with a fraction, or too large, become text, and
    what is no character becomes U+FFFD."""
    try:
        "".join([one.network_id, one.author_name, *(each.url or "" for each in one.attachments)]).encode()
        if "\0" not in one.network_id and all(each.key.isprintable() for each in one.attachments):
            return one, _body(one)
    except ValueError:  # no canonical form, or a lone surrogate
        pass
    one = replace(
        one,
        network_id=_name(one.network_id),
        author_id=_text(one.author_id),
        author_name=_text(one.author_name),
        text=_text(one.text),
        url=_text(one.url),
        reply_to=None if one.reply_to is None else _text(one.reply_to),
        attachments=tuple(
            Attachment(
                _name(each.key), _text(each.type), None if each.url is None else _text(each.url), _text(each.alt)
            )
            for each in one.attachments
        ),
        content={_text(key): _fit(value, jcs.MAX_DEPTH - 4) for key, value in one.content.items()},
    )
    return one, _body(one)


def version_hash(salt: bytes, body: bytes) -> bytes:
    """Return the hash of a version (32 bytes)."""
    return hashlib.sha256(salt + body).digest()


def item_line(account_id: str, one: Item, own: bool, number: int, body: Body, at: str) -> Line:
    """Return the line of a new version, with a new salt."""
    salt = os.urandom(SALT_BYTES)
    files = {each.key: each.url for each in one.attachments}
    urls = _json({key: url for key, url in files.items() if url is not None}) if files else "{}"
    counts = counts_of(one.metrics) if number == 1 else None
    stored_counts = _counts(counts or {})
    first = "" if counts is None else f'"metrics":{stored_counts},'
    stored = (
        f'{{"account":{quoted(account_id)},"at":"{at}","author_name":{quoted(one.author_name)},"body":'.encode()
        + body.stored
        + f',"id":{quoted(one.network_id)},{first}"n":{number},'
        f'"own":{"true" if own else "false"},"salt":"{jcs.b64(salt)}","t":"item","urls":{urls}}}'.encode()
    )
    values = {
        "number": number,
        "own": own,
        "kind": one.kind.value,
        "created_at": instants.micros(one.created_at),
        "sha256": version_hash(salt, body.stored),
        "text": _without_nul(one.text),
        "content": body.held,
        "author_name": _without_nul(one.author_name),
        "at": instants.parsed(at),
        "files": files,
        "counts": stored_counts if counts else None,
    }
    return Line("item", account_id, one.network_id, values, stored)


def metrics_line(account_id: str, network_id: str, number: int, counts: Mapping[str, int], at: str) -> Line:
    """Return the line of a snapshot of an item's metrics."""
    return _made(
        {"account": account_id, "at": at, "counts": counts, "id": network_id, "n": number, "t": "metrics"}
    )


def page_line(gap: Gap, at: str) -> Line:
    """Return the line of a gap as it stands after a page."""
    return _made(
        {
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
    )


def profile_line(account_id: str, profile: Profile, at: str) -> Line:
    """Return the line of an account's profile."""
    return _made({"account": account_id, "at": at, "profile": profile_value(profile), "t": "profile"})


def blob_line(
    account_id: str, network_id: str, key: str, sha256: str, size: int, content_type: str, at: str
) -> Line:
    """Return the line of an attachment whose file is kept."""
    line: dict[str, object] = {"account": account_id, "at": at, "id": network_id, "key": key, "sha256": sha256}
    return _made(line | {"size": size, "t": "blob", "type": content_type})


def tombstone_line(account_id: str, network_id: str, reason: str, at: str) -> Line:
    """Return the line of an item that is known to be deleted, and how that is known."""
    return _made({"account": account_id, "at": at, "id": network_id, "reason": reason, "t": "tombstone"})


def read(stored: bytes) -> Line:
    """Return a line as its bytes say; they are of our own writing, proven by the root of their segment."""
    text = stored.decode()
    line: Any = json.loads(text)
    if line["t"] != "item":
        line["at"] = instants.parsed(line["at"])
        return Line(line["t"], line["account"], line.get("id", ""), line, stored)
    body, urls, counts = line["body"], line["urls"], line.get("metrics")
    written = _between(text, ',"body":', '},"id":') + "}"
    content = _between(written, ',"content":', ',"created":"')
    values = {
        "number": line["n"],
        "own": line["own"],
        "kind": body["kind"],
        "created_at": instants.parsed(body["created"]),
        "sha256": version_hash(jcs.unb64(line["salt"]), written.encode()),
        "text": _without_nul(body["text"]),
        "content": _held(
            _json(body["attachments"]) if body["attachments"] else "",
            body["author"],
            content if content != "{}" else "",
            body["reply_to"],
            body["url"],
        ),
        "author_name": _without_nul(line["author_name"]),
        "at": instants.parsed(line["at"]),
        "files": {each["key"]: urls.get(each["key"]) for each in body["attachments"]},
        "counts": _counts(counts) if counts else None,
    }
    return Line("item", line["account"], line["id"], values, stored)


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
    return {key: _fit(each, jcs.MAX_DEPTH - 4) for key, each in value.items()}


def counts_of(metrics: Mapping[str, int]) -> dict[str, int]:
    """Return metrics as they are kept: names that are text, values within what JSON readers agree on."""
    limit = jcs.MAX_INTEGER
    return {_name(name): max(-limit, min(limit, int(value))) for name, value in metrics.items()}


def mark_value(mark: Mark | None) -> list[str] | None:
    """Return a mark as it is kept: id and time."""
    return None if mark is None else [mark.network_id, jcs.timestamp(mark.created_at)]


def mark_of(value: object) -> Mark | None:
    """Return the mark that `mark_value` wrote."""
    if value is None:
        return None
    assert isinstance(value, list)
    return Mark(str(value[0]), jcs.parse_timestamp(str(value[1])))


def shelf_of(account_id: str, own: bool, created: int) -> str:
    """Return where a line about an item belongs: what the accounts wrote themselves stands together; what others
    wrote stands apart for each account and month in which it was written (`created`: microseconds), so that it can
    be destroyed apart."""
    return OWN if own else f"{OTHERS}/{account_id}/{instants.written(created)[:7]}"


def shelf_of_others(account_id: str, month: str) -> str:
    """Return the shelf of what others wrote to an account in a month (YYYY-MM)."""
    return f"{OTHERS}/{account_id}/{month}"


def _body(one: Item) -> Body:
    files = [{"alt": each.alt, "key": each.key, "type": each.type} for each in one.attachments]
    attachments, content = _json(files) if files else "", _json(dict(one.content)) if one.content else ""
    reply_to = "null" if one.reply_to is None else quoted(one.reply_to)
    return Body(
        f'{{"attachments":{attachments or "[]"},"author":{quoted(one.author_id)},"content":{content or "{}"},'
        f'"created":"{jcs.timestamp(one.created_at)}","kind":"{one.kind.value}",'
        f'"reply_to":{reply_to},"text":{quoted(one.text)},"url":{quoted(one.url)}}}'.encode(),
        _held(attachments, one.author_id, content, one.reply_to, one.url),
    )


def _held(attachments: str, author: str, content: str, reply_to: str | None, url: str) -> str:
    """What the index keeps of a body, as canonical JSON; what is empty is left out."""
    parts = [f'"attachments":{attachments}'] if attachments else []
    if author:
        parts.append(f'"author":{quoted(author)}')
    if content:
        parts.append(f'"content":{content}')
    if reply_to is not None:
        parts.append(f'"reply_to":{quoted(reply_to)}')
    parts.append(f'"url":{quoted(url)}')
    return f"{{{','.join(parts)}}}"


def _made(line: dict[str, Any]) -> Line:
    values = line | {"at": instants.parsed(line["at"])}
    return Line(line["t"], line["account"], line.get("id", ""), values, jcs.encode(line))


def _between(text: str, start: str, end: str) -> str:
    """What a line holds between two marks. Within a text a quotation mark has a backslash before it, and what
    stands before the first mark and after the last holds no object in an object, so the marks are our own keys."""
    return text[text.index(start) + len(start) : text.rindex(end)]


def _counts(counts: Mapping[str, int]) -> str:
    if not "".join(counts).isascii():
        return _json(dict(counts))
    return "{" + ",".join([f"{quoted(name)}:{counts[name]}" for name in sorted(counts)]) + "}"


def _json(value: object) -> str:
    return jcs.encode(value).decode()


def _without_nul(value: str) -> str:
    """A text as PostgreSQL can hold it, which has no NUL; the line keeps what was written."""
    return value.replace("\0", "\ufffd") if "\0" in value else value


def _name(value: str) -> str:
    if value.isascii() and value.isprintable():
        return value
    return "".join(each if each.isprintable() else "\ufffd" for each in _text(value))


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
