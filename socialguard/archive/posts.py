"""An account's own posts, as whoever learns from them needs them: what they said, when, and with what."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, exists, outerjoin, select

from socialguard.archive import instants
from socialguard.model.activity import Kind
from socialguard.store.archive_tables import VERSIONS, attachment, item, tombstone, version

_WRITTEN: Final = (Kind.POST.value, Kind.REPLY.value)


@dataclass(frozen=True, slots=True)
class OwnPost:
    """One post that the account wrote itself. `link` is what it links to beside its text, as the network told."""

    network_id: str
    text: str
    created_at: datetime
    link: str | None
    media: bool


def own_posts(connection: Connection, account_id: str, limit: int) -> tuple[OwnPost, ...]:
    """Return the newest own posts with a text that are not known to be deleted, oldest of them first."""
    source = outerjoin(
        item.join(version, version.c.id == item.c.id * VERSIONS + item.c.versions),
        tombstone,
        tombstone.c.item_id == item.c.id,
    )
    has_media = exists().where(attachment.c.item_id == item.c.id)
    query = (
        select(item.c.network_id, item.c.created_at, version.c.text, version.c.content, has_media.label("media"))
        .select_from(source)
        .where(
            item.c.account_id == account_id,
            item.c.own.is_(True),
            item.c.kind.in_(_WRITTEN),
            tombstone.c.item_id.is_(None),
            version.c.text != "",
        )
        .order_by(item.c.created_at.desc(), item.c.id.desc())
        .limit(limit)
    )
    return tuple(
        OwnPost(
            row.network_id,
            row.text,
            instants.moment(row.created_at),
            _link(json.loads(row.content)),
            bool(row.media),
        )
        for row in reversed(connection.execute(query).all())
    )


def _link(content: object) -> str | None:
    """The first address that the network told as what the post links to."""
    if isinstance(content, dict):
        found = content.get("unshimmed_url")
        if isinstance(found, str):
            return found
        content = list(content.values())
    for part in content if isinstance(content, list) else ():
        found = _link(part)
        if found is not None:
            return found
    return None
