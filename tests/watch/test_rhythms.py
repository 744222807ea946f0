"""On hand-posting after the baseline at most 1 % is told, and a stranger's other client or hour always is.

End to end: people post at the sandbox, whose clock moves day by day, and `watch run` looks. Whole years of all
rhythms: `python -m tests.endurance.rhythms`."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard.archive.watching import OwnItem
from socialguard.model.activity import Kind
from socialguard.watch import baseline, judging
from socialguard.watch.interface import Severity
from tests.office import Office
from tests.watch.days import lived
from tests.watch.rhythms import PARIS, RHYTHMS, Post, drawn


@pytest.mark.parametrize(("name", "rhythm"), [("x:@acme", "office"), ("facebook:@acme", "owl")])
def test_a_fortnight_by_hand_is_quiet_and_the_break_in_is_not(office: Office, name: str, rhythm: str) -> None:
    """A fresh seed each time: among some fifty posts not one is told but in one of many hundred fortnights."""
    seed = random.SystemRandom().getrandbits(32)
    tally = lived(office, name, rhythm, random.Random(seed), learned=90, days=14)
    assert tally.told <= 1, (seed, tally.why)
    assert not tally.missed, (seed, tally.missed)
    assert tally.posts > 10
    assert tally.strange > 0


@pytest.mark.parametrize("learned", [40, 150])
@pytest.mark.parametrize("rhythm", sorted(RHYTHMS.keys() - {"events"}))
def test_at_most_one_in_a_hundred_posts_by_hand_is_told(rhythm: str, learned: int) -> None:
    """Over a hundred days after the baseline, in the people's own zone, and where the account was left in UTC, so
    that the clocks change under it."""
    told = posts = 0
    for seed in range(6):
        for zone in (PARIS, "UTC"):
            past, later = _split(rhythm, random.Random(seed), learned)
            found = _told(baseline.learned([_item(one) for one in past], zone), past[-50:], later)
            told, posts = told + len(found), posts + len(later)
    assert told <= posts / 100, (told, posts)
    assert posts > 300


def test_an_event_told_live_is_a_burst_once_and_usual_after_it_was_accepted() -> None:
    past, later = _split("events", random.Random(1), 150)
    assert len(_told(baseline.learned([_item(one) for one in past], PARIS), past[-50:], later)) <= len(later) / 100
    calm = [one for one in past if one.at.hour < 16]  # no evening
    assert len(_told(baseline.learned([_item(one) for one in calm], PARIS), past[-50:], later)) > len(later) / 10


@given(first=st.integers(0, 23), spread=st.lists(st.integers(0, 12), min_size=baseline.ENOUGH, max_size=300))
def test_what_is_four_hours_from_all_that_was_ever_posted_is_never_usual(first: int, spread: list[int]) -> None:
    """Whatever people's day is like; and an hour of one post in a hundred always is."""
    midnight = datetime(2026, 3, 2, tzinfo=UTC)
    hours = [(first + one) % 24 for one in spread]
    days = [Post(midnight + timedelta(days=number, hours=one), "") for number, one in enumerate(hours)]
    usual = baseline.learned([_item(one) for one in days], "UTC")
    for hour in range(24):
        knows = usual.knows_hour(midnight + timedelta(hours=hour))
        assert not (knows and all(min((hour - one) % 24, (one - hour) % 24) >= 4 for one in hours))
        assert knows or hours.count(hour) * 100 < len(hours)


def test_one_night_among_many_days_makes_no_night_usual() -> None:
    noon = datetime(2026, 3, 2, 11, tzinfo=UTC)
    days = [_item(Post(noon + timedelta(days=number), "Web App")) for number in range(2_000)]
    night = _item(Post(noon.replace(hour=2), "Web App"))
    usual = baseline.learned([*days, night], PARIS)
    assert not usual.knows_hour(noon.replace(hour=2))
    assert usual.knows_hour(noon.replace(hour=12))
    assert not usual.knows_hour(noon.replace(hour=16))
    assert baseline.learned([*days[:40], night], PARIS).knows_hour(noon.replace(hour=2)), "few posts prove nothing"


def test_hours_are_those_of_the_zone_that_was_learned() -> None:
    """An account that schedules in another zone now has no other nights: the zone is part of what was signed."""
    noon = datetime(2026, 3, 2, 11, tzinfo=UTC)
    usual = baseline.learned(
        [_item(Post(noon + timedelta(days=number), "")) for number in range(200)], "Asia/Tokyo"
    )
    assert usual.hours == {20: 200}
    assert usual.knows_hour(noon)
    assert not usual.knows_hour(noon + timedelta(hours=9))


def _split(rhythm: str, chance: random.Random, learned: int) -> tuple[list[Post], list[Post]]:
    """What is learned, and what is posted within a hundred days after it."""
    first = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=chance.randrange(365))
    posts = drawn(rhythm, chance, first.date(), 600)
    end = posts[learned].at + timedelta(days=100)
    return posts[:learned], [one for one in posts[learned:] if one.at < end]


def _told(usual: baseline.Baseline, before: list[Post], later: list[Post]) -> list[Post]:
    """Those that raise an alert."""
    found, times = [], [one.at for one in before]
    for one in later:
        recent = sum(1 for at in times[-50:] if at > one.at - baseline.WINDOW)
        if judging.foreign(_item(one), usual, recent).severity is not Severity.NOTE:
            found.append(one)
        times.append(one.at)
    return found


def _item(one: Post) -> OwnItem:
    return OwnItem(0, f"{one.at:%j-%H-%M-%f}", Kind.POST, one.at, "", one.client, "0" * 64, 1)
