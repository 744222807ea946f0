"""A calendar as a file for other programs: iCalendar (RFC 5545), and a CSV that `plan import` takes again."""

import csv
import io
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from socialguard.model.text import excerpt
from socialguard.publishing.calendar.columns import FILES
from socialguard.publishing.calendar.overview import Planned
from socialguard.publishing.calendar.table import guarded
from socialguard.publishing.thread_split import joined

_FOLD: Final = 75  # octets in a line, RFC 5545 §3.1
_LENGTH: Final = timedelta(minutes=15)
_HEAD: Final = ("account", "date", "time", "zone", "text", "thread", "link", "campaign")
_TAIL: Final = ("state", "delivery")
_FILES: Final = 4
"""Files that have columns in every export; more where a row has more."""


def threads(planned: Sequence[Planned]) -> list[tuple[Planned, list[Planned]]]:
    """Return each post with the posts that make its thread, itself the first; one alone is all of it."""
    heads: dict[str, list[Planned]] = {}
    of: dict[str, list[Planned]] = {}
    for one in sorted(planned, key=lambda one: one.delivery.content.thread_position or 0):
        before = of.get(one.delivery.after_id or "")
        if before is None:
            before = heads[one.delivery.id] = []
        before.append(one)
        of[one.delivery.id] = before
    return [(one, heads[one.delivery.id]) for one in planned if one.delivery.id in heads]


def cannot_hold(planned: Sequence[Planned]) -> list[Planned]:
    """Return the threads with more files than a row holds."""
    return [one for one, parts in threads(planned) if len(_files(parts)) > FILES]


def as_csv(planned: Sequence[Planned]) -> str:
    """Return rows as `plan import` reads them, a thread as one; no cell is one that a spreadsheet runs. A thread
    with more files than `cannot_hold` allows lacks the last ones."""
    rows = [(one, parts, _files(parts)[:FILES]) for one, parts in threads(planned)]
    most = max((len(files) for _one, _parts, files in rows), default=0)
    has_parts = any(part > 1 for _one, _parts, files in rows for _file, _alt, part in files)
    names = ("media", "alt", "part") if has_parts else ("media", "alt")
    columns = [f"{name}{number or ''}" for number in (0, *range(2, max(most, _FILES) + 1)) for name in names]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow((*_HEAD, *columns, *_TAIL))
    for one, parts, files in rows:
        content = one.delivery.content
        text = content.text if len(parts) == 1 else joined([part.delivery.content.text for part in parts])
        when = (f"{one.day}", _clock(one.local), one.account.zone)
        said = (text, "yes" if len(parts) > 1 else "", content.link or "", one.delivery.campaign_id or "")
        cells = [str(cell) for file in files for cell in file[: len(names)]]
        cells += [""] * (len(columns) - len(cells))
        state = (one.delivery.state.value, one.delivery.id)
        writer.writerow(guarded(cell) for cell in (str(one.account), *when, *said, *cells, *state))
    return out.getvalue()


def _files(parts: Sequence[Planned]) -> list[tuple[str, str, int]]:
    """The files of a thread, or of one post: name, alt text, the part that it belongs to."""
    return [
        (item.file_name, item.alt, place)
        for place, part in enumerate(parts, 1)
        for item in part.delivery.content.media
    ]


def _campaign(one: Planned) -> Iterator[str]:
    if one.delivery.campaign_id is not None:
        yield one.delivery.campaign_id


def _clock(local: datetime) -> str:
    """A time of day that means one instant: where clocks go back, with its offset."""
    shown = local.replace(tzinfo=None).time().isoformat("seconds" if local.second else "minutes")
    is_twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
    return shown + f"{local.isoformat()[-6:]}" if is_twice else shown


def as_ics(planned: Sequence[Planned], now: datetime) -> str:
    """Return one event for each post, a quarter of an hour long, with the account and the text."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//SocialGuard//calendar//EN", "CALSCALE:GREGORIAN"]
    for one in planned:
        due = one.delivery.due
        content = one.delivery.content
        summary = f"{one.account}: {excerpt(content.text, 80)}"
        description = "\n".join(filter(None, (content.text, content.link)))
        lines += [
            "BEGIN:VEVENT",
            f"UID:{one.delivery.id}@socialguard.invalid",
            f"DTSTAMP:{_stamp(now)}",
            f"DTSTART:{_stamp(due)}",
            f"DTEND:{_stamp(due + _LENGTH)}",
            f"SUMMARY:{_escaped(summary)}",
            f"DESCRIPTION:{_escaped(description)}",
            "CATEGORIES:"
            + ",".join(_escaped(name) for name in (one.account.client, one.delivery.state.value, *_campaign(one))),
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in _folded(line))


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _escaped(text: str) -> str:
    """RFC 5545 §3.3.11; control characters but the line break have no place in it."""
    kept = "".join(
        char for char in text.replace("\r\n", "\n") if char in "\n\t" or char.isprintable() or char > "\x9f"
    )
    for char in "\\;,":
        kept = kept.replace(char, f"\\{char}")
    return kept.replace("\n", "\\n")


def _folded(line: str) -> Iterator[str]:
    """A line in pieces of at most 75 octets; no character is torn apart."""
    piece, size = "", 0
    for char in line:
        width = len(char.encode("utf-8", "replace"))
        if size + width > _FOLD:
            yield piece
            piece, size = " ", 1
        piece, size = piece + char, size + width
    yield piece
