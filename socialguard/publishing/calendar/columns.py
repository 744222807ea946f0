"""What the columns of a calendar are called, in English and French, and what a heading makes of a row's cells."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from socialguard import errors
from socialguard.model.account import AccountName
from socialguard.model.text import marked
from socialguard.publishing.calendar.table import CalendarUnusable, Row

FILES: Final = 25
"""Files in one row: what a thread may have and a sheet of 100 columns holds."""

TEXT_FOR: Final = "text "
"""How the columns begin that hold a text for one network or account."""

ALIASES: Final[Mapping[str, tuple[str, ...]]] = {
    "account": ("account", "accounts", "to", "compte", "comptes", "destinataire", "destinataires"),
    "when": ("when", "date and time", "datetime", "quand", "date et heure"),
    "date": ("date", "day", "jour"),
    "time": ("time", "hour", "heure"),
    "zone": ("zone", "time zone", "timezone", "fuseau", "fuseau horaire"),
    "text": ("text", "message", "content", "texte", "contenu"),
    "thread": ("thread", "fil"),
    "link": ("link", "url", "lien"),
    "campaign": ("campaign", "campagne"),
    "media": ("media", "image", "file", "fichier", "visuel"),
    "alt": ("alt", "alt text", "texte alternatif", "description"),
    "part": ("part", "partie"),
    # For people only: our own exports have some of them.
    "": ("state", "delivery", "note", "notes", "etat", "livraison", "remarque", "remarques"),
}
"""The names of each column; `media`, `alt` and `part` may be followed by a number, `text` by whom it is for."""

_NAMES: Final = {alias: name for name, aliases in ALIASES.items() for alias in aliases}
_NUMBERED: Final = re.compile(r"(.*?) ?([1-9][0-9]?)")
_FOR: Final = re.compile(r"(\w+?)[ _-]+(?:(?:for|pour)[ _-]+)?(\S+)")


def under_heading(rows: Sequence[Row], file: str) -> list[tuple[Row, Mapping[str, str]]]:
    """Return each row below the heading with its cells by the names of their columns; empty cells are left out.

    Raises CalendarUnusable for a heading with a column twice, one that is not known, or without what a post
    needs. A row with cells beyond the heading cannot be used."""
    heading = _heading(rows[0], file)
    if len(rows) == 1:
        raise CalendarUnusable(file=file, detail="it has a heading and no rows.")
    found: list[tuple[Row, Mapping[str, str]]] = []
    for row in rows[1:]:
        if row.problem is None and any(cell.strip() for cell in row.cells[len(heading) :]):
            row = Row(row.line, row.cells, marked("it has more cells than the heading."))
        cells = {name: cell for name, cell in zip(heading, row.cells, strict=False) if name and cell.strip()}
        found.append((row, cells))
    return found


def takes_days(cell: str) -> bool:
    """Return whether a cell of the heading names a column of days or times, or one that is not read."""
    return _NAMES.get(folded(cell)) in ("when", "date", "time", "")


def _heading(row: Row, file: str) -> list[str]:
    cells = list(row.cells)
    while cells and not cells[-1].strip():
        cells.pop()
    heading = [_name(cell, file) for cell in cells]
    named = [name for name in heading if name]
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise CalendarUnusable(file=file, detail=f"the heading has the column {twice} twice.")
    if "account" not in named:
        raise CalendarUnusable(file=file, detail="the heading has no column account (compte).")
    if ("when" in named) == ("date" in named and "time" in named) or ("when" in named and "date" in named):
        detail = "the heading needs either the columns date and time (heure), or when (quand)."
        raise CalendarUnusable(file=file, detail=detail)
    if not {"text", "link", "media"} & {name.partition(" ")[0] for name in named}:
        raise CalendarUnusable(file=file, detail="the heading has no column text (texte).")
    return heading


def _name(cell: str, file: str) -> str:
    """The column that a cell of the heading names."""
    plain = folded(cell)
    if plain in _NAMES:
        return _NAMES[plain]
    numbered = _NUMBERED.fullmatch(plain)
    name = _NAMES.get(numbered[1]) if numbered else None
    if numbered and name in ("media", "alt", "part") and int(numbered[2]) <= FILES:
        return name if numbered[2] == "1" else f"{name}{numbered[2]}"
    whom = _FOR.fullmatch(" ".join(cell.split()))  # handles have underscores
    if whom and _NAMES.get(folded(whom[1])) == "text":
        return TEXT_FOR + _whom(whom[2], file)
    known = ", ".join(name for name in ALIASES if name)
    raise CalendarUnusable(file=file, detail=f"the heading has a column {cell!r}; known are {known} and note.")


def _whom(name: str, file: str) -> str:
    """The network or the account that a text is for, if there can be one."""
    from socialguard.networks.interface import names

    if ":" in name:
        try:
            return str(AccountName.parse(name))
        except errors.UsageError as problem:
            raise CalendarUnusable(file=file, detail=problem.message()) from None
    network = name.casefold()
    if network not in names():
        allowed = ", ".join(names())
        detail = f"after text stands whom it is for: a network ({allowed}), or an account (x:@acme); not {name}."
        raise CalendarUnusable(file=file, detail=detail)
    return network


def folded(text: str) -> str:
    """Return a name without accents, case, underscores and spaces that do not count."""
    decomposed = unicodedata.normalize("NFD", text.replace("_", " ").replace("-", " ").casefold())
    return " ".join("".join(char for char in decomposed if unicodedata.category(char) != "Mn").split())
