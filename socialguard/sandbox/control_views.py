"""How control shows posts and accounts."""

from __future__ import annotations

from typing import Any

from socialguard.sandbox.clock import iso_milliseconds
from socialguard.sandbox.state import Account, Post, Token, World


def post_view(world: World, post: Post) -> dict[str, Any]:
    """Return everything known of a post; `public` is what a stranger could see."""
    account, app = world.person(post.network, post.user_id), world.app(post.network, post.created_by_app)
    is_live = app is None or app.live
    return {
        "id": post.post_id,
        "network": post.network,
        "account": account.handle if account else "",
        "user_id": post.user_id,
        "text": post.text,
        "shown": post.shown,
        "link": post.link,
        "created_at": iso_milliseconds(post.created_at),
        "edited_at": _moment(post.edited_at),
        "deleted_at": _moment(post.deleted_at),
        "scheduled_at": _moment(post.scheduled_at),
        "deleted": post.deleted_at is not None,
        "published": post.published,
        "visible": world.visible(post),
        "public": world.visible(post) and is_live,
        "foreign": post.foreign,
        "via": post.via,
        "reply_to": post.reply_to,
        "quote_of": post.quote_of,
        "comment_on": post.comment_on,
        "conversation_id": post.conversation_id,
        "metrics": world.metrics_of(post),
        "media": [_media(world, media_id) for media_id in post.media_ids],
    }


def _moment(moment: float | None) -> str | None:
    return None if moment is None else iso_milliseconds(moment)


def _media(world: World, media_id: str) -> dict[str, Any]:
    media = world.media.get(media_id)
    if media is None:
        return {"id": media_id, "gone": True}
    return {
        "id": media_id,
        "sha256": media.sha256,
        "size": media.size,
        "mime": media.mime,
        "alt_text": media.alt_text,
        "width": media.width,
        "height": media.height,
    }


def account_view(world: World, account: Account) -> dict[str, Any]:
    """Return an account with the credentials that work for it now; only control tells them."""
    tokens = [t for t in world.tokens.values() if (t.network, t.user_id) == (account.network, account.user_id)]
    credentials = [credential_view(world, token) for token in tokens if not token.revoked]
    return {
        "network": account.network,
        "handle": account.handle,
        "user_id": account.user_id,
        "display_name": account.display_name,
        "followers_count": account.followers_count,
        "description": account.description,
        "protected": account.protected,
        "subscriber": account.subscriber,
        "owner_id": account.owner_id,
        "owns_app": account.owns_app,
        "credential": credentials[-1] if credentials else None,
        "credentials": credentials,
    }


def credential_view(world: World, token: Token) -> dict[str, Any]:
    """Return a token as the credential document that a seed or an account takes."""
    app = world.app(token.network, token.app_id)
    secret = app.secret if app else ""
    if token.kind == "oauth1":
        keys = {"consumer_key": token.app_id, "consumer_secret": secret}
        return {"kind": "oauth1", **keys, "access_token": token.value, "access_token_secret": token.secret}
    if token.kind == "page":
        return {"kind": "page", "page_token": token.value, "app_id": token.app_id, "app_secret": secret}
    document: dict[str, Any] = {"kind": token.kind, "client_id": token.app_id, "access_token": token.value}
    if secret:
        document["client_secret"] = secret
    if token.refresh_token:
        document["refresh_token"] = token.refresh_token
    if token.expires_at is not None:
        document["expires_at"] = iso_milliseconds(token.expires_at)
    return document
