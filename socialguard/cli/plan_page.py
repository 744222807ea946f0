"""A calendar as one HTML page for a client who has no such program: everything in it is escaped, and it loads
nothing from anywhere."""

from collections.abc import Sequence
from datetime import date
from html import escape
from typing import Final

from socialguard.cli.deliveries import part_mark
from socialguard.cli.times_told import weekday
from socialguard.cli.words import _, language
from socialguard.model.text import visible
from socialguard.publishing.calendar.overview import Planned

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE: Final = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222 }
h2 { border-bottom: 1px solid #ccc; margin-top: 2rem; font-size: 1.1rem }
table { border-collapse: collapse; width: 100%; table-layout: fixed }
td { padding: .4rem .8rem .4rem 0; vertical-align: top; overflow-wrap: anywhere }
td.time, td.state { width: 7rem; color: #555 }
td.account { width: 11rem }
td.text { white-space: pre-wrap }
@media (max-width: 40rem) {
  td { display: block; width: auto; padding: 0 }
  td.time { padding-top: .8rem }
  td.text { padding: .2rem 0 }
}
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd } td.time, td.state { color: #aaa } }
"""


def page(planned: Sequence[Planned], since: date, until: date) -> str:
    """Return the page for a span of days, both ends included."""
    title = f"{_('Calendar')} {since} – {until}"
    days: dict[date, list[Planned]] = {}
    for one in planned:
        days.setdefault(one.day, []).append(one)
    parts = [
        f'<!doctype html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width">\n<meta name="referrer" content="no-referrer">',
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>",
    ]
    for day, found in sorted(days.items()):
        parts.append(f"<h2>{escape(weekday(day))} {day}</h2>\n<table>")
        parts.extend(_row(one) for one in found)
        parts.append("</table>")
    if not days:
        parts.append(f"<p>{escape(_('Nothing is planned.'))}</p>")
    return "\n".join([*parts, "</body>\n</html>\n"])


def _row(one: Planned) -> str:
    content = one.delivery.content
    text = "\n".join(visible(line, 10_000) for line in content.text.split("\n"))
    shown = escape(text)
    if content.link is not None:
        link = escape(visible(content.link, 2000), quote=True)
        is_web = content.link.startswith(("https://", "http://"))
        shown += f'\n<a href="{link}" rel="noreferrer noopener">{link}</a>' if is_web else f"\n{link}"
    for item in content.media:
        name = escape(visible(f"{item.file_name}: {item.alt}" if item.alt else item.file_name, 2000))
        shown += f"\n<em>{name}</em>"
    mark = part_mark(content)
    if mark:
        shown = f"<small>{mark}</small> {shown}"
    if one.delivery.campaign_id is not None:
        shown += f"\n<small>{escape(visible(one.delivery.campaign_id))}</small>"
    cells = (
        ("time", f"{one.local:%H:%M} {one.local.tzname() or ''}"),
        ("account", visible(one.account)),
        ("state", _(one.delivery.state.value)),
    )
    time, account, state = (f'<td class="{name}">{escape(text)}</td>' for name, text in cells)
    return f'<tr>{time}{account}<td class="text">{shown}</td>{state}</tr>'
