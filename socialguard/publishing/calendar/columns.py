"""What the columns of a calendar are called, in English and French, and what a heading makes of a row's cells."""

import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

from socialguard.model.text import marked
from socialguard.publishing.calendar.table import CalendarUnusable, Row

MEDIA: Final = 4
"""Files in one row: the most that a network of ours takes."""

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
    # For people only: our own exports have some of them.
    "": ("state", "delivery", "note", "notes", "etat", "livraison", "remarque", "remarques"),
}
"""The names of each column; `media` and `alt` may be followed by 2, 3 or 4."""

_NAMES: Final = {alias: name for name, aliases in ALIASES.items() for alias in aliases}


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
    if not {"text", "link", "media"} & set(named):
        raise CalendarUnusable(file=file, detail="the heading has no column text (texte).")
    return heading


def _name(cell: str, file: str) -> str:
    """The column that a cell of the heading names."""
    plain = folded(cell)
    number = plain[-1:] if plain[-1:].isdigit() else ""
    name = _NAMES.get(plain.removesuffix(number).strip() if number else plain)
    if number and (name not in ("media", "alt") or not 1 <= int(number) <= MEDIA):
        name = None
    if name is None:
        known = ", ".join(name for name in ALIASES if name)
        raise CalendarUnusable(file=file, detail=f"the heading has a column {cell!r}; known are {known} and note.")
    return name if number in ("", "1") else f"{name}{number}"


def folded(text: str) -> str:
    """Return a name without accents, case, underscores and spaces that do not count."""
    decomposed = unicodedata.normalize("NFD", text.replace("_", " ").replace("-", " ").casefold())
    return " ".join("".join(char for char in decomposed if unicodedata.category(char) != "Mn").split())
