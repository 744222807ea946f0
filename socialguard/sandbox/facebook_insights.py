"""Insights of Pages and posts: only the metrics that are alive in v26.0; one dead name fails the request."""

from __future__ import annotations

from typing import Any

from starlette.responses import JSONResponse, Response

from socialguard.sandbox.clock import graph_time, parse_moment
from socialguard.sandbox.facebook_errors import invalid_parameter
from socialguard.sandbox.gateway import Call
from socialguard.sandbox.state import Account, Post
from socialguard.sandbox.words import words

PAGE_METRICS = words(
    "page_media_view page_total_media_view_unique page_follows page_daily_follows "
    "page_daily_follows_unique page_daily_unfollows_unique page_post_engagements "
    "page_actions_post_reactions_total page_views_total page_video_views"
)
POST_METRICS = words(
    "post_media_view post_total_media_view_unique post_clicks post_clicks_by_type "
    "post_reactions_by_type_total post_activity_by_action_type post_video_views "
    "post_video_avg_time_watched"
)
# these answer an object of numbers instead of a number
BY_TYPE = frozenset({"post_reactions_by_type_total", "post_clicks_by_type", "post_activity_by_action_type"})
PERIODS = frozenset({"day", "week", "days_28", "month", "lifetime", "total_over_range"})
DAY = 86_400
MAX_DAYS = 90


def page_insights(call: Call, page: Account) -> Response:
    """GET /{page}/insights?metric=&period=&since=&until=."""
    period = call.value("period") or "day"
    posts = [p for p in call.world.posts_of("facebook", page.user_id) if p.published and p.deleted_at is None]
    rows = []
    for name in _metrics(call, call.value("metric"), PAGE_METRICS):
        value = page.followers_count
        if name != "page_follows":
            value = sum(metrics.get(name, 0) for metrics in map(call.world.metrics_of, posts))
        values = [{"value": value, "end_time": graph_time(end)} for end in _days(call)]
        rows.append(_row(page.user_id, name, period, values))
    return JSONResponse({"data": rows, "paging": {}})


def post_insights(call: Call, post: Post) -> Response:
    """GET /{post}/insights?metric=: lifetime values."""
    return JSONResponse({"data": insight_rows(call, post, call.value("metric")), "paging": {}})


def insight_rows(call: Call, post: Post, metric: str | None) -> list[dict[str, Any]]:
    """Return the lifetime values of a post's metrics; Refused where one of them is dead."""
    rows, metrics = [], call.world.metrics_of(post)
    for name in _metrics(call, metric, POST_METRICS):
        value: Any = metrics.get(name, 0)
        if name in BY_TYPE:
            value = {"like": metrics["likes"]} if metrics.get("likes") else {}
        rows.append(_row(post.post_id, name, "lifetime", [{"value": value}]))
    return rows


def _metrics(call: Call, metric: str | None, living: frozenset[str]) -> list[str]:
    # a list is accepted as `a,b` and as JSON
    text = (metric or "").translate(str.maketrans("", "", '[]"'))
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise invalid_parameter("The parameter metric is required")
    if call.value("period") and call.value("period") not in PERIODS:
        raise invalid_parameter(f"Param period must be one of {{{', '.join(sorted(PERIODS))}}}")
    if set(names) - living:
        raise invalid_parameter("The value must be a valid insights metric")
    return names


def _days(call: Call) -> list[float]:
    try:
        until = parse_moment(call.value("until") or call.now)
        since = parse_moment(call.value("since") or until - 2 * DAY)
    except ValueError:
        raise invalid_parameter("Param since or until is not a valid timestamp") from None
    if not 0 <= until - since <= MAX_DAYS * DAY:
        raise invalid_parameter(
            f"There cannot be more than {MAX_DAYS} days ({MAX_DAYS * DAY} s) between since and until"
        )
    count = max(int((until - since) // DAY), 1)
    return [since + DAY * number for number in range(1, count + 1)]


def _row(node: str, name: str, period: str, values: list[dict[str, Any]]) -> dict[str, Any]:
    title = name.replace("_", " ").title()
    return {
        "name": name,
        "period": period,
        "values": values,
        "title": title,
        "description": title,
        "id": f"{node}/insights/{name}/{period}",
    }
