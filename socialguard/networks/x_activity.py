"""Read an X account's activity: pages of posts and mentions, and metrics. Import it inside functions only.

A page goes on below the oldest id of the one before it (`until_id`): unlike X's pagination tokens an id is good
for ever, and posts made meanwhile do not shift it. X answers fewer posts than asked for, or none, in the midst of
a list: the end is where it gives no `next_token`. Behind an empty page only the token leads on; if X no longer
takes it, the same stretch is asked for again.

X shows the newest 3,200 posts or 800 mentions and ends without a word. So `next` counts what was seen since the
top: a list that ends near there ended because of it, unless the account says that it has no more posts than that.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from socialguard import clock, errors
from socialguard.model.activity import ActivityPage, Mark, Stream
from socialguard.networks.interface import Reading
from socialguard.networks.x_calls import NOT_FOUND, Answer, Calls
from socialguard.networks.x_items import flat, items
from socialguard.networks.x_replies import Activity, Measured, Measures

if TYPE_CHECKING:
    import tweepy

_POST_FIELDS: Final = (
    "attachments,author_id,community_id,conversation_id,created_at,display_text_range,"
    "edit_history_tweet_ids,entities,geo,in_reply_to_user_id,lang,note_tweet,paid_partnership,possibly_sensitive,"
    "public_metrics,referenced_tweets,reply_settings,source,text,withheld"
)
_MEDIA_FIELDS: Final = "alt_text,duration_ms,height,media_key,preview_image_url,type,url,variants,width"
_EXPANSIONS: Final = {Stream.POSTS: "attachments.media_keys", Stream.MENTIONS: "attachments.media_keys,author_id"}
# X tells private metrics for 30 days, by its clock, and leaves out older posts where they are asked for.
_PRIVATE: Final = timedelta(days=30) - timedelta(hours=1)
# Ids since November 2010 hold their time: milliseconds since then in all but the lowest 22 bits.
_SNOWFLAKE_EPOCH_MS: Final = 1_288_834_974_657
_NEAR: Final = 0.9
_AT: Final = re.compile(r"([0-9]{0,19})\.([0-9]{1,9})\.([0-9]{0,12})\.([A-Za-z0-9_-]{0,1000})")


@dataclass(frozen=True, slots=True)
class Whose:
    """The account that is read; `posts` is how many posts it says that it has now."""

    user_id: str
    handle: str
    posts: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reading stands: below the id `until`, with so many items `seen` since the top, where the account had
    `posts` posts when that began; `token` leads over an empty page."""

    until: str = ""
    seen: int = 0
    posts: int | None = None
    token: str = ""

    def written(self) -> str:
        """Return it as `ActivityPage.next`."""
        return f"{self.until}.{self.seen}.{'' if self.posts is None else self.posts}.{self.token}"


def activity(
    calls: Calls,
    operation: str,
    stream: Stream,
    whose: Whose,
    reading: Reading,
    since: Mark | None,
    at: str | None,
) -> ActivityPage:
    """Return one page of a stream (`interface.Session.activity`); `operation` is what the call is booked as."""
    place = Place(posts=whose.posts) if at is None else _place(calls, at)
    ask = partial(_ask, calls, operation, stream, whose, reading.page_size, since)
    try:
        answer = ask(place)
    except errors.NetworkRefused as refused:
        # A token ends; what it led to is then reached by asking again from the last id that is known.
        if not place.token or refused.fields.get("reason") != "refused":
            raise
        place = replace(place, token="")
        answer = ask(place)
    page = calls.parsed(Activity, answer.body)
    if page.meta is None and not page.data:
        raise calls.without(answer, "its answer holds no posts and does not say that there are none")
    rows: Any = answer.body.get("data") or []
    found = calls.understood(lambda: items(page, rows, whose.user_id, whose.handle))
    lowest = int(_since_id(since) or -1)
    following = _following(calls, page, place)
    seen, reach = place.seen + len(found), reading.reach[stream] or 0
    return ActivityPage(
        items=tuple(item for item in found if int(item.network_id) > lowest),
        next=following.written() if following else None,
        reached_limit=not following and _is_limited(stream, since, seen, place.posts, whose.posts, reach),
    )


def metrics(calls: Calls, operation: str, network_ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """Return the metrics of own posts by id; those of the last 30 days with what only their author may see. What X
    does not tell of one post fails no other."""
    found: dict[str, dict[str, int]] = {}
    left = list(dict.fromkeys(network_ids))
    if young := [post_id for post_id in left if _made_at(post_id) > clock.now() - _PRIVATE]:
        private, missing = _measured(calls, operation, young, private=True)
        found |= private
        left = [post_id for post_id in left if post_id not in found and post_id not in missing]
    if left:
        found |= _measured(calls, operation, left, private=False)[0]
    return found


def _ask(
    calls: Calls, operation: str, stream: Stream, whose: Whose, size: int, since: Mark | None, place: Place
) -> Answer:
    def call(client: "tweepy.Client") -> object:
        method = client.get_users_tweets if stream is Stream.POSTS else client.get_users_mentions
        return method(
            whose.user_id,
            user_auth=calls.signs,
            max_results=size,
            tweet_fields=_POST_FIELDS,
            media_fields=_MEDIA_FIELDS,
            expansions=_EXPANSIONS[stream],
            since_id=_since_id(since),
            until_id=place.until or None,
            pagination_token=place.token or None,
        )

    return calls.read(call, operation)


def _place(calls: Calls, at: str) -> Place:
    if match := _AT.fullmatch(at):
        return Place(match[1], int(match[2]), int(match[3]) if match[3] else None, match[4])
    raise calls.unusable("where its list goes on was not written by this program", write=False)


def _following(calls: Calls, page: Activity, place: Place) -> Place | None:
    token = page.meta.next_token if page.meta else None
    if token is None:
        return None
    if not page.data:
        following = replace(place, token=token)
    else:
        oldest = min(int(post.id) for post in page.data)
        following = Place(str(oldest), place.seen + len(page.data), place.posts)
    if _AT.fullmatch(following.written()) is None:
        raise calls.unusable("it goes on at a place that cannot be kept", write=False)
    backwards = bool(page.data and place.until and int(following.until) >= int(place.until))
    if backwards or following == place:
        raise calls.unusable("its pages go round in a circle", write=False)
    return following


def _is_limited(
    stream: Stream, since: Mark | None, seen: int, before: int | None, now: int | None, reach: int
) -> bool:
    """Whether a list that ended here ended because X shows no more."""
    if stream is Stream.POSTS and now is not None and (now <= reach or since is None):
        return now > reach
    made_meanwhile = max(0, now - before) if before is not None and now is not None else 0
    return seen + made_meanwhile >= _NEAR * reach


def _since_id(since: Mark | None) -> str | None:
    """The id above which a list is asked for; of a moment that is the last one before it."""
    if since is None or since.network_id:
        return since.network_id if since else None
    made = int(since.created_at.timestamp() * 1000) - _SNOWFLAKE_EPOCH_MS
    return str((made << 22) - 1) if made > 0 else None


def _made_at(post_id: str) -> datetime:
    moment = datetime.fromtimestamp(0, UTC)
    if number := int(post_id) >> 22:
        moment += timedelta(milliseconds=number + _SNOWFLAKE_EPOCH_MS)
    return moment


def _measured(
    calls: Calls, operation: str, ids: list[str], *, private: bool
) -> tuple[dict[str, dict[str, int]], frozenset[str]]:
    """Return metrics by id, and the ids of which X says that they do not exist."""
    fields = "public_metrics" + (",non_public_metrics,organic_metrics" if private else "")
    try:
        answer = calls.read(
            lambda client: client.get_tweets(ids, user_auth=calls.signs, tweet_fields=fields),
            operation,
            may_miss=True,
        )
    except errors.NetworkRefused as refused:
        if not private or refused.fields.get("reason") != "refused":
            raise
        return {}, frozenset()
    reply = calls.parsed(Measures, answer.body)
    if not reply.data and not reply.errors:
        raise calls.unusable("its answer holds no posts and does not say why", write=False)
    gone = {
        str(problem.get("resource_id") or problem.get("value"))
        for problem in reply.errors
        if str(problem.get("type", "")).endswith(NOT_FOUND)
    }
    return {post.id: _flat(post) for post in reply.data if post.id in ids}, frozenset(gone)


def _flat(post: Measured) -> dict[str, int]:
    return (
        flat(post.public_metrics)
        | flat(post.non_public_metrics, "non_public.")
        | flat(post.organic_metrics, "organic.")
    )
