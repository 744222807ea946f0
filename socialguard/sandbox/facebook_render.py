"""Pages, posts, photos and comments in Graph's shapes: only the fields that were asked for."""

from __future__ import annotations

from typing import Any

from socialguard.sandbox.clock import graph_time
from socialguard.sandbox.facebook_comments import comment_page
from socialguard.sandbox.facebook_errors import missing_permission
from socialguard.sandbox.facebook_fields import Field, field_list, pick
from socialguard.sandbox.facebook_insights import insight_rows
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.served import address
from socialguard.sandbox.state import Account, Media, Post, World


def render_page(world: World, page: Account, fields: list[str]) -> dict[str, Any]:
    """Return a Page."""
    everything = {
        "id": page.user_id,
        "name": page.display_name,
        "username": page.handle,
        "link": f"https://www.facebook.com/{page.handle}",
        "fan_count": page.followers_count,
        "followers_count": page.followers_count,
        "about": page.description or None,
        "category": "Company",
        "is_published": not page.protected,
        "verification_status": "not_verified",
        "picture": {"data": {"url": f"https://graph.facebook.com/{page.user_id}/picture", "is_silhouette": False}},
        "website": None,
        "has_transitioned_to_new_page_experience": True,
    }
    return pick(everything, fields, "Page")


def render_post(call: Call, post: Post, fields: list[str]) -> dict[str, Any]:
    """Return a post of a Page, or of a visitor on it."""
    world = call.world
    author = world.person("facebook", post.user_id)
    app = world.app("facebook", post.created_by_app)
    metrics = world.metrics_of(post)
    number = post.post_id.partition("_")[2]
    pictures = [world.media[media_id] for media_id in post.media_ids if media_id in world.media]
    everything: dict[str, Any] = {
        "id": post.post_id,
        "message": post.text or None,
        "created_time": graph_time(post.created_at),
        "updated_time": graph_time(post.edited_at or post.created_at),
        "is_published": post.published,
        "is_hidden": False,
        "is_expired": False,
        "permalink_url": f"https://www.facebook.com/{post.user_id}/posts/{number}",
        "from": {"name": author.display_name, "id": author.user_id} if author else None,
        "status_type": "added_photos" if pictures else "shared_story" if post.link else "mobile_status_update",
        "story": None,
        "parent_id": None,
        "message_tags": None,
        "place": None,
        "scheduled_publish_time": int(post.scheduled_at) if post.scheduled_at else None,
        "application": {"name": app.name, "id": app.app_id} if app else None,
        "full_picture": picture_url(call, pictures[0]) if pictures else None,
        "attachments": _attachments(call, post, pictures),
        "shares": {"count": metrics["shares"]} if metrics.get("shares") else None,
        "reactions": {
            "data": [],
            "summary": {"total_count": metrics.get("reactions", 0), "viewer_reaction": "NONE"},
        },
        "likes": {"data": [], "summary": {"total_count": metrics.get("likes", 0)}},
    }
    nested = {field.name: field for field in field_list(call)}
    everything["comments"] = _comments(call, post, nested["comments"]) if "comments" in nested else None
    everything["insights"] = _insights(call, post, nested["insights"]) if "insights" in nested else None
    return pick(everything, fields, "Post")


def _comments(call: Call, post: Post, field: Field) -> dict[str, Any]:
    fields = [inner.name for inner in field.fields] or ["created_time", "from", "message"]
    return comment_page(call, post, field.asked, fields)


def _insights(call: Call, post: Post, field: Field) -> dict[str, Any]:
    if call.token is None or "read_insights" not in call.token.scopes:
        raise missing_permission("read_insights")
    return {"data": insight_rows(call, post, field.asked.get("metric")), "paging": {}}


def _attachments(call: Call, post: Post, pictures: list[Media]) -> dict[str, Any] | None:
    if pictures:
        parts = [
            {
                "media": {
                    "image": {"src": picture_url(call, picture), "width": picture.width, "height": picture.height}
                },
                "media_type": "photo",
                "type": "photo",
                "target": {
                    "id": picture.media_id,
                    "url": f"https://www.facebook.com/photo.php?fbid={picture.media_id}",
                },
                "description": picture.alt_text,
            }
            for picture in pictures
        ]
        if len(parts) == 1:
            return {"data": parts}
        return {"data": [{"media_type": "album", "type": "album", "subattachments": {"data": parts}}]}
    if post.link:
        return {"data": [{"media_type": "link", "type": "share", "url": post.link, "unshimmed_url": post.link}]}
    return None


def picture_url(call: Call, picture: Media) -> str:
    """Return where the picture is served. As Facebook's, the address has a signature that is another one each
    day."""
    return f"{address(call, picture)}?oh={picture.sha256[:16]}&oe={int(call.now // 86_400):X}"


def render_photo(call: Call, photo: Media, fields: list[str]) -> dict[str, Any]:
    """Return an uploaded photo."""
    everything = {
        "id": photo.media_id,
        "created_time": graph_time(photo.created_at),
        "alt_text": photo.alt_text or None,
        "alt_text_custom": photo.alt_text or None,
        "name": None,
        "width": photo.width,
        "height": photo.height,
        "link": f"https://www.facebook.com/photo.php?fbid={photo.media_id}",
        "images": [{"source": picture_url(call, photo), "width": photo.width, "height": photo.height}],
        "page_story_id": photo.attached_to or None,
    }
    return pick(everything, fields, "Photo")
