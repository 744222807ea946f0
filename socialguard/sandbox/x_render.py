"""Posts, users and media in the shapes of X's API description: only the fields that were asked for."""

from __future__ import annotations

from typing import Any

from socialguard.sandbox.clock import iso_milliseconds
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.served import address
from socialguard.sandbox.state import Account, Media, Post, World
from socialguard.sandbox.words import words
from socialguard.sandbox.x_errors import invalid
from socialguard.sandbox.x_length import POST_LIMIT, weighted_length
from socialguard.sandbox.x_text import entities_of

TWEET_FIELDS = words(
    "article attachments author_id card_uri community_id context_annotations conversation_id created_at "
    "display_text_range edit_controls edit_history_tweet_ids entities geo id in_reply_to_user_id lang "
    "matched_media_notes media_metadata non_public_metrics note_request_suggestions note_tweet "
    "organic_metrics paid_partnership made_with_ai possibly_sensitive promoted_metrics public_metrics "
    "referenced_tweets reply_settings scopes source suggested_source_links "
    "suggested_source_links_with_counts text withheld"
)
USER_FIELDS = words(
    "affiliation confirmed_email connection_status created_at description entities id "
    "is_identity_verified location most_recent_tweet_id name parody pinned_tweet_id profile_banner_url "
    "profile_image_url protected public_metrics receives_your_dm subscription subscription_type url "
    "username verified verified_followers_count verified_type withheld"
)
EDIT_SECONDS = 3600
PRIVATE_METRICS_SECONDS = 30 * 86400
PRIVATE_FIELDS = words("non_public_metrics organic_metrics promoted_metrics")


def asked_fields(call: Call, parameter: str, known: frozenset[str]) -> set[str]:
    """Return the fields that the request asks for; Refused (400) for one that X does not know."""
    names = call.query.get(f"{parameter}.fields") or call.query.get(f"{parameter.replace('tweet', 'post')}.fields")
    fields = {name.strip() for name in (names or "").split(",") if name.strip()}
    for name in sorted(fields - known):
        raise invalid(
            f"The `{parameter}.fields` query parameter value [{name}] is not one of [{','.join(sorted(known))}]",
            **{f"{parameter}.fields": names},
        )
    return fields


def render_user(world: World, account: Account, fields: set[str]) -> dict[str, Any]:
    """Return a user object."""
    everything: dict[str, Any] = {
        "created_at": iso_milliseconds(account.created_at),
        "description": account.description,
        "protected": account.protected,
        "verified": account.subscriber,
        "verified_type": "blue" if account.subscriber else "none",
        "profile_image_url": "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png",
        "url": "",
    }
    user: dict[str, Any] = {"id": account.user_id, "name": account.display_name, "username": account.handle}
    user.update({name: value for name, value in everything.items() if name in fields})
    if "public_metrics" in fields:
        user["public_metrics"] = {
            "followers_count": account.followers_count,
            "following_count": 0,
            # counting is slow where there are many: only if it is asked for
            "tweet_count": sum(map(world.visible, world.posts_of("x", account.user_id))),
            "listed_count": 0,
        }
    return user


def render_post(world: World, post: Post, fields: set[str], viewer: Account | None) -> dict[str, Any]:
    """Return a post object for a viewer; private metrics only of the viewer's own posts of the last 30 days."""
    text = visible_text(post)
    body: dict[str, Any] = {"id": post.post_id, "text": text, "edit_history_tweet_ids": post.edit_history}
    everything: dict[str, Any] = {
        "author_id": post.user_id,
        "created_at": iso_milliseconds(post.created_at),
        "conversation_id": post.conversation_id,
        "lang": "en",
        "possibly_sensitive": False,
        "reply_settings": "everyone",
        "source": post.via,
        "public_metrics": dict(world.metrics_of(post)),
        "display_text_range": [0, len(text)],
        "edit_controls": {
            "edits_remaining": 5,
            "is_edit_eligible": not post.reply_to,
            "editable_until": iso_milliseconds(post.created_at + EDIT_SECONDS),
        },
    }
    if entities := entities_of(world, post):
        everything["entities"] = entities
    if post.media_ids:
        keys = [media_key(world.media[name]) if name in world.media else f"3_{name}" for name in post.media_ids]
        everything["attachments"] = {"media_keys": keys}
    if references := _references(post):
        everything["referenced_tweets"] = references
    if post.reply_to and (parent := world.posts.get(post.reply_to)):
        everything["in_reply_to_user_id"] = parent.user_id
    if text != post.shown:
        everything["note_tweet"] = {"text": post.shown}
    everything.update(_private_metrics(world, post, viewer))
    body.update({name: value for name, value in everything.items() if name in fields})
    return body


def visible_text(post: Post) -> str:
    """Return the `text` of a post; a long one is cut, and whole only in `note_tweet`."""
    if len(post.text) <= POST_LIMIT // 2 or weighted_length(post.text) <= POST_LIMIT:
        return post.shown
    return post.shown[: POST_LIMIT - 1] + "…"


def _references(post: Post) -> list[dict[str, str]]:
    references = [{"type": "replied_to", "id": post.reply_to}] if post.reply_to else []
    return references + ([{"type": "quoted", "id": post.quote_of}] if post.quote_of else [])


def shows_private(world: World, post: Post, viewer: Account | None) -> bool:
    """Tell whether a viewer may see a post's private metrics: its author, for 30 days."""
    is_recent = world.clock.now() - post.created_at <= PRIVATE_METRICS_SECONDS
    return viewer is not None and viewer.user_id == post.user_id and is_recent


def may_answer(call: Call, post: Post, fields: set[str]) -> bool:
    """Tell whether X answers with the post: where private metrics are asked for, it leaves out all that have none
    to show to whoever asks."""
    return not fields & PRIVATE_FIELDS or shows_private(call.world, post, call.account)


def _private_metrics(world: World, post: Post, viewer: Account | None) -> dict[str, Any]:
    if not shows_private(world, post, viewer):
        return {}
    metrics = world.metrics_of(post)
    seen = metrics.get("impression_count", 0)
    private = {"impression_count": seen, "url_link_clicks": 0, "user_profile_clicks": 0, "engagements": 0}
    organic = {name: metrics.get(name, 0) for name in ("retweet_count", "reply_count", "like_count")}
    return {"non_public_metrics": private, "organic_metrics": {**organic, **private}}


def render_media(call: Call, media: Media) -> dict[str, Any]:
    """Return a photo or video object with every field; only a photo has an address of its own."""
    found: dict[str, Any] = {"media_key": media_key(media), "width": media.width, "height": media.height}
    if media.alt_text:
        found["alt_text"] = media.alt_text
    if not media.mime.startswith("video/"):
        return {**found, "type": "photo", "url": address(call, media)}
    variants = [
        {"content_type": "application/x-mpegURL", "url": f"{address(call, media)}.m3u8"},
        {"bit_rate": 832_000, "content_type": "video/mp4", "url": address(call, media)},
    ]
    return {**found, "type": "video", "duration_ms": 1000, "variants": variants}


def media_key(media: Media) -> str:
    """Return X's key of a file: its kind and its id."""
    return f"{7 if media.mime.startswith('video/') else 3}_{media.media_id}"


def render_includes(call: Call, posts: list[Post]) -> dict[str, Any]:
    """Return `includes` for the expansions that the request asks for; kinds without an object are left out."""
    wanted = {name.strip() for name in call.query.get("expansions", "").split(",")}
    world, includes = call.world, {}
    if "author_id" in wanted:
        fields = asked_fields(call, "user", USER_FIELDS)
        ids = dict.fromkeys(post.user_id for post in posts)
        includes["users"] = [render_user(world, a, fields) for i in ids if (a := world.person("x", i))]
    if "attachments.media_keys" in wanted:
        fields = {name.strip() for name in call.query.get("media.fields", "").split(",")} | {
            "media_key",
            "type",
        }
        found = [world.media[m] for post in posts for m in post.media_ids if m in world.media]
        includes["media"] = [
            {name: value for name, value in render_media(call, media).items() if name in fields} for media in found
        ]
    if "referenced_tweets.id" in wanted:
        fields = asked_fields(call, "tweet", TWEET_FIELDS)
        ids = dict.fromkeys(reference["id"] for post in posts for reference in _references(post))
        alive = [world.posts[i] for i in ids if i in world.posts and world.posts[i].deleted_at is None]
        includes["tweets"] = [render_post(world, post, fields, call.account) for post in alive]
    return {name: values for name, values in includes.items() if values}


NEW_NAMES = {
    "tweets": "posts",
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "retweet_count": "repost_count",
    "tweet_count": "post_count",
    "note_tweet": "note_post",
}


def with_new_names(value: Any) -> Any:
    """Return the answer with the names of API description 2.167, which calls a tweet a post."""
    if isinstance(value, dict):
        return {NEW_NAMES.get(name, name): with_new_names(inner) for name, inner in value.items()}
    return [with_new_names(inner) for inner in value] if isinstance(value, list) else value
