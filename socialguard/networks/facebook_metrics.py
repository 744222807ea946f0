"""Measure a Page and its posts. Import it inside functions only (pydantic).

Graph removes metrics from time to time, and one dead name fails the request that asks for it: so each insight is a
request of its own, for up to 50 posts at once, and one that is refused is not asked for again in a session. An
insight of the Page that Graph cannot tell now is left out: what else the Page has is worth more."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

from pydantic import Field, RootModel

from socialguard import errors
from socialguard.model.activity import Profile
from socialguard.networks.facebook_calls import Calls
from socialguard.networks.facebook_graph import Graph
from socialguard.networks.facebook_items import Count, Name, Post
from socialguard.networks.facebook_replies import Id, Reply, parse
from socialguard.networks.plain import TooDeep, plain, plain_text

POST_INSIGHTS: Final = (
    "post_media_view",
    "post_total_media_view_unique",
    "post_clicks",
    "post_reactions_by_type_total",
)
PAGE_INSIGHTS: Final = (
    "page_media_view",
    "page_total_media_view_unique",
    "page_follows",
    "page_post_engagements",
)
MOST: Final = 50  # what Graph takes at once
_COUNTS: Final = "id,created_time,shares,comments.limit(0).summary(true),reactions.limit(0).summary(true)"
_PROFILE: Final = (
    "id,name,username,link,about,category,website,verification_status,is_published,fan_count,followers_count"
)
_MEASURED: Final = frozenset({"id", "name", "username", "fan_count", "followers_count"})

Values = Count | dict[Name, Count]


class _Value(Reply):
    value: Values


class _Row(Reply):
    name: Name
    values: list[_Value] = Field(default_factory=list)


class _Insights(Reply):
    data: list[_Row] = Field(default_factory=list)


class _Measured(Reply):
    insights: _Insights = Field(default_factory=_Insights)


class _Page(Reply):
    id: Id
    name: Name = ""
    username: Annotated[str, Field(max_length=256)] | None = None
    fan_count: Count | None = None
    followers_count: Count | None = None


_Posts = RootModel[dict[str, Post]]
_Insighted = RootModel[dict[str, _Measured]]


def of_posts(calls: Calls, graph: Graph, ids: Sequence[str], dead: set[str]) -> dict[str, dict[str, int]]:
    """Return the metrics of posts by id; a post that is gone is left out. `dead` are insights that were
    refused."""
    if len(ids) > MOST:
        raise ValueError(f"more than {MOST} ids")
    told = _asked(calls, graph, list(dict.fromkeys(ids)), _COUNTS, "posts.read")
    found = {name: post.counts for name, post in _understood(calls, _Posts, told).items() if name in ids}
    for name in POST_INSIGHTS:
        if name in dead or not found:
            continue
        try:
            told = _asked(calls, graph, list(found), f"id,insights.metric({name})", "insights.read")
        except errors.NetworkRefused as refused:
            if not _is_dead(refused):
                raise
            dead.add(name)
            continue
        for post_id, measured in _understood(calls, _Insighted, told).items():
            if post_id in found:
                found[post_id] |= _flat(measured.insights)
    return found


def profile(calls: Calls, graph: Graph, dead: set[str]) -> Profile:
    """Return the Page and its insights of the last whole day."""
    row = calls.read("page.read", lambda: graph.get_object("me", fields=_PROFILE))
    page = parse(_Page, row)
    if page is None or not isinstance(row, Mapping):
        raise calls.not_understood()
    counts = {"fan_count": page.fan_count, "followers_count": page.followers_count}
    metrics = {name: count for name, count in counts.items() if count is not None}
    for name in PAGE_INSIGHTS:
        if name in dead:
            continue
        try:
            told = calls.get(
                _Insights,
                "insights.read",
                lambda asked=name: graph.get_connections("me", "insights", metric=asked, period="day"),  # type: ignore[misc] # mypy: lambda default
            )
        except errors.NetworkRefused as refused:
            if _is_dead(refused):
                dead.add(name)
        else:
            metrics |= _flat(told)
    try:
        content = plain({name: value for name, value in row.items() if name not in _MEASURED})
    except TooDeep:
        raise calls.not_understood() from None
    assert isinstance(content, dict)
    return Profile(
        user_id=page.id,
        handle=plain_text(page.username or page.id),
        display_name=plain_text(page.name),
        followers=page.followers_count if page.followers_count is not None else page.fan_count,
        posts=None,
        content=content,
        metrics=metrics,
    )


def _asked(calls: Calls, graph: Graph, ids: list[str], fields: str, operation: str) -> dict[str, Any]:
    """Return what Graph tells of each id. One that is gone fails the whole request: then halves are asked for."""
    if not ids:
        return {}
    try:
        told = calls.read(operation, lambda: graph.get_objects(ids, fields=fields))
    except errors.NetworkRefused as refused:
        if not refused.fields.get("gone"):
            raise
        if len(ids) == 1:
            return {}
        half = len(ids) // 2
        first = _asked(calls, graph, ids[:half], fields, operation)
        return first | _asked(calls, graph, ids[half:], fields, operation)
    if not isinstance(told, dict):
        raise calls.not_understood()
    return told


def _is_dead(refused: errors.NetworkRefused) -> bool:
    """Whether Graph no longer has a metric, or the token may not read it; any other refusal may pass."""
    return refused.fields.get("reason") in ("invalid", "permission")


def _understood(calls: Calls, model: Any, told: dict[str, Any]) -> dict[str, Any]:
    parsed = parse(model, told)
    if parsed is None:
        raise calls.not_understood()
    root: dict[str, Any] = parsed.root
    return root


def _flat(insights: _Insights) -> dict[str, int]:
    """Return the newest value of each metric; one that is told by kind becomes `name.kind`."""
    found: dict[str, int] = {}
    for row in insights.data:
        value = row.values[-1].value if row.values else {}
        name = plain_text(row.name)
        if isinstance(value, dict):
            found |= {f"{name}.{plain_text(kind)}": count for kind, count in value.items()}
        else:
            found[name] = value
    return found
