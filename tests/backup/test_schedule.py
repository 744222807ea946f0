"""When metrics are looked at: the points of the schedule, each of them once."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.backup.schedule import FREE, PAID, is_due, newest_point

MADE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

ages = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=400))


@pytest.mark.parametrize(
    ("age", "free", "paid"),
    [
        (timedelta(minutes=14), None, None),
        (timedelta(minutes=15), timedelta(minutes=15), None),
        (HOUR, HOUR, HOUR),
        (2 * HOUR + timedelta(minutes=59), HOUR, HOUR),
        (3 * HOUR, 3 * HOUR, HOUR),
        (4 * HOUR + timedelta(minutes=30), 4 * HOUR, HOUR),
        (DAY, DAY, DAY),
        (2 * DAY, 2 * DAY, DAY),
        (2 * DAY + 23 * HOUR, 2 * DAY, DAY),
        (7 * DAY + HOUR, 7 * DAY, 7 * DAY),
        (30 * DAY, 30 * DAY, 30 * DAY),
        (59 * DAY, 30 * DAY, 30 * DAY),
        (60 * DAY, 60 * DAY, 30 * DAY),
        (365 * DAY, 360 * DAY, 30 * DAY),
    ],
)
def test_the_schedule_is_as_it_is_written(age: timedelta, free: timedelta | None, paid: timedelta | None) -> None:
    for is_paid, wanted in ((False, free), (True, paid)):
        found = newest_point(MADE, MADE + age, is_paid=is_paid)
        assert found == (None if wanted is None else MADE + wanted)


@given(ages, st.booleans())
def test_nobody_looks_twice_at_one_point(age: timedelta, is_paid: bool) -> None:
    now = MADE + age
    assert not is_due(MADE, now, now, is_paid=is_paid)


@given(ages, ages, st.booleans())
def test_a_post_is_due_exactly_when_a_point_has_passed_since_the_last_look(
    first: timedelta, more: timedelta, is_paid: bool
) -> None:
    last, now = MADE + first, MADE + first + more
    points = [*(PAID if is_paid else FREE), *([] if is_paid else [days * 30 * DAY for days in range(2, 30)])]
    passed = any(last < MADE + point <= now for point in points)
    assert is_due(MADE, last, now, is_paid=is_paid) is passed
    assert is_due(MADE, None, now, is_paid=is_paid) is any(MADE + point <= now for point in points)


@given(st.lists(st.timedeltas(min_value=timedelta(minutes=1), max_value=5 * DAY), max_size=80), st.booleans())
def test_whoever_comes_by_never_looks_more_often_than_there_are_points(
    waits: list[timedelta], is_paid: bool
) -> None:
    last, now, looks = None, MADE, 0
    for wait in waits:
        now += wait
        if is_due(MADE, last, now, is_paid=is_paid):
            last, looks = now, looks + 1
    assert looks <= (len(PAID) if is_paid else len(FREE) + (now - MADE) // (30 * DAY))
