"""What a person is shown of an account before a post goes there: who it is, what it posted, what will go out."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from socialguard import clock
from socialguard.guard.interface import Candidate, Glance, Shelf
from socialguard.ledger import reader
from socialguard.model.challenge import Target
from socialguard.model.delivery import Content


def target_of(connection: Connection, parts: Sequence[Candidate], shelf: Shelf) -> Target:
    """Return what the card of a challenge shows of one account: its first post, or the parts of its thread."""
    candidate = parts[0]
    account = candidate.account
    seen = shelf.glance(account.id)
    content = candidate.content
    text = _shown(content)
    return Target(
        account=str(account),
        short_name=account.short_name,
        client=account.client,
        display_name=account.display_name,
        followers=account.followers,
        archive_age_s=None if seen is None else max(0, int((clock.now() - seen.read_at).total_seconds())),
        last_posts=_last_posts(connection, account.id, seen),
        text=text,
        length=candidate.length,
        limit=candidate.limit,
        media=tuple((item.file_name, item.modified_at, item.alt) for item in content.media),
        when=candidate.when,
        grace_s=candidate.grace,
        price_micros=sum(part.price for part in parts),
        zone=account.zone,
        part=(content.thread_position or 0) + 1,
        of=content.thread_size or 1,
        following=tuple((_shown(part.content), part.length) for part in parts[1:]),
        reply_to=content.reply_to,
    )


def _last_posts(connection: Connection, account_id: str, seen: Glance | None) -> tuple[tuple[str, datetime], ...]:
    """The last two posts: what the archive holds, and what we sent since; an archive is as old as it says."""
    ours = reader.published(connection, account_id, limit=2)
    found = {post.network_id: (post.text, post.published_at) for post in ours}
    for network_id, text, at in seen.posts if seen is not None else ():
        found[network_id] = (text, at)
    return tuple(sorted(found.values(), key=lambda post: post[1], reverse=True)[:2])


def _shown(content: Content) -> str:
    return content.text if content.link is None else f"{content.text} {content.link}".strip()
