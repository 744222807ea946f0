"""What a budget allows: reads stop first, posts last, and nothing goes beyond it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.ledger.budget import Period, Standing, Use, allows, free_for, kept_of, span

MICROS = st.integers(0, 10**12)
STANDINGS = st.builds(Standing, limit=MICROS, spent=MICROS, waiting=MICROS, kept=MICROS)


@given(STANDINGS, MICROS)
def test_a_read_that_is_allowed_would_be_allowed_as_a_post(standing: Standing, price: int) -> None:
    assert allows(standing, Use.POST, price) or not allows(standing, Use.READ, price)


@given(STANDINGS, st.sampled_from(Use), MICROS)
def test_what_is_allowed_stays_within_the_limit_with_all_that_waits(
    standing: Standing, use: Use, price: int
) -> None:
    if price and allows(standing, use, price):
        kept = standing.kept if use is Use.READ else 0
        assert standing.spent + standing.waiting + price + kept <= standing.limit


@given(MICROS, MICROS)
def test_a_post_may_use_what_is_kept_for_posts_and_a_read_may_not(limit: int, kept: int) -> None:
    standing = Standing(limit, 0, 0, kept)
    assert free_for(standing, Use.POST) == limit
    assert free_for(standing, Use.READ) == max(0, limit - kept)


@given(STANDINGS, st.sampled_from(Use))
def test_the_rest_is_exact_and_what_costs_nothing_always_goes(standing: Standing, use: Use) -> None:
    rest = free_for(standing, use)
    assert allows(standing, use, 0)
    assert allows(standing, use, rest)
    assert not allows(standing, use, rest + 1)


@given(STANDINGS, st.sampled_from(Use), MICROS, MICROS)
def test_spending_more_never_allows_more(standing: Standing, use: Use, more: int, price: int) -> None:
    poorer = Standing(standing.limit, standing.spent + more, standing.waiting, standing.kept)
    assert allows(standing, use, price) or not allows(poorer, use, price)


@given(
    st.integers(1, 10_000),
    st.integers(0, 100),
    st.lists(st.tuples(st.sampled_from(Use), st.integers(0, 3_000)), max_size=40),
)
def test_no_order_of_reads_and_posts_exceeds_a_budget_or_lets_reads_take_what_is_kept(
    limit: int, percent: int, wishes: list[tuple[Use, int]]
) -> None:
    kept, spent, reads = kept_of(limit, percent), 0, 0
    for use, price in wishes:
        if allows(Standing(limit, spent, 0, kept), use, price):
            spent += price
            reads += price if use is Use.READ else 0
    assert spent <= limit
    assert reads <= limit - kept


@given(st.integers(0, 10**12), st.integers(0, 100))
def test_the_share_that_is_kept_is_never_less_than_said_nor_more_than_all(limit: int, percent: int) -> None:
    kept = kept_of(limit, percent)
    assert kept * 100 >= limit * percent
    assert 0 <= kept <= limit
    assert (kept - 1) * 100 < limit * percent or kept == 0


@given(st.integers(10**9, 28 * 10**8), st.sampled_from(Period))
def test_every_instant_lies_in_one_span_that_ends_where_the_next_begins(second: int, period: Period) -> None:
    at = datetime.fromtimestamp(second, UTC)
    for zone in ("Europe/Paris", "America/New_York", "Pacific/Apia", "UTC"):
        since, until = span(period, at, zone)
        assert since <= at < until
        assert span(period, until, zone)[0] == until
        assert span(period, until - timedelta(microseconds=1), zone)[0] == since


@pytest.mark.parametrize(
    ("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-27", 24), ("2028-02-29", 24)]
)
def test_a_day_is_that_of_the_calendar_also_where_the_clocks_change(day: str, hours: int) -> None:
    noon = datetime.fromisoformat(f"{day}T12:00+00:00")
    since, until = span(Period.DAY, noon, "Europe/Paris")
    assert (until - since) == timedelta(hours=hours)


def test_a_month_begins_at_midnight_of_the_zone() -> None:
    since, until = span(Period.MONTH, datetime(2026, 12, 31, 23, 30, tzinfo=UTC), "Europe/Paris")
    assert since == datetime(2026, 12, 31, 23, 0, tzinfo=UTC)
    assert until == datetime(2027, 1, 31, 23, 0, tzinfo=UTC)
