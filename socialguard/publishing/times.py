"""What `--at` means: ISO 8601 or a few natural forms, English and French, in the account's zone.

The grammar is small and strict on purpose: a library that always finds some date reads 'vendredi 9h' as the
9th of the month (docs/decisions/0004). Whatever is not understood whole is refused.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from socialguard import clock, errors

_WEEKDAYS: Final = {
    name: number
    for number, names in enumerate(
        (
            "monday mon lundi lun",
            "tuesday tue mardi mar",
            "wednesday wed mercredi mer",
            "thursday thu jeudi jeu",
            "friday fri vendredi ven",
            "saturday sat samedi sam",
            "sunday sun dimanche dim",
        )
    )
    for name in names.split()
}
_MONTHS: Final = {
    name: number
    for number, names in enumerate(
        (
            "january jan janvier janv",
            "february feb fevrier fevr",
            "march mars",
            "april apr avril avr",
            "may mai",
            "june jun juin",
            "july jul juillet juil",
            "august aug aout",
            "september sep sept septembre",
            "october oct octobre",
            "november nov novembre",
            "december dec decembre",
        ),
        start=1,
    )
    for name in names.split()
}
_DAYS: Final = {"today": 0, "aujourd'hui": 0, "tomorrow": 1, "demain": 1, "apres-demain": 2}
_PAST_DAYS: Final = frozenset({"yesterday", "hier", "avant-hier"})
_TONIGHT: Final = "tonight"
_PART: Final = re.compile(r"(?:^| )(?:this |ce |cet )?(?:(morning|matin)|afternoon|apres-midi|evening|soir)$")
_EMPTY: Final = "''"
_UNITS: Final = {
    "minute": "minutes",
    "min": "minutes",
    "hour": "hours",
    "heure": "hours",
    "h": "hours",
    "day": "days",
    "jour": "days",
    "week": "weeks",
    "semaine": "weeks",
}

_RELATIVE: Final = re.compile(r"(?:in|dans) (\d{1,3}) ?([a-z]+?)s?")
_CLOCK: Final = re.compile(
    r"(?:(?:a|at) )?(?:(?P<noon>noon|midi)|(?P<midnight>midnight|minuit)"
    r"|(?P<h12>1[0-2]|0?[1-9])(?:[:.](?P<m12>[0-5]\d))? ?(?P<half>am|pm)"
    r"|(?P<h24>[01]?\d|2[0-3])(?: ?h(?: ?(?P<m24>[0-5]\d))?|:(?P<minute>[0-5]\d)))$"
)
_DAY_MONTH: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th|er)? ([a-z]+)(?: (\d{4}))?")
_MONTH_DAY: Final = re.compile(r"([a-z]+) (\d{1,2})(?:st|nd|rd|th)?(?:,? (\d{4}))?")
# "mar" is March behind a day, and before a day and a year; else it is a Tuesday (mardi).
_MARCH_FIRST: Final = re.compile(r"mar \d{1,2}(?:st|nd|rd|th)?,? \d{4}")
_SLASHES: Final = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_HALF: Final = re.compile(r"(?<=[\d ])([ap])\.m\.?(?= |$)")
_ABBREVIATED: Final = re.compile(r"\b([a-z]{3,5})\.(?=[ ,]|$)")


FURTHEST: Final = timedelta(days=366)
"""How far ahead something may be scheduled: a token does not last so long, nobody remembers it then, and who names
a year beyond has mostly mistyped it."""


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant with what the person asked for: `wall` is the local time without offset, `zone` its zone."""

    instant: datetime
    wall: datetime
    zone: str


def parse_when(text: str, zone: str, now: datetime) -> Moment:
    """Return the moment that `text` names in `zone`, seen from `now` (UTC).

    Raises BadTime where it is not understood whole, is past, does not exist (with two proposals) or exists
    twice (with both instants)."""
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise errors.BadTime(text=text, detail=f"the time zone {zone} is not known.") from None
    try:
        found = _parse_iso(text) or _parse_words(text, now.astimezone(place))
        if found is None:
            raise _not_understood(text, now.astimezone(place))
        found = found.replace(microsecond=0)
        instant = found.astimezone(UTC) if found.tzinfo is not None else _instant(text, found, place)
        wall = instant.astimezone(place).replace(tzinfo=None, fold=0)
    except OverflowError:
        raise errors.BadTime(text=text, detail="that year is out of range.") from None
    if instant <= now:
        raise errors.BadTime(text=text, detail=f"{wall:%Y-%m-%d %H:%M} is past.")
    return Moment(instant, wall, zone)


def scheduled(text: str, zone: str) -> Moment:
    """Return the moment at which something is to be scheduled; raises as `parse_when` and `within_reach`."""
    now = clock.now()
    return within_reach(parse_when(text, zone, now), text, now)


def within_reach(found: Moment, text: str, now: datetime) -> Moment:
    """Return a moment at which something can be scheduled; raises BadTime for one that is too far ahead."""
    if found.instant - now > FURTHEST:
        detail = f"{found.wall:%Y-%m-%d %H:%M} is more than a year ahead."
        remedy = "Is the year right? What is to go out then is scheduled in the year before."
        raise errors.BadTime(text=text, detail=detail, remedy=remedy)
    return found


def _not_understood(text: str, now: datetime) -> errors.BadTime:
    """Return what is said of a time that is none, with what is missing where that can be told."""
    words = _plain(text)
    if not words:
        detail = "it is empty."
        return errors.BadTime(text=_EMPTY, detail=detail)
    if words.split(" ")[0] in _PAST_DAYS:
        return errors.BadTime(text=text, detail="that day is past.")
    day = _day(words, now)
    if day is not None or _is_date(text):
        example = f"{text.strip()}T09:00" if _is_date(text) else f"{text.strip()} 9h"
        detail = "it names a day without a time of day."
        return errors.BadTime(text=text, detail=detail, remedy=f"Add one, for example '{example}'.")
    head, _, last = words.rpartition(" ")
    if re.fullmatch(r"\d{1,2}", last) and int(last) < 24 and _day(head, now) is not None:
        example = f"{text.strip()[: -len(last)]}{int(last)}h"
        detail = f"it does not say whether {last} is an hour."
        return errors.BadTime(text=text, detail=detail, remedy=f"Write '{example}'.")
    slashes = _SLASHES.match(words)
    if slashes is not None and _calendar_day(slashes[0], now.date()) is None:
        return errors.BadTime(text=text, detail=_either(slashes))
    return errors.BadTime(text=text, detail="it is not understood.")


def _either(slashes: re.Match[str]) -> str:
    """What is wrong with a day in three numbers."""
    if not all(1 <= int(number) <= 12 for number in slashes.group(1, 2)):
        return "there is no such day."
    return "day and month could be either."


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text.strip())
    except ValueError:
        return False
    return True


def _instant(text: str, wall: datetime, place: ZoneInfo) -> datetime:
    """The one instant of a wall time; refuse one that a change of clocks skips or repeats."""
    first, second = (wall.replace(tzinfo=place, fold=fold).astimezone(UTC) for fold in (0, 1))
    if first == second:
        return first
    choices = [instant.astimezone(place).isoformat(timespec="minutes") for instant in sorted((first, second))]
    proposals = " or ".join(choices)
    if first.astimezone(place).replace(tzinfo=None) != wall:
        raise errors.BadTime(
            text=text, detail="that time does not exist (the clocks go forward).", remedy=f"Say {proposals}."
        )
    raise errors.BadTime(
        text=text, detail="that time exists twice (the clocks go back).", remedy=f"Say which: {proposals}."
    )


def _parse_iso(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    # A bare date has no time of day; guessing midnight would post at night.
    return found if re.search(r"[T ]\d", text.strip()) else None


def _parse_words(text: str, here: datetime) -> datetime | None:
    """`here` is the present in the zone. A wall time has no offset; a span of hours or minutes is an instant."""
    words = _plain(text)
    relative = _RELATIVE.fullmatch(words)
    if relative is not None:
        return _later(here, int(relative[1]), relative[2])
    now = here.replace(tzinfo=None, fold=0)
    clock = _CLOCK.search(words)
    if clock is None:
        return None
    before = words[: clock.start()].strip().removesuffix(",")
    if clock.start() and (not before or words[clock.start() - 1] not in " ,"):
        return None
    at = _time(clock)
    if before and at == time(0) and not clock["h24"]:
        detail = "midnight could be the beginning or the end of that day."
        raise errors.BadTime(text=text, detail=detail)
    part = _PART.search(before.replace(_TONIGHT, "today evening"))
    if part is not None:
        if (at.hour < 12) is (part[1] is None):
            return None  # 'this evening 8am' is a slip, and which word is wrong cannot be told
        before = part.string[: part.start()] or "today"
    if not before:
        today = datetime.combine(now.date(), at)
        return today if today > now else today + timedelta(days=1)
    day = _day(before, now)
    return None if day is None else datetime.combine(day, at)


def _later(here: datetime, count: int, named: str) -> datetime | None:
    """Hours and minutes pass as on a stopwatch, whatever the clocks do; days and weeks keep the wall time."""
    unit = _UNITS.get(named)
    if unit is None:
        return None
    span = timedelta(**{unit: count})
    if unit in ("minutes", "hours"):
        return here.astimezone(UTC) + span
    return here.replace(tzinfo=None, fold=0) + span


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFD", text.strip().casefold().replace("’", "'"))
    plain = "".join(char for char in decomposed if unicodedata.category(char) != "Mn")
    words = " ".join(plain.replace(" a ", " ").replace(" at ", " ").split())
    return _ABBREVIATED.sub(r"\1", _HALF.sub(r"\1m", words))


def _time(clock: re.Match[str]) -> time:
    if clock["noon"]:
        return time(12)
    if clock["midnight"]:
        return time(0)
    if clock["half"]:
        hour = int(clock["h12"]) % 12 + (12 if clock["half"] == "pm" else 0)
        return time(hour, int(clock["m12"] or 0))
    return time(int(clock["h24"]), int(clock["m24"] or clock["minute"] or 0))


def _day(words: str, now: datetime) -> date | None:
    today = now.date()
    words = words.removeprefix("le ").removeprefix("on ").removeprefix("the ")
    if words in _DAYS:
        return today + timedelta(days=_DAYS[words])
    weekday = _WEEKDAYS.get(words.removeprefix("next ").removesuffix(" prochain"))
    if weekday is not None:
        # The coming one, never today: 'friday' said on a Friday means next week's.
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    head, _, rest = words.partition(" ")
    named = None if _MARCH_FIRST.fullmatch(words) else _WEEKDAYS.get(head.removesuffix(","))
    day = _calendar_day(rest if named is not None and rest else words, today)
    return None if day is None or (named is not None and day.weekday() != named) else day


def _calendar_day(words: str, today: date) -> date | None:
    if (match := _DAY_MONTH.fullmatch(words)) is not None:
        day, month, year = int(match[1]), _MONTHS.get(match[2]), match[3]
    elif (match := _MONTH_DAY.fullmatch(words)) is not None:
        day, month, year = int(match[2]), _MONTHS.get(match[1]), match[3]
    elif (match := _SLASHES.fullmatch(words)) is not None:
        # 03/04 is April in Paris and March in Boston: only a day over 12 says which is which.
        first, second = int(match[1]), int(match[2])
        if first <= 12 and second <= 12 and first != second:
            return None
        day, month, year = (first, second, match[3]) if second <= 12 else (second, first, match[3])
    else:
        return None
    if (match.re is _DAY_MONTH and match[2] == "mar") or _MARCH_FIRST.fullmatch(words):
        month = 3
    if month is None:
        return None
    try:
        found = date(int(year) if year else today.year, month, day)
        return found if year or found >= today else found.replace(year=today.year + 1)
    except ValueError:
        return None
