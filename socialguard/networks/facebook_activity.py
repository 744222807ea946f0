"""Read a Page's activity: own posts, and what others wrote to it. Import it inside functions only.

**Own posts** are `/published_posts`, newest first. A page goes on at the time of the last posts of the one before
it (`until`), which stays good where Graph's cursors end; a few posts at the border come twice. Only where a whole
page lies in one second does a cursor lead on. Graph shows about 600 posts of a year.

**What others wrote** is read along `/feed`, which has the posts of visitors too: each request brings posts
together with their comments since the mark. So a comment on a post of long ago is found for one request per 50
posts, and none is missed. Where a post has more comments than that request holds, its own list is read next,
newest first. The walk has an end in time: nothing that was written after it began is part of it, so that a comment
under a post that was passed already is not taken for known because a later one was seen elsewhere. The next
reading brings both. Comments under the posts that Graph does not show are not seen: the walk ends at a limit then.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

from socialguard import errors
from socialguard.model.activity import ActivityPage, Item, Mark
from socialguard.networks.facebook_calls import Calls
from socialguard.networks.facebook_errors import TITLE
from socialguard.networks.facebook_graph import Graph
from socialguard.networks.facebook_items import (
    COMMENT_FIELDS,
    POST_FIELDS,
    Rows,
    comment_item,
    post_item,
)

_POSTS: Final = 100
_WALKED_POSTS: Final = 50
# An old post may be pinned to the top, and a backdated one stand anywhere: the time at which a page ends is that
# of the newest of its last three posts.
_BORDER: Final = 3
_MAX_AT: Final = 20_000
_TOO_MUCH: Final = 1
_SMALLEST: Final = 10
# Graph API, /{page}/feed: "about 600 ranked, published posts per year".
_YEARLY: Final = 540


@dataclass(frozen=True, slots=True)
class Whose:
    """The Page that is read, and what time it is for Graph."""

    page_id: str
    now: datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where a reading stands, in seconds since the epoch: in the list of posts at `until` (None: at its top) or,
    within one second, behind `cursor`; `ended` once that list has no more. `began` is when a walk began, `waiting`
    are the posts whose comments are still to be read, each with where. `size` is how many rows to ask for.
    `in_year` posts of `year` were seen, and `limited` says that a year had about as many as Graph shows of one."""

    until: int | None = None
    cursor: str = ""
    ended: bool = False
    began: int = 0
    waiting: tuple[tuple[str, int, str], ...] = ()
    size: int = 100
    year: int = 0
    in_year: int = 0
    limited: bool = False

    def written(self) -> str | None:
        """Return it as `ActivityPage.next`; None where nothing is left to read."""
        if self.ended and not self.waiting:
            return None
        counted = [self.year, self.in_year, self.limited]
        written = [self.until, self.cursor, self.ended, self.began, self.waiting, self.size, *counted]
        return json.dumps(written, separators=(",", ":"))


def posts(calls: Calls, graph: Graph, whose: Whose, since: Mark | None, at: str | None) -> ActivityPage:
    """Return one page of the Page's own posts."""
    place = _place(calls, at) if at else Place(size=_POSTS)
    if _is_below(place.until, since):
        return ActivityPage((), None, reached_limit=False)
    query = _bounds(place.until, since) | ({"after": place.cursor} if place.cursor else {})

    def ask(size: int) -> Any:
        return graph.get_connections("me", "published_posts", fields=POST_FIELDS, limit=size, **query)

    rows, place = _asked(calls, "posts.read", ask, place)
    found = [_understood(calls, post_item(row, whose.page_id)) for row in rows.data]
    times = [post.created_time for post, _ in found]
    place = _onward(calls, _counted(place, times), rows, times)
    items, following = _above([item for _, item in found], since), place.written()
    return ActivityPage(items, following, reached_limit=following is None and place.limited)


def mentions(calls: Calls, graph: Graph, whose: Whose, since: Mark | None, at: str | None) -> ActivityPage:
    """Return one page of what others wrote: a stretch of the feed, or the comments of one post."""
    place = _place(calls, at) if at else Place(began=_seconds(whose.now), size=_WALKED_POSTS)
    place = replace(place, waiting=tuple(one for one in place.waiting if not _is_below(one[1], since)))
    if place.written() is None:
        return ActivityPage((), None, reached_limit=place.limited)
    read = _comments if place.waiting else _walk
    found, place = read(calls, graph, whose, since, place)
    known_then = [item for item in found if _seconds(item.created_at) <= place.began]
    following = place.written()
    return ActivityPage(_above(known_then, since), following, reached_limit=following is None and place.limited)


def _walk(calls: Calls, graph: Graph, whose: Whose, since: Mark | None, place: Place) -> tuple[list[Item], Place]:
    bounds = "".join(f".{name}({value})" for name, value in _bounds(place.began, since).items())
    query: dict[str, Any] = {} if place.until is None else {"until": place.until}
    query |= {"after": place.cursor} if place.cursor else {}

    def ask(size: int) -> Any:
        comments = f"comments.filter(stream).order(reverse_chronological).summary(true).limit({size}){bounds}"
        fields = POST_FIELDS.replace("comments.limit(0).summary(true)", f"{comments}{{{COMMENT_FIELDS}}}")
        return graph.get_connections("me", "feed", fields=fields, limit=size, **query)

    rows, place = _asked(calls, "comments.read", ask, place)
    found: list[Item] = []
    waiting: list[tuple[str, int, str]] = []
    parsed = [_understood(calls, post_item(row, whose.page_id)) for row in rows.data]
    for post, item in parsed:
        found += [] if item.own else [item]
        of_post = _comment_items(calls, post.comments.data, whose, post.id)
        found += of_post
        if post.comments.paging.next is not None and of_post:
            waiting.append((post.id, min(_seconds(one.created_at) for one in of_post), ""))
    times = [post.created_time for post, _ in parsed]
    place = _onward(calls, _counted(place, times), rows, times)
    return found, replace(place, waiting=tuple(waiting))


def _comments(
    calls: Calls, graph: Graph, whose: Whose, since: Mark | None, place: Place
) -> tuple[list[Item], Place]:
    (post_id, until, cursor), *others = place.waiting
    query = _bounds(until, since) | ({"after": cursor} if cursor else {})
    try:
        rows = calls.get(
            Rows,
            "comments.read",
            lambda: graph.get_connections(
                post_id,
                "comments",
                fields=COMMENT_FIELDS,
                filter="stream",
                order="reverse_chronological",
                limit=_POSTS,
                **query,
            ),
        )
    except errors.NetworkRefused as refused:
        if not refused.fields.get("gone"):
            raise
        # The post was deleted meanwhile, and its comments with it.
        return [], replace(place, waiting=tuple(others))
    found = _comment_items(calls, rows.data, whose, post_id)
    here = _onward(calls, Place(until, cursor), rows, [one.created_at for one in found])
    rest = [] if here.ended else [(post_id, here.until or until, here.cursor)]
    return found, replace(place, waiting=(*rest, *others))


def _asked(calls: Calls, operation: str, ask: Callable[[int], Any], place: Place) -> tuple[Rows, Place]:
    """Return the rows of a request, and the place with the size that Graph was willing to answer: where a request
    is too much for it (error 1), a fifth is asked for, from there on too."""
    while True:
        try:
            return calls.get(Rows, operation, partial(ask, place.size)), place
        except errors.NetworkRefused as refused:
            if refused.fields.get("code") != _TOO_MUCH or place.size < _SMALLEST:
                raise
            place = replace(place, size=place.size // 5)


def _comment_items(calls: Calls, rows: list[dict[str, Any]], whose: Whose, post_id: str) -> list[Item]:
    return [_understood(calls, comment_item(row, whose.page_id, post_id)) for row in rows]


def _onward(calls: Calls, place: Place, rows: Rows, times: list[datetime]) -> Place:
    """Return where a list goes on after these rows."""
    following = rows.paging.following()
    if following is None:
        return replace(place, cursor="", ended=True)
    border = max((_seconds(moment) for moment in times[-_BORDER:]), default=None)
    if border is not None and (place.until is None or border < place.until):
        return replace(place, until=border, cursor="")
    # All of one second, or nothing that the token may see: there is no other way on than a cursor.
    cursor = following.get("after", "")
    if not cursor or cursor == place.cursor or len(cursor) > _MAX_AT // 10:
        detail = "its list cannot be followed to its end."
        raise errors.NetworkRefused(network=TITLE, account=calls.account, detail=detail)
    return replace(place, cursor=cursor)


def _counted(place: Place, times: list[datetime]) -> Place:
    """Return the place with the posts of these times counted by year. Those at a border come twice, which is less
    than what `_YEARLY` leaves."""
    for moment in times:
        year = moment.astimezone(UTC).year
        count = place.in_year + 1 if year == place.year else 1
        place = replace(place, year=year, in_year=count, limited=place.limited or count >= _YEARLY)
    return place


def _bounds(until: int | None, since: Mark | None) -> dict[str, int]:
    """Return the bounds of a list; both seconds belong to it."""
    found = {} if until is None else {"until": until}
    return found if since is None else {"since": _seconds(since.created_at), **found}


def _is_below(until: int | None, since: Mark | None) -> bool:
    """Whether a list that goes on at `until` has nothing left that is newer than the mark: a page that was asked
    for without one leads there."""
    return until is not None and since is not None and until < _seconds(since.created_at)


def _above(items: list[Item], since: Mark | None) -> tuple[Item, ...]:
    """Return what is newer than the mark, or of the same second: Graph's ids tell no order within it."""
    if since is None:
        return tuple(items)
    second = since.created_at.replace(microsecond=0)
    return tuple(one for one in items if one.created_at >= second and one.network_id != since.network_id)


def _seconds(moment: datetime) -> int:
    return int(moment.astimezone(UTC).timestamp())


def _understood(calls: Calls, found: Any) -> Any:
    if found is None:
        raise calls.not_understood()
    return found


def _place(calls: Calls, at: str) -> Place:
    try:
        if len(at) > _MAX_AT:
            raise ValueError
        # A gap that a version before this left open does not count.
        until, cursor, ended, began, waiting, size, *counted = json.loads(at)
        posts = tuple((str(a), int(b), str(c)) for a, b, c in waiting)
        place = Place(until, cursor, ended, began, posts, size, *counted)
        numbers = isinstance(began, int) and isinstance(until, int | None) and size in range(1, _POSTS + 1)
        numbers = numbers and isinstance(place.year, int) and isinstance(place.in_year, int)
        if not (numbers and isinstance(place.cursor, str) and isinstance(place.ended, bool)):
            raise TypeError
    except (ValueError, TypeError, RecursionError):
        detail = "where its list goes on was not written by this program."
        raise errors.NetworkRefused(network=TITLE, account=calls.account, detail=detail) from None
    return place
