"""What X tells of a post as an `Item` of the archive. Import it inside functions only (pydantic).

The content is X's own object under the names of API 2.166, whichever X answers with: a rename on its side is no
new version of a post. What changes by itself is not part of it (metrics, the author's name)."""

from collections.abc import Mapping
from datetime import UTC
from typing import Final

from socialguard.model.activity import Attachment, Item, Kind
from socialguard.networks import x_text
from socialguard.networks.plain import TooDeep, plain, plain_text
from socialguard.networks.x_replies import Activity, Counts, ItemReply, Media, Unusable, User

SITE: Final = "https://x.com"
_OLD_NAMES: Final = {
    "edit_history_post_ids": "edit_history_tweet_ids",
    "note_post": "note_tweet",
    "referenced_posts": "referenced_tweets",
}
_OLD_METRICS: Final = {"repost_count": "retweet_count", "post_count": "tweet_count"}
# Fields of `Item` itself, and what is measured.
_ELSEWHERE: Final = frozenset({"id", "author_id", "created_at", "text"})


def items(page: Activity, rows: list[Mapping[str, object]], user_id: str, handle: str) -> list[Item]:
    """Return the items of a page; `rows` are the same posts as X wrote them, `user_id` and `handle` the account's.

    Raises Unusable."""
    users = {user.id: user for user in page.includes.users}
    media = {found.media_key: found for found in page.includes.media}
    return [_item(post, row, users, media, user_id, handle) for post, row in zip(page.data, rows, strict=True)]


def flat(counts: Counts, prefix: str = "") -> dict[str, int]:
    """Return metrics under the names of API 2.166, without those that X names but does not tell."""
    return {
        prefix + _OLD_METRICS.get(plain_text(name), plain_text(name)): count
        for name, count in counts.items()
        if count is not None
    }


def content_of(row: Mapping[str, object], *, without: frozenset[str]) -> dict[str, object]:
    """Return an object of X as plain JSON under the old names, without metrics and the fields of `without`.

    Raises Unusable."""
    try:
        return {
            plain_text(_OLD_NAMES.get(name, name)): plain(value)
            for name, value in row.items()
            if name not in without and not name.endswith("_metrics")
        }
    except TooDeep:
        raise Unusable("nested too deep") from None


def _item(
    post: ItemReply,
    row: Mapping[str, object],
    users: Mapping[str, User],
    media: Mapping[str, Media],
    user_id: str,
    handle: str,
) -> Item:
    own = post.author_id == user_id
    author = users.get(post.author_id)
    name = handle if own else author.username if author else ""
    text = x_text.restored(post.whole_text, post.links)
    content = content_of(row, without=_ELSEWHERE)
    if text != post.text:
        # Where entities stand counts in the text as X wrote it.
        content["text"] = plain_text(post.text)
    attached = [media[key] for key in post.attachments.media_keys if key in media]
    return Item(
        network_id=post.id,
        kind=_kind(post, own=own),
        own=own,
        author_id=post.author_id,
        author_name=plain_text(name),
        text=plain_text(text),
        created_at=post.created_at.astimezone(UTC),
        url=f"{SITE}/{plain_text(name) or 'i'}/status/{post.id}",
        reply_to=post.refers("replied_to"),
        attachments=tuple(
            Attachment(plain_text(one.media_key), plain_text(one.type), one.address, plain_text(one.alt_text))
            for one in attached
        ),
        content=content,
        metrics=flat(post.public_metrics),
    )


def _kind(post: ItemReply, *, own: bool) -> Kind:
    if post.refers("retweeted"):
        return Kind.REPOST
    if not own:
        return Kind.MENTION
    return Kind.REPLY if post.refers("replied_to") else Kind.POST
