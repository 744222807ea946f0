"""What `--at` means: understood whole or refused, never in the past, never an hour off at a change of clocks."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from socialguard import errors
from socialguard.publishing.times import Moment, parse_when, within_reach

PARIS = "Europe/Paris"
NOW = datetime(2026, 11, 23, 13, 5, 24, 123456, tzinfo=UTC)  # a Monday, 14:05 in Paris
ZONES = (PARIS, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "UTC")


def local(text: str, zone: str = PARIS, now: datetime = NOW) -> str:
    """Return the wall time that `text` means, as ISO."""
    return parse_when(text, zone, now).wall.isoformat(timespec="minutes")


@pytest.mark.parametrize(
    ("text", "wall"),
    [
        ("2026-11-27T09:00", "2026-11-27T09:00"),
        ("2026-11-27 09:00", "2026-11-27T09:00"),
        ("2026-11-27T09:00+02:00", "2026-11-27T08:00"),
        ("2026-11-27T08:00Z", "2026-11-27T09:00"),
        ("20261127T0900", "2026-11-27T09:00"),
        ("friday 9am", "2026-11-27T09:00"),
        ("Friday, 9:30 pm", "2026-11-27T21:30"),
        ("on friday at noon", "2026-11-27T12:00"),
        ("next friday at 9", None),
        ("fri 9.15am", "2026-11-27T09:15"),
        ("friday 9:15 p.m.", "2026-11-27T21:15"),
        ("vendredi 9h", "2026-11-27T09:00"),
        ("Vendredi 27 novembre à 9h30", "2026-11-27T09:30"),
        ("vendredi prochain 9 h 30", "2026-11-27T09:30"),
        ("ven 21:05", "2026-11-27T21:05"),
        ("monday 18h", "2026-11-30T18:00"),
        ("tomorrow noon", "2026-11-24T12:00"),
        ("demain midi", "2026-11-24T12:00"),
        ("après-demain 7h", "2026-11-25T07:00"),
        ("aujourd’hui 18h", "2026-11-23T18:00"),
        ("today 6pm", "2026-11-23T18:00"),
        ("tonight 8pm", "2026-11-23T20:00"),
        ("tonight at 20:30", "2026-11-23T20:30"),
        ("this evening at 8pm", "2026-11-23T20:00"),
        ("ce soir à 20h", "2026-11-23T20:00"),
        ("cet après-midi 15h", "2026-11-23T15:00"),
        ("demain matin 9h", "2026-11-24T09:00"),
        ("friday evening 7pm", "2026-11-27T19:00"),
        ("this evening 8am", None),
        ("demain matin 20h", None),
        ("tonight", None),
        ("ce soir", None),
        ("12am", "2026-11-24T00:00"),
        ("midnight", "2026-11-24T00:00"),
        ("minuit", "2026-11-24T00:00"),
        ("12pm", "2026-11-24T12:00"),
        ("9h", "2026-11-24T09:00"),
        ("15h", "2026-11-23T15:00"),
        ("27 november 9am", "2026-11-27T09:00"),
        ("November 27, 2026 9am", "2026-11-27T09:00"),
        ("27th november 2026 at 9am", "2026-11-27T09:00"),
        ("1er décembre 9h", "2026-12-01T09:00"),
        ("le 5 mai 9h", "2027-05-05T09:00"),
        ("ven. 27 nov. 2026, 9h30", "2026-11-27T09:30"),
        ("1er déc. 9h", "2026-12-01T09:00"),
        ("27/11/2026 9h", "2026-11-27T09:00"),
        ("11/27/2026 9h", "2026-11-27T09:00"),
        ("in 90 minutes", "2026-11-23T15:35"),
        ("dans 2 heures", "2026-11-23T16:05"),
        ("in 3 days", "2026-11-26T14:05"),
        ("dans 1 semaine", "2026-11-30T14:05"),
    ],
)
def test_a_form_of_the_documentation_means_this(text: str, wall: str | None) -> None:
    if wall is None:
        with pytest.raises(errors.BadTime):
            local(text)
        return
    assert local(text) == wall


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "friday",
        "vendredi",
        "9",
        "friday 9",
        "9:",
        "friday 9:",
        "9:5",
        "9:60",
        "25h",
        "24:00",
        "13pm",
        "0am",
        "25:30",
        ",9h",
        "2026-11-27",
        "2026-11-27T25:00",
        "2026-13-01T09:00",
        "2026-11-27x09:00",
        "2026-11-27-09:00",
        "03/04/2027 9h",
        "31/11/2026 9h",
        "30 february 9h",
        "thursday 27 november 9h",
        "friday 9am please",
        "friday 9am or 10am",
        "not friday 9am",
        "vendredi 9h demain",
        "in 2 fortnights",
        "in -2 hours",
        "in 2.5 hours",
        "in 2 hours 30",
        "in 5000 days",
        "friday midnight",
        "demain minuit",
        "friday 12am",
        "first friday 9h",
        "friday week 9h",
    ],
)
def test_what_is_not_understood_whole_is_refused(text: str) -> None:
    with pytest.raises(errors.BadTime) as refused:
        parse_when(text, PARIS, NOW)
    assert re.search(r"'[^']+'", refused.value.what_to_do()), "an example is given"


@pytest.mark.parametrize(
    "text",
    ["2026-11-23T14:00", "today 9am", "aujourd'hui 14h", "in 0 minutes", "2020-01-01T00:00Z", "23 november 9h"],
)
def test_a_time_that_is_past_is_refused(text: str) -> None:
    with pytest.raises(errors.BadTime, match="is past"):
        parse_when(text, PARIS, NOW)


@pytest.mark.parametrize(
    ("text", "is_taken"),
    [("in 366 days", True), ("in 367 days", False), ("2126-01-01 09:00", False), ("31 december 9am", True)],
)
def test_what_is_scheduled_lies_within_a_year(text: str, is_taken: bool) -> None:
    found = parse_when(text, PARIS, NOW)
    if is_taken:
        assert within_reach(found, text, NOW) is found
        return
    with pytest.raises(errors.BadTime, match="more than a year ahead") as caught:
        within_reach(found, text, NOW)
    assert "Is the year right?" in caught.value.what_to_do()


@pytest.mark.parametrize("text", ["0001-01-01T00:00", "9999-12-31T23:59-12:00", "0001-01-01T00:00+14:00"])
def test_a_year_at_the_ends_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(errors.BadTime):
        parse_when(text, "Asia/Tokyo", NOW)


@pytest.mark.parametrize("zone", ["", "Europe", "Mars/Olympus", "../etc/passwd", "UTC\x00", "/etc/localtime"])
def test_a_zone_that_is_none_is_refused(zone: str) -> None:
    with pytest.raises(errors.BadTime, match="time zone"):
        parse_when("friday 9am", zone, NOW)


GAPS = [
    (PARIS, "2027-03-28T02:30", ("2027-03-28T01:30+01:00", "2027-03-28T03:30+02:00")),
    ("America/New_York", "2027-03-14T02:00", ("2027-03-14T01:00-05:00", "2027-03-14T03:00-04:00")),
    ("Australia/Lord_Howe", "2027-10-03T02:15", ("2027-10-03T01:45+10:30", "2027-10-03T02:45+11:00")),
]
FOLDS = [
    (PARIS, "2027-10-31T02:30", ("2027-10-31T02:30+02:00", "2027-10-31T02:30+01:00")),
    ("America/New_York", "2027-11-07T01:00", ("2027-11-07T01:00-04:00", "2027-11-07T01:00-05:00")),
    ("Australia/Lord_Howe", "2027-04-04T01:45", ("2027-04-04T01:45+11:00", "2027-04-04T01:45+10:30")),
]


@pytest.mark.parametrize(("zone", "text", "proposals"), GAPS)
def test_a_time_that_the_clocks_skip_is_refused_with_two_proposals(
    zone: str, text: str, proposals: tuple[str, str]
) -> None:
    with pytest.raises(errors.BadTime, match="does not exist") as refused:
        parse_when(text, zone, NOW)
    assert refused.value.what_to_do() == f"Say {proposals[0]} or {proposals[1]}."
    instants = [parse_when(proposal, zone, NOW).instant for proposal in proposals]
    assert instants[0] < instants[1]


@pytest.mark.parametrize(("zone", "text", "proposals"), FOLDS)
def test_a_time_that_the_clocks_repeat_asks_which(zone: str, text: str, proposals: tuple[str, str]) -> None:
    with pytest.raises(errors.BadTime, match="exists twice") as refused:
        parse_when(text, zone, NOW)
    assert refused.value.what_to_do() == f"Say which: {proposals[0]} or {proposals[1]}."
    walls = {parse_when(proposal, zone, NOW).wall for proposal in proposals}
    assert walls == {datetime.fromisoformat(text)}


def test_words_that_name_a_skipped_time_are_refused_too() -> None:
    saturday = datetime(2027, 3, 27, 12, tzinfo=UTC)
    for text in ("tomorrow 2h30", "demain 2h30", "sunday 2:30am", "28 mars 2h30"):
        with pytest.raises(errors.BadTime, match="does not exist"):
            parse_when(text, PARIS, saturday)


@pytest.mark.parametrize(
    "now", [datetime(2027, 3, 28, 0, 30, tzinfo=UTC), datetime(2027, 10, 31, 0, 30, tzinfo=UTC), NOW]
)
def test_in_two_hours_is_two_hours_also_when_the_clocks_change(now: datetime) -> None:
    assert parse_when("in 2 hours", PARIS, now).instant == now.replace(microsecond=0) + timedelta(hours=2)
    assert parse_when("dans 45 minutes", PARIS, now).instant == now.replace(microsecond=0) + timedelta(minutes=45)


def test_in_one_day_keeps_the_wall_time_over_a_change_of_clocks() -> None:
    before = datetime(2027, 3, 27, 11, tzinfo=UTC)
    found = parse_when("in 1 day", PARIS, before)
    assert found.wall.isoformat() == "2027-03-28T12:00:00"
    assert found.instant - before == timedelta(hours=23)


def test_a_weekday_is_the_coming_one_and_never_today() -> None:
    assert local("monday 23h") == "2026-11-30T23:00"


def test_the_same_words_mean_other_instants_in_other_zones() -> None:
    assert parse_when("friday 9am", PARIS, NOW).instant == datetime(2026, 11, 27, 8, tzinfo=UTC)
    assert parse_when("friday 9am", "Asia/Kolkata", NOW).instant == datetime(2026, 11, 27, 3, 30, tzinfo=UTC)


SAYINGS: Final = (
    "in dans 2 90 hours heures jours minutes friday vendredi ven lundi 27 november novembre 1er mai, 2027 at à a "
    "9h 9am 9:30 9h30 12pm noon midi minuit tomorrow demain après-demain le next prochain 27/11/2026 Z +02:00 "
    "2027-10-31T02:30 T09:00 2026-12-01 :00 h am , . - ٩h ９h \u200b \x00"
)
WORDS = st.sampled_from(SAYINGS.split(" "))
NOWS = st.integers(0, 17 * 365 * 86_400).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
SAID = st.one_of(
    st.lists(WORDS, max_size=6).map(" ".join), st.text(max_size=30), st.datetimes().map(datetime.isoformat)
)


def understood(text: str, zone: str, now: datetime) -> Moment | None:
    """Return what a text means, None where it is refused as a time; anything else is a defect."""
    try:
        return parse_when(text, zone, now)
    except errors.BadTime:
        return None


@given(SAID, st.sampled_from(ZONES), NOWS)
@example("in 2 hours", PARIS, datetime(2027, 10, 31, 0, 30, tzinfo=UTC))
@example("¹", PARIS, datetime(2027, 1, 1, tzinfo=UTC))
@example("friday " + "9" * 5000, PARIS, datetime(2027, 1, 1, tzinfo=UTC))
@example("9999-12-31T23:59", "Asia/Kolkata", NOW)
def test_whatever_is_understood_is_in_the_future_and_reads_back_as_itself(
    text: str, zone: str, now: datetime
) -> None:
    found = understood(text, zone, now)
    if found is None:
        return
    assert found.instant > now
    assert (found.instant.tzinfo, found.wall.tzinfo, found.zone) == (UTC, None, zone)
    assert found.instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0) == found.wall
    again = parse_when(found.instant.astimezone(ZoneInfo(zone)).isoformat(), zone, now)
    assert again == found


@given(st.sampled_from(ZONES), st.integers(0, 2 * 365 * 86_400))
def test_a_wall_time_is_taken_exactly_when_it_happens_once(zone: str, seconds: int) -> None:
    wall = (datetime(2027, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).replace(tzinfo=None)
    place = ZoneInfo(zone)
    # Every instant of that day, by the minute, seen on the wall: an independent count of how often it happens.
    start = wall.replace(tzinfo=UTC) - timedelta(hours=26)
    offsets = {(start + timedelta(minutes=15 * step)).astimezone(place).utcoffset() for step in range(4 * 52)}
    instants = {
        instant
        for offset in offsets
        if offset is not None
        for instant in [wall.replace(tzinfo=UTC) - offset]
        if instant.astimezone(place).replace(tzinfo=None, fold=0) == wall
    }
    found = understood(wall.isoformat(), zone, NOW)
    assert (found is not None) == (len(instants) == 1)
    assert found is None or {found.instant} == instants


@given(
    st.sampled_from(["monday", "mardi", "wed", "jeu", "friday", "samedi", "dimanche", "tomorrow", "demain"]),
    st.integers(0, 23),
    st.integers(0, 59),
    NOWS,
)
def test_a_day_and_an_hour_are_that_day_and_that_hour_within_a_week(
    day: str, hour: int, minute: int, now: datetime
) -> None:
    for text in (f"{day} {hour}h{minute:02}", f"{day} at {hour}:{minute:02}"):
        found = parse_when(text, "UTC", now)
        assert (found.wall.hour, found.wall.minute) == (hour, minute)
        assert 0 < (found.wall.date() - now.date()).days <= 7


@given(st.text(alphabet="0123456789:hamp ", max_size=8))
def test_no_digit_of_a_time_of_day_is_dropped(text: str) -> None:
    found = understood(text, "UTC", NOW)
    if found is None:
        return
    numbers = [int(number) for number in re.findall(r"\d+", text)]
    assert len(numbers) in (1, 2)
    assert found.wall.minute == (numbers[1] if len(numbers) == 2 else 0)
    assert found.wall.hour in ({numbers[0] % 12, numbers[0] % 12 + 12} if "m" in text else {numbers[0]})


@pytest.mark.parametrize(
    ("text", "told", "remedy"),
    [
        ("", "it is empty", "Give ISO 8601"),
        ("  ", "it is empty", "Give ISO 8601"),
        ("friday", "names a day without a time of day", "'friday 9h'"),
        ("demain", "names a day without a time of day", "'demain 9h'"),
        ("2026-11-27", "names a day without a time of day", "'2026-11-27T09:00'"),
        ("tomorrow 9", "does not say whether 9 is an hour", "'tomorrow 9h'"),
        ("vendredi 27 novembre 21", "does not say whether 21 is an hour", "'vendredi 27 novembre 21h'"),
        ("hier", "that day is past", "Give ISO 8601"),
        ("yesterday 9h", "that day is past", "Give ISO 8601"),
        ("10/12/2026 9h", "day and month could be either", "Give ISO 8601"),
        ("31/11/2026 9h", "there is no such day", "Give ISO 8601"),
        ("soon", "it is not understood", "Give ISO 8601"),
    ],
)
def test_a_time_that_is_none_says_what_is_missing(text: str, told: str, remedy: str) -> None:
    with pytest.raises(errors.BadTime) as caught:
        parse_when(text, PARIS, NOW)
    assert told in caught.value.message()
    assert remedy in caught.value.what_to_do()
    if "'" in remedy:
        assert parse_when(remedy.strip("'"), PARIS, NOW).instant > NOW, "what is proposed is understood"
