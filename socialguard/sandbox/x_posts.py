"""Create, delete and look up posts on X."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from socialguard.sandbox.costs import charge
from socialguard.sandbox.gateway import Call, Refused
from socialguard.sandbox.state import Account, Post
from socialguard.sandbox.words import words
from socialguard.sandbox.x_answers import answer
from socialguard.sandbox.x_errors import field_denied, forbidden, invalid, not_found
from socialguard.sandbox.x_length import LONG_POST_LIMIT, POST_LIMIT, find_links, weighted_length
from socialguard.sandbox.x_render import (
    EDIT_SECONDS,
    PRIVATE_FIELDS,
    TWEET_FIELDS,
    asked_fields,
    may_answer,
    render_includes,
    render_post,
    visible_text,
)
from socialguard.sandbox.x_text import count_cashtags, make_post, make_version

DUPLICATE = "You are not allowed to create a Tweet with duplicate content."
NOT_PERMITTED = "You are not permitted to perform this action."
REPLY_TO_NOTHING = "You attempted to reply to a Tweet that is deleted or not visible to you."
NOT_SUMMONED = (
    "Reply to this conversation is not allowed because you have not been mentioned or otherwise engaged by the "
    "author of the post you are replying to."
)
CREATE_KEYS = words(
    "card_uri community_id direct_message_deep_link edit_options for_super_followers_only geo "
    "made_with_ai media nullcast paid_partnership poll quote_tweet_id reply reply_settings "
    "share_with_followers text"
)
# how far back X looks for the same text
DUPLICATE_POSTS = 200
DUPLICATE_SECONDS = 86_400
MAX_LOOKUP = 100
MAX_EDITS = 5


def create_post(call: Call) -> Response:
    """POST /2/tweets."""
    document = call.document
    if not isinstance(document, dict):
        raise invalid("Requests with bodies must have content-type of application/json.")
    for name in sorted(set(document) - CREATE_KEYS):
        raise invalid(
            f"$.{name}: is not defined in the schema and the schema does not allow additional properties"
        )
    text = document.get("text", "")
    media_ids = _media_ids(call, document)
    if not isinstance(text, str) or (not text.strip() and not media_ids):
        raise invalid("Text or media must be given.", text=text)
    author = call.caller
    _check_length(author, text)
    if count_cashtags(text) > 1:
        raise forbidden("Your post has more than one cashtag.")
    parent, quote = _reply_to(call, document), _quote_of(call, document)
    previous = _previous_version(call, document)
    if call.world.settings.refuse_duplicates:
        _check_duplicate(call, text, parent, media_ids)
    if previous is not None:
        post = make_version(call.world, author, previous, text, call.now)
    else:
        post = make_post(call.world, author, text, call.now, media_ids)
        call.world.keep(post)
        _join(call, post, parent, quote)
    charge(call.world, author.user_id, "post_with_url" if find_links(text) else "post", 1)
    data = {"id": post.post_id, "text": visible_text(post), "edit_history_tweet_ids": post.edit_history}
    return answer(call, {"data": data}, 201)


def _join(call: Call, post: Post, parent: Post | None, quote: str) -> None:
    post.visible_at = call.now + call.hidden_for if call.hidden_for else 0.0
    if call.app:
        post.via, post.created_by_app = call.app.name, call.app.app_id
    if parent:
        post.reply_to, post.conversation_id = parent.post_id, parent.conversation_id
        parent.metrics["reply_count"] = parent.metrics.get("reply_count", 0) + 1
    if quote:
        post.quote_of = quote
        metrics = call.world.posts[quote].metrics
        metrics["quote_count"] = metrics.get("quote_count", 0) + 1
    for media_id in post.media_ids:
        call.world.media[media_id].attached_to = post.post_id


def _previous_version(call: Call, document: dict[str, Any]) -> Post | None:
    options = document.get("edit_options")
    if options is None:
        return None
    previous = call.world.posts.get(str(options.get("previous_post_id"))) if isinstance(options, dict) else None
    author = call.caller
    is_own = previous is not None and previous.deleted_at is None and previous.user_id == author.user_id
    if previous is None or not is_own or previous.edit_history[-1] != previous.post_id:
        raise invalid("edit_options.previous_post_id is invalid.")
    first = call.world.posts[previous.edit_history[0]]
    is_late = call.now - first.created_at > EDIT_SECONDS or len(previous.edit_history) > MAX_EDITS
    if not author.subscriber or is_late or previous.reply_to:
        raise forbidden(NOT_PERMITTED)
    return previous


def publish_name(call: Call) -> str:
    """Return the operation of POST /2/tweets: an edit is a post that names its previous version."""
    is_edit = isinstance(call.document, dict) and call.document.get("edit_options") is not None
    return "edit" if is_edit else "publish"


def _check_length(author: Account, text: str) -> None:
    limit = LONG_POST_LIMIT if author.subscriber else POST_LIMIT
    if len(text) > 2 * LONG_POST_LIMIT or weighted_length(text.strip()) > limit:
        raise forbidden(NOT_PERMITTED)


def _media_ids(call: Call, document: dict[str, Any]) -> list[str]:
    media = document.get("media")
    if media is None:
        return []
    ids = media.get("media_ids") if isinstance(media, dict) else None
    if not isinstance(ids, list) or not 1 <= len(ids) <= 4:
        raise invalid("$.media.media_ids: there must be 1 to 4 items in the array")
    for media_id in ids:
        known = call.world.media.get(str(media_id))
        if known is None or known.network != "x" or known.owner_id != call.caller.user_id:
            raise invalid("Your media IDs are invalid.", **{"media.media_ids": ids})
    return [str(media_id) for media_id in ids]


def _reply_to(call: Call, document: dict[str, Any]) -> Post | None:
    reply = document.get("reply")
    if reply is None:
        return None
    post_id = reply.get("in_reply_to_tweet_id") if isinstance(reply, dict) else None
    parent = call.world.posts.get(str(post_id))
    if parent is None or parent.network != "x" or parent.deleted_at is not None:
        raise forbidden(REPLY_TO_NOTHING)
    # since February 2026 an app may answer only where the author mentioned or quoted it
    author = call.caller
    is_summoned = parent.user_id == author.user_id or author.user_id in parent.mentioned_ids
    if call.world.settings.summoned_replies and not is_summoned:
        raise forbidden(NOT_SUMMONED)
    return parent


def _quote_of(call: Call, document: dict[str, Any]) -> str:
    quoted = document.get("quote_tweet_id")
    if quoted is None:
        return ""
    original = call.world.posts.get(str(quoted))
    if original is None or original.network != "x" or original.deleted_at is not None:
        raise invalid("quote_tweet_id is invalid.", quote_tweet_id=quoted)
    return original.post_id


def _check_duplicate(call: Call, text: str, parent: Post | None, media_ids: list[str]) -> None:
    if media_ids:
        return
    wanted, reply_to = text.strip(), parent.post_id if parent else ""
    recent = call.world.posts_of("x", call.caller.user_id)
    for _, post in zip(range(DUPLICATE_POSTS), recent, strict=False):
        is_alive = post.deleted_at is None and call.now - post.created_at < DUPLICATE_SECONDS
        if is_alive and post.text.strip() == wanted and post.reply_to == reply_to and not post.media_ids:
            raise forbidden(DUPLICATE)


def delete_post(call: Call) -> Response:
    """DELETE /2/tweets/:id: any version deletes the whole chain of edits; X says deleted for what is gone."""
    post = call.world.posts.get(_post_id(call))
    if post is None or post.network != "x":
        charge(call.world, call.caller.user_id, "delete", 1)
        return answer(call, {"data": {"deleted": True}})
    if post.user_id != call.caller.user_id:
        raise forbidden("You are not authorized to delete this Tweet.")
    for version in post.edit_history:
        if chained := call.world.posts.get(version):
            chained.deleted_at = chained.deleted_at or call.now
    charge(call.world, call.caller.user_id, "delete", 1)
    return answer(call, {"data": {"deleted": True}})


def get_post(call: Call) -> Response:
    """GET /2/tweets/:id."""
    post_id = _post_id(call)
    found, errors = _look_up(call, [post_id], "id")
    _charge(call, found)
    if not found:
        return answer(call, {"errors": errors})
    fields = asked_fields(call, "tweet", TWEET_FIELDS)
    document: dict[str, Any] = {"data": render_post(call.world, found[0], fields, call.account)}
    if includes := render_includes(call, found):
        document["includes"] = includes
    return answer(call, document)


def get_posts(call: Call) -> Response:
    """GET /2/tweets?ids=: what is found in `data`, the others in `errors`."""
    ids = [name for name in call.query.get("ids", "").split(",") if name]
    if not 1 <= len(ids) <= MAX_LOOKUP or not all(name.isdecimal() for name in ids):
        raise invalid("The `ids` query parameter must hold 1 to 100 post ids", ids=call.query.get("ids", ""))
    found, errors = _look_up(call, ids, "ids")
    _charge(call, found)
    fields = asked_fields(call, "tweet", TWEET_FIELDS)
    document: dict[str, Any] = {}
    if found:
        document["data"] = [render_post(call.world, post, fields, call.account) for post in found]
    if includes := render_includes(call, found):
        document["includes"] = includes
    if errors:
        document["errors"] = errors
    return answer(call, document)


def _charge(call: Call, found: list[Post]) -> None:
    if call.account:
        charge(call.world, call.account.user_id, "posts.read", len(found))


def _look_up(call: Call, ids: list[str], parameter: str) -> tuple[list[Post], list[dict[str, Any]]]:
    found, errors = [], []
    fields = asked_fields(call, "tweet", TWEET_FIELDS)
    for post_id in ids:
        post = call.world.posts.get(post_id)
        if post is None or post.network != "x" or post.deleted_at is not None or not _may_see(call, post):
            errors.append(not_found(post_id, "tweet", parameter))
        elif not may_answer(call, post, fields):
            errors.append(field_denied(post_id, sorted(fields & PRIVATE_FIELDS)[0], parameter))
        else:
            found.append(post)
    return found, errors


def _may_see(call: Call, post: Post) -> bool:
    author = call.world.account("x", post.user_id)
    is_own = call.account is not None and call.account.user_id == post.user_id
    return is_own or not (author and author.protected)


def _post_id(call: Call) -> str:
    post_id = call.params["id"]
    if not post_id.isdecimal() or len(post_id) > 19:
        raise _bad_id(post_id)
    return post_id


def _bad_id(post_id: str) -> Refused:
    return invalid(f"The `id` query parameter value [{post_id}] is not valid", id=post_id)
