"""Cron expressions: cron's own weekdays, and nights in which an hour is missing or comes twice."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard import errors
from socialguard.daemon import crontab

PARIS = "Europe/Paris"


def runs(expression: str, zone: str, after: datetime, count: int) -> list[str]:
    """Return the next instants, in UTC, without their year."""
    found = []
    for _ in range(count):
        after = crontab.following(expression, zone, after)
        found.append(f"{after:%m-%d %H:%M}")
    return found


def test_a_daily_time_follows_the_wall_clock() -> None:
    spring = datetime(2026, 3, 27, 12, tzinfo=UTC)
    assert runs("0 9 * * *", PARIS, spring, 3) == ["03-28 08:00", "03-29 07:00", "03-30 07:00"]


def test_a_time_that_the_night_leaves_out_comes_an_hour_later() -> None:
    assert runs("30 2 * * *", PARIS, datetime(2026, 3, 28, 12, tzinfo=UTC), 2) == ["03-29 01:30", "03-30 00:30"]


def test_a_time_that_the_night_has_twice_comes_once() -> None:
    assert runs("30 2 * * *", PARIS, datetime(2026, 10, 24, 12, tzinfo=UTC), 2) == ["10-25 00:30", "10-26 01:30"]


def test_an_hourly_time_goes_on_through_both_nights() -> None:
    spring = runs("17 * * * *", PARIS, datetime(2026, 3, 28, 23, tzinfo=UTC), 4)
    assert spring == ["03-28 23:17", "03-29 00:17", "03-29 01:17", "03-29 02:17"]
    autumn = runs("17 * * * *", PARIS, datetime(2026, 10, 24, 23, tzinfo=UTC), 4)
    assert autumn == ["10-24 23:17", "10-25 00:17", "10-25 02:17", "10-25 03:17"]


@pytest.mark.parametrize(
    ("weekday", "first"),
    [("1", "11-30"), ("0", "11-29"), ("7", "11-29"), ("sun", "11-29"), ("1-5", "11-30"), ("*/2", "11-29"),
     ("6,0", "11-29"), ("sat", "12-05")],
)  # fmt: skip
def test_weekdays_are_those_of_cron(weekday: str, first: str) -> None:
    saturday = datetime(2026, 11, 28, 12, tzinfo=UTC)
    assert runs(f"0 9 * * {weekday}", "UTC", saturday, 1) == [f"{first} 09:00"]


@pytest.mark.parametrize(
    "bad", ["", "* * *", "61 * * * *", "0 0 30 2 *", "x * * * *", "0 0 * * 8", "0 0 * * 5-1", "@daily"]
)
def test_what_is_no_cron_expression_is_refused_with_its_setting(bad: str) -> None:
    with pytest.raises(errors.SettingsInvalid) as caught:
        crontab.require(bad, "[backup] cron")
    assert "[backup] cron" in str(caught.value)


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    zone=st.sampled_from(["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    after=st.integers(1_700_000_000, 1_900_000_000).map(lambda stamp: datetime.fromtimestamp(stamp, UTC)),
)
def test_every_wall_day_has_one_turn(minute: int, hour: int, zone: str, after: datetime) -> None:
    first = crontab.following(f"{minute} {hour} * * *", zone, after)
    second = crontab.following(f"{minute} {hour} * * *", zone, first)
    assert after < first <= after + timedelta(hours=26)
    place = ZoneInfo(zone)
    assert (second.astimezone(place).date() - first.astimezone(place).date()).days == 1
