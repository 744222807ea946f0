"""What a seed says that was written: posts with media, comments and metrics, and what others wrote to an account.

A post is `{"text", "created_at"?, "metrics"?, "media"?, "reply_to"?, "link"?, "via"?, "comments"?}`. A metric is a
number, or `{"final": n, "half_life": seconds}`: it then rises with the post's age. A file of `media` is
`{"bytes"?, "type"?, "alt_text"?}`: noise of that size, `image/png` unless told. `mentions` (X), `visitors` (posts
on a Page) and the `comments` of a Page's post are posts with a `from`: the name of whoever writes; nobody else
needs to know that name.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from socialguard.sandbox import facebook_text, x_text
from socialguard.sandbox.clock import parse_moment
from socialguard.sandbox.files import made_media
from socialguard.sandbox.state import Account, Post, World

DEFAULT_BYTES = 1_000


def add_posts(world: World, account: Account, entry: Mapping[str, Any]) -> None:
    """Add everything that an account's entry of a seed lists."""
    for post in entry.get("posts", []):
        add_post(world, account, post)
    for mention in entry.get("mentions", []):
        add_mention(world, account, mention)
    for visit in entry.get("visitors", []):
        add_visitor(world, account, visit)


def add_post(world: World, account: Account, entry: Mapping[str, Any], *, foreign: bool = False) -> Post:
    """Add a post that no client sent, and its comments; return it."""
    post = _made(world, account, entry, foreign=foreign)
    world.keep(post)
    for comment in entry.get("comments", []):
        add_comment(world, post, comment, account)
    return post


def add_mention(world: World, account: Account, entry: Mapping[str, Any]) -> Post:
    """Add a post on X that mentions the account, whether its text names it or not."""
    author = _author(world, "x", entry, account)
    post = _made(world, author, entry, foreign=True)
    if account.user_id not in post.mentioned_ids:
        post.mentioned_ids.append(account.user_id)
    world.keep(post)
    return post


def add_visitor(world: World, page: Account, entry: Mapping[str, Any]) -> Post:
    """Add what a visitor wrote on a Page."""
    author = _author(world, "facebook", entry, page)
    post = _made(world, author, entry, foreign=True)
    post.post_id, post.on_page = f"{page.user_id}_{post.post_id.rpartition('_')[2]}", page.user_id
    post.edit_history = [post.post_id]
    world.keep(post)
    return post


def add_comment(world: World, post: Post, entry: Mapping[str, Any], page: Account) -> Post:
    """Add a comment under a Page's post."""
    author = _author(world, "facebook", entry, page)
    comment = facebook_text.make_comment(world, author, post, str(entry["text"]), _moment(world, entry))
    comment.foreign = True
    set_metrics(comment, entry.get("metrics", {}))
    world.keep(comment)
    return comment


def set_metrics(post: Post, metrics: Mapping[str, Any]) -> None:
    """Set metrics: a number stays, `{"final", "half_life"}` grows."""
    for name, value in metrics.items():
        post.growth.pop(str(name), None)
        if isinstance(value, Mapping):
            post.growth[str(name)] = (int(value["final"]), float(value["half_life"]))
        else:
            post.metrics[str(name)] = int(value)


def _made(world: World, author: Account, entry: Mapping[str, Any], *, foreign: bool) -> Post:
    moment = _moment(world, entry)
    media_ids = [_add_media(world, author, file, moment) for file in entry.get("media", [])]
    if author.network == "x":
        post = x_text.make_post(world, author, str(entry["text"]), moment, media_ids)
    else:
        post = facebook_text.make_post(world, author, str(entry["text"]), moment)
        post.media_ids = media_ids
    for media_id in media_ids:
        world.media[media_id].attached_to = post.post_id
    set_metrics(post, entry.get("metrics", {}))
    post.via, post.foreign = str(entry.get("via", "Web")), foreign
    post.reply_to = str(entry.get("reply_to", ""))
    post.link = str(entry.get("link", post.link))
    if post.reply_to and (parent := world.posts.get(post.reply_to)):
        post.conversation_id = parent.conversation_id
    return post


def _add_media(world: World, owner: Account, entry: Mapping[str, Any], moment: float) -> str:
    media_id = world.new_id(moment)
    size, mime = int(entry.get("bytes", DEFAULT_BYTES)), str(entry.get("type", "image/png"))
    world.media[media_id] = made_media(
        owner.network, media_id, owner.user_id, size, moment, mime, str(entry.get("alt_text", ""))
    )
    return media_id


def _author(world: World, network: str, entry: Mapping[str, Any], account: Account) -> Account:
    name = str(entry.get("from", account.handle))
    if name == account.handle:
        return account
    if known := world.account(network, name):
        return known
    # the same name is the same person, in whatever order they come
    user_id = str(10**17 + int.from_bytes(hashlib.sha256(f"{network}:{name}".encode()).digest()[:7], "big"))
    if user_id not in world.strangers:
        handle = "".join(letter for letter in name if letter.isascii() and letter.isalnum())[:15] or "stranger"
        world.strangers[user_id] = Account(network, handle, user_id, name, world.clock.now())
    return world.strangers[user_id]


def _moment(world: World, entry: Mapping[str, Any]) -> float:
    return parse_moment(entry["created_at"]) if entry.get("created_at") else world.clock.now()
