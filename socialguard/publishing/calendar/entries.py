"""What a row asks for, as a person wrote it: accounts, time, text, link, files. Nothing is looked up yet."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from socialguard import errors
from socialguard.model.campaign import campaign_name
from socialguard.model.codes import WINTERS
from socialguard.model.text import has_hidden
from socialguard.publishing.calendar.columns import FILES, TEXT_FOR
from socialguard.publishing.interface import MOST_PARTS, Divide, Request
from socialguard.publishing.times import Moment, parse_when

Dates = Literal["day-first", "month-first"]
"""What 03/04/2026 means; where nobody says, such a day is refused."""

_LONG_AGO: Final = datetime(1970, 1, 2, tzinfo=UTC)
_SLASHED: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}),?(.*)", re.DOTALL)
_SHORT_YEAR: Final = re.compile(r"\d{1,2}[/. -](?:\d{1,2}|[^\W\d_]{3,9}\.?)[/. -]'?\d\d(?!\d)")
_YEAR_FIRST: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2}),?([T ].*)", re.DOTALL)
_ISO_CLOCK: Final = re.compile(r"[T ]\d\d:\d\d(?!.*[ap]\.?m).*", re.DOTALL | re.IGNORECASE)
# Accents, quotation marks, emoji: "FERMÉ" before a hard space can be read as UTF-8, too, but not as one of these.
_NUMBERS: Final = ("", *(str(number) for number in range(2, FILES + 1)))
_FIRST_BYTES: Final = frozenset(map(chr, range(0xC2, 0xF5)))
"""What Windows-1252 makes of the first byte of a letter in UTF-8; without one, nothing can be garbled."""
_MEANT: Final = re.compile("[\u00a0-\u00ff\u2010-\u2044\u20ac\U0001f000-\U0001faff]")
# How spreadsheets write what is only a day, a time with its seconds, and a month by its name.
_MIDNIGHT: Final = re.compile(r"(?<=\d)[T ]0?0:00(?::00)?\Z")
_SECONDS: Final = re.compile(r"(?<=\d:\d\d):00(?=\s?[ap]\.?m|\Z)", re.IGNORECASE)
_HYPHENED: Final = re.compile(r"(\d{1,2})-([^\W\d_]{3,9})\.?-(\d{4})\b")
_YES: Final = frozenset({"yes", "true", "1", "x", "oui", "vrai"})
_NO: Final = frozenset({"no", "false", "0", "non", "faux"})
# As `publishing.times` reads them beside a time of day in words (9h30, 9am).
_MONTHS: Final = ("jan", "feb", "march", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: the selectors of its accounts, its time as written, the zone that it names (None: the
    account's), and what would be public; `campaign` is what it belongs to, `media` are (file, alt, part of the
    thread), `variants` the texts for networks and accounts by their names."""

    line: int
    selectors: tuple[str, ...]
    when: str
    zone: str | None
    text: str
    link: str | None
    media: tuple[tuple[str, str, int], ...]
    campaign: str | None = None
    spaced: tuple[str, ...] = ()
    """The selectors where spaces belong to the name of a client (`client:Ville de Lyon`)."""
    is_thread: bool = False
    """Whether lines of three hyphens divide the text into the parts of a thread."""
    variants: Mapping[str, str] = field(default_factory=dict)

    @property
    def request(self) -> Request:
        """The row as a draft's file would ask for it, but for its files."""
        divide = Divide.LINES if self.is_thread else Divide.NOWHERE
        return Request(
            self.text,
            self.selectors,
            link=self.link,
            variants=self.variants,
            divide=divide,
            campaign=self.campaign,
        )


def entry(line: int, cells: Mapping[str, str], to: tuple[str, ...] = ()) -> Entry:
    """Return what a row asks for; `to` are the accounts where the file names none. Raises UsageError."""
    named = cells.get("account", "")
    selectors = tuple(re.split(r"[\s,;]+", named.strip())) if named else to
    when = cells.get("when") or f"{_MIDNIGHT.sub('', _required(cells, 'date'))} {_required(cells, 'time')}"
    if not selectors:
        raise errors.UsageError(detail="it names no account.")
    for number in _NUMBERS:
        for name in ("alt", "part"):
            if f"{name}{number}" in cells and f"media{number}" not in cells:
                raise errors.UsageError(detail=f"it has {name}{number} without media{number}.")
    for number in _NUMBERS:
        if "://" in cells.get(f"media{number}", ""):
            raise errors.UsageError(detail=f"its media{number} is a URL; save the file, and name that.")
    media = [
        (
            cells[f"media{number}"].strip(),
            _text(cells.get(f"alt{number}", "")).strip(),
            _part(f"part{number}", cells),
        )
        for number in _NUMBERS
        if f"media{number}" in cells
    ]
    return Entry(
        line=line,
        selectors=selectors,
        spaced=tuple(_spaced(named)) if named else to,
        when=" ".join(when.split()),
        zone=cells["zone"].strip() if "zone" in cells else None,
        text=_text(cells.get("text", "")),
        link=_link(cells["link"].strip()) if "link" in cells else None,
        campaign=campaign_name(cells["campaign"]) if "campaign" in cells else None,
        media=tuple(media),
        is_thread=_flag("thread", cells.get("thread", "no")),
        variants={
            name.removeprefix(TEXT_FOR): _text(cell) for name, cell in cells.items() if name.startswith(TEXT_FOR)
        },
    )


def _spaced(cell: str) -> Iterator[str]:
    """The selectors of a cell where the name of a client goes on to the next one."""
    for part in filter(None, map(str.strip, re.split("[,;]", cell))):
        for one in re.split(r"\s+(?=\S*:)", part):
            yield from (" ".join(one.split()),) if one.startswith("client:") else one.split()


def moment(found: Entry, zone: str, dates: Dates | None) -> Moment:
    """Return when a row is due, past or not, in the zone that it names or else in `zone`; it names its whole date.

    Raises BadTime where that does not exist, exists twice, or is a day and a month in an order that nobody
    said."""
    text = _ordered(_HYPHENED.sub(r"\1 \2 \3", _SECONDS.sub("", found.when)), dates)
    if _SHORT_YEAR.match(text):
        raise errors.BadTime(text=found.when, detail="its year has two digits.", remedy="Write all four.")
    if not re.search(r"\d{4}", text) or re.match(r"(?:in|dans)\s", text, re.IGNORECASE):
        raise errors.BadTime(text=found.when, detail="a calendar needs day, month, year and time of day.")
    if found.zone in WINTERS:
        detail = f"the zone {found.zone} has no summer time."
        raise errors.BadTime(text=found.when, detail=detail, remedy="Write a place, such as America/New_York.")
    try:
        return parse_when(text, found.zone or zone, _LONG_AGO)
    except errors.BadTime as problem:
        problem.fields["text"] = found.when  # as it stands in the file, not as it was spelled out
        raise


def _ordered(text: str, dates: Dates | None) -> str:
    """A date in numbers with its order made plain, if that is known: a day over 12 tells it."""
    year_first = _YEAR_FIRST.fullmatch(text)
    if year_first is not None:
        return _spelled(text, year_first[1], int(year_first[2]), int(year_first[3]), year_first[4])
    match = _SLASHED.fullmatch(text)
    if match is None:
        return text
    first, second = int(match[1]), int(match[2])
    if first <= 12 and second <= 12 and first != second and dates is None:
        raise errors.BadTime(
            text=text,
            detail="day and month could be either.",
            remedy="Write 2026-11-27, or say --dates day-first or --dates month-first.",
        )
    wants_month_first = dates == "month-first" or (dates is None and second > 12)
    day, month = (second, first) if wants_month_first else (first, second)
    return _spelled(text, match[3], month, day, match[4])


def _spelled(text: str, year: str, month: int, day: int, rest: str) -> str:
    if not 1 <= month <= 12:
        raise errors.BadTime(
            text=text,
            detail=f"there is no month {month}.",
            remedy="Write 2026-11-27; --dates says whether the day or the month comes first.",
        )
    if _ISO_CLOCK.fullmatch(rest):
        return f"{year}-{month:02}-{day:02}{rest}"
    return f"{day} {_MONTHS[month - 1]} {year} {rest.strip()}"


def _required(cells: Mapping[str, str], name: str) -> str:
    if name not in cells:
        raise errors.UsageError(detail="it has no date." if name == "date" else "it has no time.")
    return cells[name].strip()


def _flag(name: str, cell: str) -> bool:
    said = cell.strip().casefold()
    if said not in _YES | _NO:
        raise errors.UsageError(detail=f"its {name} is {cell.strip()!r}; write yes or no.")
    return said in _YES


def _part(name: str, cells: Mapping[str, str]) -> int:
    """The part of a thread that a file belongs to."""
    said = cells.get(name, "1").strip()
    if not (said.isascii() and said.isdigit() and 1 <= int(said[:3]) <= MOST_PARTS):
        raise errors.UsageError(detail=f"its {name} is {said!r}; write a number from 1 to {MOST_PARTS}.")
    return int(said)


def _text(text: str) -> str:
    if "\0" in text:
        raise errors.UsageError(detail="its text holds zero bytes.")
    if _is_garbled(text):
        detail = (
            "its accents are garbled: a program read UTF-8 as Windows-1252. Open the file in it anew, as UTF-8."
        )
        raise errors.UsageError(detail=detail)
    return text.replace("\r\n", "\n").strip("\r\n")


def _is_garbled(text: str) -> bool:
    """Whether a text is UTF-8 that was read as Windows-1252 (Ã© for é)."""
    if _FIRST_BYTES.isdisjoint(text):
        return False
    try:
        # Five of its bytes mean nothing there, and come through as they are.
        data = b"".join(char.encode("latin-1" if "\x80" <= char <= "\x9f" else "cp1252") for char in text)
        found = data.decode("utf-8")
    except UnicodeError:
        return False
    return found != text and _MEANT.search(found) is not None


def _link(given: str) -> str:
    """A link that a browser would open as one."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(given)
        is_good = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        is_good = False
    if not is_good or has_hidden(given) or any(char.isspace() for char in given):
        raise errors.UsageError(detail=f"{given} is not a link.")
    return given
