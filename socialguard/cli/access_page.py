"""Who could do what, as one HTML page for people who have not this program: it loads nothing, prints well, and its
first page says what the log cannot show. The same as a table for a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Sequence
from html import escape
from itertools import groupby
from typing import Final

from socialguard.cli.printing import csv_cell
from socialguard.cli.words import _, language, later, say
from socialguard.model.text import visible
from socialguard.workspace.auditing import NOT_SHOWN, Finding, Picture, Standing

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE: Final = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 80rem; padding: 0 1rem; color: #222 }
table { border-collapse: collapse; width: 100%; margin: 1rem 0 } thead { display: table-header-group }
th, td { border-bottom: 1px solid #ccc; padding: .25rem .5rem; text-align: left; overflow-wrap: break-word }
tr { break-inside: avoid } .over td { color: #777 } section { break-before: page }
@page { size: landscape } @media print { body { margin: 0; max-width: none; font-size: 10pt } }
@media (prefers-color-scheme: dark) and (not print) { body { background: #111; color: #ddd } }
"""
COLUMNS: Final = (
    later("account"),
    later("client"),
    later("member"),
    later("role"),
    later("right"),
    later("through"),
    later("until"),
    later("since"),
    later("by"),
    later("last used"),
    later("uses"),
    later("second factor"),
)
KINDS: Final = {
    "unused_right": later("a right that was not used for 90 days"),
    "shared_credential": later("a credential that several workers hold"),
    "stale_credential": later("a credential that was not used for 90 days"),
    "never_rotated": later("a token that was never replaced in 90 days"),
    "one_owner": later("only one owner"),
    "weak_mfa": later("a second factor that is weak, or that nobody checked in 90 days"),
}


def row(one: Standing) -> tuple[object, ...]:
    """Return a right as the cells of `COLUMNS`; one that counts for nothing stands in brackets."""
    return (
        one.account,
        one.client,
        one.name,
        _(one.role),
        _(one.right) if one.counts else f"({_(one.right)})",
        _(one.through),
        _minute(one.until),
        _minute(one.since),
        one.by,
        _minute(one.last_used),
        one.uses,
        _(one.mfa),
    )


NARROW: Final = (
    later("member"),
    later("right"),
    later("since"),
    later("by"),
    later("until"),
    later("last used"),
    later("uses"),
)
"""What a terminal of 80 columns has room for: days instead of minutes, the account above its rights."""


def blocks(rights: Iterable[Standing]) -> list[tuple[str, list[tuple[object, ...]]]]:
    """Return the rights for a terminal: each account with its client and second factor, and its rows of
    `NARROW`."""
    found = []
    for _id, group in groupby(rights, key=lambda one: one.account_id):
        some = list(group)
        factor = _(some[0].mfa) or _("unknown")
        head = f"{some[0].account}  {_('client')}: {some[0].client}  {_('second factor')}: {factor}"
        found.append((head, [_narrow(one) for one in some]))
    return found


def _narrow(one: Standing) -> tuple[object, ...]:
    right = _(one.right) if one.counts else f"({_(one.right)})"
    days = (one.since[:10], one.by, one.until[:10], one.last_used[:10])
    return (f"{one.name} ({_(one.role)})", right, *days, one.uses)


def told(one: Finding) -> tuple[object, ...]:
    """Return a finding as cells: what, account, member, since when."""
    return (_(KINDS[one.kind]), one.account, one.member, _minute(one.since))


def table(picture: Picture) -> str:
    """Return the rights as CSV, cells of which no spreadsheet makes a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([_(name) for name in COLUMNS])
    writer.writerows([csv_cell(cell) for cell in row(one)] for one in picture.rights)
    return out.getvalue()


def page(picture: Picture) -> str:
    """Return the page."""
    title = say("Access on {at} (UTC)", at=f"{picture.at:%Y-%m-%d %H:%M}")
    first = [
        f"<h1>{escape(title)}</h1>",
        f"<h2>{escape(_('What this log cannot show'))}</h2>",
        f"<ul>{''.join(f'<li>{escape(_(one))}</li>' for one in NOT_SHOWN)}</ul>",
        f"<p>{escape(say('By epoch {epoch} of the manifest that the owners signed.', epoch=picture.epoch))}</p>",
    ]
    heads = [_("what stands out"), _("account"), _("member"), _("since")]
    rights = [(row(one), one.counts) for one in picture.rights]
    parts = [
        f'<!doctype html>\n<html lang="{language()}">\n<head>\n<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        '<meta name="viewport" content="width=device-width">\n<meta name="referrer" content="no-referrer">',
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>",
        *first,
        f"<section><h2>{escape(_('What stands out'))}</h2>",
        _table(heads, [(told(one), True) for one in picture.findings]),
        f"</section>\n<section><h2>{escape(_('Who could do what'))}</h2>",
        _table([_(name) for name in COLUMNS], rights),
        "</section>",
    ]
    return "\n".join([*parts, "</body>\n</html>\n"])


def _table(heads: Sequence[str], rows: Iterable[tuple[Sequence[object], bool]]) -> str:
    head = "".join(f"<th>{escape(one)}</th>" for one in heads)
    lines = (
        f"<tr{'' if counts else ' class=over'}>{''.join(f'<td>{_cell(one)}</td>' for one in cells)}</tr>"
        for cells, counts in rows
    )
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{chr(10).join(lines)}\n</tbody></table>"


def _cell(value: object) -> str:
    return escape(visible(value, 500))


def _minute(ts: str) -> str:
    return ts[:16].replace("T", " ")
