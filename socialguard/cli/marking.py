"""A text with one part of it marked: in colour where the terminal has one, else with ^^^^ under it."""

from typing import Final

from socialguard.model.text import visible

_AROUND: Final = 30
_LONGEST: Final = 60
_SHOWN: Final = 4
_ON: Final = "\x1b[1;31m"
_OFF: Final = "\x1b[0m"


def marked_lines(text: str, span: tuple[int, int], *, in_colour: bool, hide: bool = False) -> list[str]:
    """Return the marked part of `text` and what stands around it, safe to print as it is; of a part to `hide` only
    the first characters."""
    start, end = span
    before = _end_of(visible(text[max(0, start - 4 * _AROUND) : start], 10 * _AROUND), cut=start > 4 * _AROUND)
    after = visible(text[end : end + 4 * _AROUND], 10 * _AROUND)
    after = after if len(after) <= _AROUND and end + 4 * _AROUND >= len(text) else f"{after[:_AROUND]}…"
    inside = f"{visible(text[start : start + _SHOWN])}…" if hide else visible(text[start:end], _LONGEST)
    if in_colour:
        return [f"  {before}{_ON}{inside}{_OFF}{after}"]
    return [f"  {before}{inside}{after}", f"  {' ' * cells(before)}{'^' * max(1, cells(inside))}"]


def cells(text: str) -> int:
    """Return how many columns a text takes in a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def _end_of(text: str, *, cut: bool) -> str:
    return text if len(text) <= _AROUND and not cut else f"…{text[-_AROUND:]}"
