"""A profile against the one before: name, text, link, picture. What a network counts (followers, posts) is no
change.

A picture is known by the address that the network gives it, without what signs that address."""

import hashlib
import json
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from socialguard.archive import watching
from socialguard.watch import baseline, sightings, telling
from socialguard.watch.interface import Desk, Outcome, Seen, Severity, Sighting

_KIND: Final = "profile"
_CONTENT: Final[Mapping[str, tuple[str, ...]]] = {
    "text": ("description", "about", "bio"),
    "link": ("url", "website", "entities"),
    "picture": ("profile_image_url", "picture"),
    "banner": ("profile_banner_url", "cover"),
    "place": ("location",),
    "protection": ("protected",),
}
_GRAVE: Final = frozenset({"handle", "link"})


def examine(desk: Desk, outcome: Outcome) -> None:
    """Hold the newest profile in the archive against the one that was seen before, and keep it as the usual
    one."""
    account, kind = outcome.account, desk.kind(outcome.account.id, _KIND)
    with desk.archive().database.read() as connection:
        seen = watching.newest_profile(connection, account.id)
    if seen is None:
        return
    now = facts(seen.content)
    text = json.dumps(now, sort_keys=True)
    with desk.database.read() as connection:
        if baseline.read(connection, account.id, kind) == text:
            return
    with desk.database.write() as connection:
        kept = baseline.read(connection, account.id, kind)
        before = None if kept is None else baseline.parsed(kept, dict)
        baseline.write(connection, account.id, kind, text)
        if before is None:
            return
        changed = sorted(name for name in now.keys() | before.keys() if now.get(name) != before.get(name))
        if not changed:
            return
        grave = _GRAVE & set(changed)
        stamp = hashlib.sha256(f"{seen.taken_at.isoformat()}{seen.evidence}".encode()).hexdigest()
        found = Sighting(
            Seen.PROFILE,
            stamp,
            Severity.CRITICAL if grave else Severity.WARN,
            seen.taken_at,
            seen.evidence,
            what=", ".join(changed),
        )
        if stamp in sightings.known(connection, account.id, [Seen.PROFILE]):
            return
        sightings.keep(connection, account.id, [found])
        telling.tell(connection, desk, account, [found])
    outcome.sightings.append(found)


def facts(profile: Mapping[str, object]) -> dict[str, str]:
    """Return what of a profile a person chose, by name."""
    content = profile.get("content")
    told = content if isinstance(content, Mapping) else {}
    found = {"name": str(profile.get("display_name", "")), "handle": str(profile.get("handle", "")).casefold()}
    for name, keys in _CONTENT.items():
        values = [_plain(told[key]) for key in keys if told.get(key) not in (None, "", {})]
        if values:
            found[name] = "\n".join(values)
    return found


def _plain(value: object) -> str:
    if isinstance(value, str):
        parts = urlsplit(value) if value.startswith(("https://", "http://")) else None
        return value if parts is None else f"{parts.scheme}://{parts.netloc}{parts.path}"
    if isinstance(value, Mapping):
        return json.dumps({str(key): _plain(each) for key, each in value.items()}, sort_keys=True)
    if isinstance(value, list):
        return json.dumps([_plain(each) for each in value])
    return json.dumps(value)
