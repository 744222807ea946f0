"""What X makes of a text: links become t.co, `&<>` become entities, mentions and tags are found.

Entity positions count code points of the escaped text, as in X's own answers.
"""

from __future__ import annotations

import hashlib
import html
import re
from typing import Any
from urllib.parse import urlsplit

from socialguard.sandbox.state import Account, Post, World
from socialguard.sandbox.x_length import find_links

_MENTION = re.compile(r"(?<![\w@/])[@＠]([A-Za-z0-9_]{1,15})(?![A-Za-z0-9_@])")
_HASHTAG = re.compile(r"(?<![\w&#])[#＃](\w*[^\W\d_]\w*)")
_CASHTAG = re.compile(r"(?<![\w$])\$([A-Za-z]{1,6}(?:[._][A-Za-z]{1,2})?)(?![\w$])")
_TCO_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
DISPLAY_LENGTH = 26


def make_post(
    world: World, account: Account, text: str, moment: float, media_ids: list[str] | None = None
) -> Post:
    """Return the post that X makes of `text`; the caller puts it into the world."""
    post_id = world.new_id(moment)
    shown, urls = shorten_links(text.strip(), post_id)
    for number, media_id in enumerate(media_ids or []):
        if number == 0:
            shown = f"{shown} " if shown else shown
            start, short = len(shown), short_url(f"{post_id}/photo")
            shown += short
        urls.append(
            {
                "start": start,
                "end": start + len(short),
                "url": short,
                "expanded_url": f"https://x.com/{account.handle}/status/{post_id}/photo/1",
                "display_url": f"pic.x.com/{short.rpartition('/')[2]}",
                "media_key": f"3_{media_id}",
            }
        )
    names = [match[1] for match in _MENTION.finditer(text)]
    mentioned = [found.user_id for name in names if (found := world.account("x", name))]
    return Post(
        network="x",
        post_id=post_id,
        user_id=account.user_id,
        text=text,
        shown=shown,
        created_at=moment,
        via="",
        media_ids=list(media_ids or []),
        urls=urls,
        mentioned_ids=mentioned,
        conversation_id=post_id,
        edit_history=[post_id],
        metrics=dict.fromkeys(
            (
                "retweet_count",
                "reply_count",
                "like_count",
                "quote_count",
                "bookmark_count",
                "impression_count",
            ),
            0,
        ),
    )


def make_version(world: World, account: Account, post: Post, text: str, moment: float) -> Post:
    """Put an edit of `post` into the world and return it: X gives each version an id of its own."""
    version = make_post(world, account, text, moment, post.media_ids)
    version.metrics, version.via, version.created_by_app = dict(post.metrics), post.via, post.created_by_app
    version.reply_to, version.conversation_id = post.reply_to, post.conversation_id
    version.mentioned_ids = version.mentioned_ids or list(post.mentioned_ids)
    version.edit_history = [*post.edit_history, version.post_id]
    world.keep(version)
    for older in version.edit_history[:-1]:
        world.posts[older].edit_history = list(version.edit_history)
        world.posts[older].edited_at = moment
    return version


def shorten_links(text: str, post_id: str) -> tuple[str, list[dict[str, Any]]]:
    """Return the escaped text with t.co links, and the link entities."""
    shown, position = "", 0
    entities: list[dict[str, Any]] = []
    for link in find_links(text):
        shown += escape(text[position : link.start])
        full = link.url if "://" in link.url[:8] else f"http://{link.url}"
        # a t.co link stays the same link: X does not shorten its own again
        short = link.url if full.startswith("https://t.co/") else short_url(f"{post_id}/{len(entities)}")
        entities.append(
            {
                "start": len(shown),
                "end": len(shown) + len(short),
                "url": short,
                "expanded_url": full,
                "display_url": display_url(full),
            }
        )
        shown += short
        position = link.end
    return shown + escape(text[position:]), entities


def escape(text: str) -> str:
    """Return the text as X answers it: `&`, `<` and `>` as HTML entities, quotes as they are."""
    return html.escape(text, quote=False)


def short_url(key: str) -> str:
    """Return the t.co link of `key`, always the same one."""
    digest = hashlib.sha256(key.encode()).digest()
    return "https://t.co/" + "".join(_TCO_LETTERS[byte % len(_TCO_LETTERS)] for byte in digest[:10])


def display_url(url: str) -> str:
    """Return a link as X shows it to readers: without scheme and www, shortened."""
    parts = urlsplit(url)
    text = parts.netloc.removeprefix("www.") + url.partition(parts.netloc)[2].rstrip("/")
    return text if len(text) <= DISPLAY_LENGTH else text[:DISPLAY_LENGTH] + "…"


def count_cashtags(text: str) -> int:
    """Return how many different cashtags a text has."""
    return len({match[1].upper() for match in _CASHTAG.finditer(text)})


def entities_of(world: World, post: Post) -> dict[str, Any]:
    """Return the `entities` of a post; kinds that it has none of are left out."""
    found: dict[str, Any] = {"urls": post.urls, "mentions": [], "hashtags": [], "cashtags": []}
    for match in _MENTION.finditer(post.shown):
        mention: dict[str, Any] = {"start": match.start(), "end": match.end(), "username": match[1]}
        if account := world.account("x", match[1]):
            mention["id"] = account.user_id
        found["mentions"].append(mention)
    for name, pattern in (("hashtags", _HASHTAG), ("cashtags", _CASHTAG)):
        for match in pattern.finditer(post.shown):
            found[name].append({"start": match.start(), "end": match.end(), "tag": match[1]})
    return {name: values for name, values in found.items() if values}
