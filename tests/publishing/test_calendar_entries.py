"""What a row asks for: accounts, a whole date that means one instant, text, link, files."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from socialguard import errors
from socialguard.publishing.calendar import foreign
from socialguard.publishing.calendar.entries import Dates, Entry, entry, moment
from socialguard.publishing.calendar.table import CalendarUnusable, Row

PARIS = "Europe/Paris"


def row(when: str, zone: str | None = None) -> Entry:
    """Return a row for a time."""
    return Entry(2, ("x:@acme",), when, zone, "Text", None, ())


@pytest.mark.parametrize(
    "when",
    [
        "2030-11-27 09:30",
        "2030-11-27 9:30",
        "2030-11-27T09:30",
        "2030-11-27T09:30+01:00",
        "2030-11-27 9h30",
        "27/11/2030 9:30",
        "27.11.2030 9h30",
        "11/27/2030 9:30am",
        "2030/11/27 9.30am",
        "27 novembre 2030 9h30",
        "nov 27, 2030 9:30am",
        "2030-11-27 9:30:00 AM",
        "2030-11-27 09:30 AM",
        "11/27/2030 9:30:00 AM",
        "2030-11-27 9:30:00 a.m.",
        "27-Nov-2030 9:30",
        "27-nov.-2030 9h30",
        "Wednesday, November 27, 2030 9:30am",
        "mercredi 27 novembre 2030 9h30",
        "27 nov. 2030 09:30",
        "mer. 27 nov. 2030 9:30",
        "27/11/2030 9:30:00",
        "2030-11-27 9:30:00",
        "27-11-2030 9:30",
        "27/11/2030, 9:30",
        "2030-11-27, 9:30",
    ],
)
def test_a_date_is_understood_as_people_of_both_languages_write_it(when: str) -> None:
    assert moment(row(when), PARIS, None).instant == datetime(2030, 11, 27, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "when",
    [
        "26 mar 2030 9:30",
        "26-Mar-2030 9:30",
        "Mar 26, 2030 9:30",
        "mar. 26 mars 2030 9h30",
        "Tue 26 Mar 2030 9h30",
    ],
)
def test_mar_is_march_beside_a_day_and_a_year_and_a_tuesday_before_them(when: str) -> None:
    assert moment(row(when), PARIS, None).instant == datetime(2030, 3, 26, 8, 30, tzinfo=UTC)


@pytest.mark.parametrize("when", ["27/11/30 9:30", "11/27/30 9:30 AM", "27-Nov-30 9:30", "27.11.30 9h"])
def test_a_year_of_two_digits_is_told_as_such(when: str) -> None:
    with pytest.raises(errors.BadTime, match="its year has two digits") as raised:
        moment(row(when), PARIS, None)
    assert raised.value.remedy == "Write all four."


@pytest.mark.parametrize(
    "when",
    ["friday 9am", "in 2 hours", "27 nov 9h", "tomorrow 9am", "2030-11-27", "9h30", "13/13/2030 9h", "soon"],
)
def test_a_time_that_is_not_a_whole_date_is_refused(when: str) -> None:
    with pytest.raises(errors.BadTime):
        moment(row(when), PARIS, None)


@pytest.mark.parametrize("when", ["03/04/2030 9:30", "3.4.2030 9h30", "03-04-2030 9:30"])
@pytest.mark.parametrize(("dates", "month"), [("day-first", 4), ("month-first", 3)])
def test_a_day_and_a_month_that_could_be_either_are_refused_until_somebody_says(
    when: str, dates: Dates, month: int
) -> None:
    with pytest.raises(errors.BadTime):
        moment(row(when), PARIS, None)
    assert moment(row(when), PARIS, dates).wall.month == month


def test_a_month_that_does_not_exist_is_told_as_it_was_written() -> None:
    cells = {"account": "x:@acme", "when": "12/13/2026 9h", "text": "Hello"}
    with pytest.raises(errors.BadTime, match=r"12/13/2026 9h .*there is no month 13"):
        moment(entry(2, cells), "Europe/Paris", "day-first")


def test_a_day_that_does_not_exist_is_told_as_it_was_written() -> None:
    with pytest.raises(errors.BadTime) as refused:
        moment(row("31/02/2029 9h30"), PARIS, None)
    assert refused.value.message().startswith("31/02/2029 9h30 is not a time")


def test_a_time_that_does_not_exist_is_refused_with_two_proposals() -> None:
    with pytest.raises(errors.BadTime) as caught:
        moment(row("2030-03-31 02:30"), PARIS, None)
    assert "2030-03-31T03:30+02:00" in caught.value.what_to_do()
    assert "2030-03-31T01:30+01:00" in caught.value.what_to_do()


def test_a_time_that_exists_twice_is_refused_with_both() -> None:
    with pytest.raises(errors.BadTime) as caught:
        moment(row("2030-10-27 02:30"), PARIS, None)
    assert "+02:00" in caught.value.what_to_do()
    assert "+01:00" in caught.value.what_to_do()


def test_a_row_may_name_its_zone() -> None:
    found = moment(row("2030-11-27 09:30", "America/New_York"), PARIS, None)
    assert found.instant == datetime(2030, 11, 27, 14, 30, tzinfo=UTC)


@given(st.datetimes(datetime(2030, 1, 1), datetime(2035, 12, 31)), st.sampled_from([PARIS, "UTC", "Asia/Kolkata"]))  # noqa: DTZ001
def test_every_form_of_a_date_means_the_same_instant(wall: datetime, zone: str) -> None:
    wall = wall.replace(second=0, microsecond=0)
    place = ZoneInfo(zone)
    if wall.replace(tzinfo=place, fold=0).utcoffset() != wall.replace(tzinfo=place, fold=1).utcoffset():
        return
    forms = [f"{wall:%Y-%m-%d %H:%M}", f"{wall:%Y/%m/%d} {wall.hour}h{wall.minute:02}"]
    found = {moment(row(form), zone, None).instant for form in forms}
    found.add(moment(row(f"{wall:%d/%m/%Y %H:%M}"), zone, "day-first").instant)
    found.add(moment(row(f"{wall:%m/%d/%Y %H:%M}"), zone, "month-first").instant)
    assert found == {wall.replace(tzinfo=place).astimezone(UTC)}


def test_a_row_names_accounts_with_commas_semicolons_or_spaces_between() -> None:
    cells = {"account": " x:@acme, label:fr+eu; client:acme globex ", "when": "2030-11-27 09:30", "text": "a"}
    found = entry(2, cells)
    assert found.selectors == ("x:@acme", "label:fr+eu", "client:acme", "globex")
    assert found.spaced == ("x:@acme", "label:fr+eu", "client:acme globex")


@pytest.mark.parametrize(
    "cells",
    [
        {"when": "2030-11-27 9h", "text": "a"},
        {"account": "x:@acme", "date": "2030-11-27", "text": "a"},
        {"account": "x:@acme", "time": "9h", "text": "a"},
        {"account": "x:@acme", "when": "2030-11-27 9h", "link": "javascript:alert(1)"},
        {"account": "x:@acme", "when": "2030-11-27 9h", "link": "https://a b"},
        {"account": "x:@acme", "when": "2030-11-27 9h", "alt": "of nothing"},
        {"account": "x:@acme", "when": "2030-11-27 9h", "media": "a.png", "alt2": "of nothing"},
    ],
)
def test_a_row_without_what_a_post_needs_is_refused(cells: dict[str, str]) -> None:
    with pytest.raises(errors.UsageError):
        entry(2, cells)


@pytest.mark.parametrize("day", ["2030-11-27 00:00", "2030-11-27 0:00:00", "27/11/2030 00:00"])
def test_a_day_that_a_spreadsheet_writes_with_midnight_is_a_day(day: str) -> None:
    """In a column of its own; where one cell says both, midnight is meant."""
    found = entry(2, {"account": "x:@acme", "date": day, "time": "9:30", "text": "a"})
    assert moment(found, PARIS, None).instant == datetime(2030, 11, 27, 8, 30, tzinfo=UTC)
    whole = entry(2, {"account": "x:@acme", "when": "2030-11-27 00:00", "text": "a"})
    assert moment(whole, PARIS, None).instant == datetime(2030, 11, 26, 23, tzinfo=UTC)


def test_a_zone_that_is_only_a_winters_is_refused() -> None:
    for zone in ("EST", "MST"):
        with pytest.raises(errors.BadTime, match=f"{zone} has no summer time"):
            moment(row("2030-07-01 9:30", zone), PARIS, None)


def test_a_file_by_its_address_is_refused_as_such() -> None:
    cells = {"account": "x:@acme", "when": "2030-11-27 09:30", "media2": "https://acme.example/a.png"}
    with pytest.raises(errors.UsageError, match="its media2 is a URL"):
        entry(2, cells)


def test_a_text_keeps_its_lines() -> None:
    cells = {"account": "x:@acme", "when": "2030-11-27 9h", "text": "\r\nOne\r\n\r\nTwo\n"}
    assert entry(2, cells).text == "One\n\nTwo"


UNDEFINED = b"\x81\x8d\x8f\x90\x9d"  # in Windows-1252; spreadsheets let them through


@pytest.mark.parametrize("text", ["Été au musée", "l’expo “Degas”, 12 €", "Expo 🎨", "Noël, où ça ?"])
def test_a_text_whose_accents_a_spreadsheet_garbled_is_refused(text: str) -> None:
    """Excel opens a CSV in UTF-8 as Windows-1252 where nothing tells it otherwise, and saves what it shows."""
    cells = {"account": "x:@acme", "when": "2030-11-27 9h", "text": text, "media": "a.png", "alt": text}
    assert entry(2, cells).text == text
    shown = "".join(chr(one) if one in UNDEFINED else bytes([one]).decode("cp1252") for one in text.encode())
    for column in ("text", "text facebook", "alt"):
        with pytest.raises(errors.UsageError, match="garbled"):
            entry(2, {**cells, column: shown})


@pytest.mark.parametrize(
    "text", ["COMPLET, FERMÉ\xa0!", "OLÉ™", "Ça", "20 £", "São Paulo", "OÙ ? «\xa0PARÍS\xa0»"]
)
def test_a_text_in_capitals_is_not_garbled(text: str) -> None:
    assert entry(2, {"account": "x:@acme", "when": "2030-11-27 9h", "text": text}).text == text


# ── other tools ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_bulk_file_of_hootsuite_has_no_heading() -> None:
    rows = [Row(1, ("11/27/2030 09:30", "Hello", "https://example.org")), Row(2, ("27/11/2030 10:30", "Bye", ""))]
    named = foreign.hootsuite(rows, "h.csv")
    assert [dict(cells) for _, cells in named] == [
        {"when": "11/27/2030 09:30", "text": "Hello", "link": "https://example.org"},
        {"when": "27/11/2030 10:30", "text": "Bye"},
    ]
    assert foreign.hootsuite([Row(1, ("Date", "Message", "Link")), *rows], "h.csv") == named


def test_a_bulk_file_of_buffer_names_its_columns() -> None:
    heading = Row(1, ("Text", "Image URL", "Tags", "Posting Time"))
    rows = [heading, Row(2, ("Hello", "", "spring", "2030-11-27 09:30")), Row(3, ("b", "https://i.example/a.png"))]
    named = foreign.buffer(rows, "b.csv")
    assert dict(named[0][1]) == {"text": "Hello", "when": "2030-11-27 09:30"}
    assert "URL" in str(named[1][0].problem)


@pytest.mark.parametrize("form", foreign.FORMS)
def test_a_file_of_another_kind_is_refused(form: str) -> None:
    with pytest.raises(CalendarUnusable):
        foreign.FORMS[form]([Row(1, ("account", "text", "colour")), Row(2, ("a", "b", "c"))], "c.csv")


def test_seconds_between_rows_are_kept() -> None:
    first, second = (moment(row(f"2030-11-27 09:30:{second:02}"), PARIS, None) for second in (0, 30))
    assert second.instant - first.instant == timedelta(seconds=30)
