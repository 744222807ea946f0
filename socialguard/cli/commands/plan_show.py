"""`socialguard plan show`, `plan export`, `plan move`: what goes out when, for people and for other programs."""

import calendar
import sys
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from socialguard import clock, errors
from socialguard.cli import composing, deliveries
from socialguard.cli.commands.listing import found, gone
from socialguard.cli.commands.queue import queue_again
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, confirm, override, selector_arguments
from socialguard.cli.times_told import weekday
from socialguard.cli.words import _, counted, say
from socialguard.ledger.states import WAITING
from socialguard.model.campaign import campaign_name
from socialguard.model.delivery import Act
from socialguard.vault.private_files import unwritable

if TYPE_CHECKING:
    from socialguard.model.account import Account
    from socialguard.publishing.calendar.overview import Planned
    from socialguard.workspace.opened import Workspace

WEEK: Final = 7
_EXCERPT: Final = 24
_TOLD: Final = 20
_campaign = click.option("--campaign", metavar="NAME", help="Only what belongs to this campaign.")


@command("show")
@selector_arguments(required=False)
@click.option("--week", "span", flag_value="week", default="week", help="One week, a row for each account.")
@click.option("--month", "span", flag_value="month", help="One month, a row for each week.")
@click.option("--on", "on", metavar="DATE", help="The week or month of this day (2026-11-27); else this one.")
@_campaign
def show(face: Face, selectors: tuple[str, ...], span: str, on: str | None, campaign: str | None) -> None:
    """Show what is planned as a grid, with gaps and collisions."""
    from socialguard.publishing.calendar import overview

    with open_workspace(face) as workspace:
        accounts = _accounts(workspace, selectors)
        today = _today(workspace)
        since, days = _span(span, _date(on) or today)
        planned = _read(workspace, accounts, since, days, narrow=bool(selectors), campaign=campaign)
    close = list(overview.collisions(planned))
    ahead = max(since, today)
    empty = list(overview.gaps(planned, ahead, days - (ahead - since).days))
    document = {
        "from": f"{since}",
        "until": f"{since + timedelta(days=days - 1)}",
        "deliveries": [_document(one) for one in planned],
        "collisions": [
            {
                "account": str(one.first.account),
                "deliveries": [one.first.delivery.id, one.second.delivery.id],
                "minutes": int((one.second.delivery.due - one.first.delivery.due).total_seconds() // 60),
            }
            for one in close
        ],
        "gaps": [
            {"account": str(one.account), "from": f"{one.since}", "until": f"{one.until}", "days": one.days}
            for one in empty
        ],
    }

    def people() -> None:
        grid = _week if span == "week" else _month
        grid(face, planned, since, days)
        for one in close[:_TOLD]:
            face.printer.say(
                "collision  {account}: {first} and {second} ({ids})",
                account=one.first.account,
                first=f"{one.first.local:%Y-%m-%d %H:%M}",
                second=f"{one.second.local:%H:%M}",
                ids=f"{one.first.delivery.id}, {one.second.delivery.id}",
            )
        for gap in empty[:_TOLD]:
            face.printer.say(
                "gap  {account}: nothing from {since} to {until} ({days})",
                account=gap.account,
                since=gap.since,
                until=gap.until,
                days=counted("{count} day", "{count} days", gap.days),
            )
        more = max(0, len(close) - _TOLD) + max(0, len(empty) - _TOLD)
        if more:
            face.printer.note("… and {count} more; --json shows all.", count=more)

    face.printer.answer(document, people)


@command("export")
@selector_arguments(required=False)
@click.option("--ics", "form", flag_value="ics", help="For a calendar program (iCalendar).")
@click.option("--csv", "form", flag_value="csv", help="For a spreadsheet; `plan import` takes it again.")
@click.option("--html", "form", flag_value="html", help="For people without this program: one page.")
@click.option("--from", "since", metavar="DATE", help="From this day on; else from today.")
@click.option("--days", type=click.IntRange(1, 400), default=31, show_default=True, help="So many days.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="A new file; without it stdout.")
@_campaign
def export(
    face: Face,
    selectors: tuple[str, ...],
    form: str | None,
    since: str | None,
    days: int,
    out: Path | None,
    campaign: str | None,
) -> None:
    """Export what is planned, for other programs and for people who have not this one."""
    from socialguard.publishing.calendar import exporting

    if form is None:
        raise errors.UsageError(detail="Say for whom: --ics, --csv or --html.")
    if face.as_json and out is None:
        raise errors.UsageError(
            detail="An export is a document of its own.", remedy="With --json give --out FILE."
        )
    with open_workspace(face) as workspace:
        accounts = _accounts(workspace, selectors)
        first = _date(since) or _today(workspace)
        planned = _read(workspace, accounts, first, days, narrow=bool(selectors), campaign=campaign)
    if form == "ics":
        text = exporting.as_ics(planned, clock.now())
    elif form == "csv":
        text = exporting.as_csv(planned)
        for one in exporting.cannot_hold(planned):
            face.printer.note(
                "Delivery {delivery} is a thread with more files than a row holds; the last are not in the file.",
                delivery=one.delivery.id,
            )
    else:
        from socialguard.cli import plan_page

        text = plan_page.page(planned, first, first + timedelta(days=days - 1))
    write_export(text, out)
    if out is not None:
        document = {"file": str(out), "deliveries": len(planned)}
        face.printer.answer(
            document,
            lambda: face.printer.line(
                counted("{count} post in {file}.", "{count} posts in {file}.", len(planned), file=out)
            ),
        )


@command("move")
@click.argument("delivery")
@click.argument("when", metavar="TIME")
@override
@confirm
def move(
    face: Face,
    delivery: str,
    when: str,
    overrides: tuple[str, ...],
    reason: str | None,
    confirmed: tuple[str, ...],
) -> int:
    """Give a waiting delivery another time; it is checked and confirmed anew."""
    passed: Mapping[str, str] = composing.overrides(overrides, reason)
    with open_workspace(face) as workspace:
        value, account = found(workspace, delivery)
        if value.state not in WAITING or value.act is not Act.PUBLISH:
            raise gone(value, account, "moved")
        return queue_again(
            face, workspace, value, account, confirmed, text=value.content.text, at=when, overrides=passed
        )


def _accounts(workspace: "Workspace", selectors: Sequence[str]) -> "Sequence[Account]":
    if not selectors:
        return workspace.accounts()
    with workspace.database.read() as connection:
        return workspace.trust.resolve(connection, selectors)


def _read(
    workspace: "Workspace",
    accounts: "Sequence[Account]",
    since: date,
    days: int,
    *,
    narrow: bool,
    campaign: str | None,
) -> "tuple[Planned, ...]":
    from socialguard.publishing.calendar import overview
    from socialguard.registry import campaigns

    with workspace.database.read() as connection:
        of = None if campaign is None else campaigns.find(connection, campaign_name(campaign))
        return overview.read(connection, accounts, since, days, narrow=narrow, campaign=of)


def _today(workspace: "Workspace") -> date:
    from zoneinfo import ZoneInfo

    return clock.now().astimezone(ZoneInfo(workspace.zone)).date()


def _date(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise errors.UsageError(detail=f"{text} is no date; write it as 2026-11-27.") from None


def _span(span: str, day: date) -> tuple[date, int]:
    """The first day of the week or month that a day is in, and how many days it has."""
    if span == "week":
        return day - timedelta(days=day.weekday()), WEEK
    return day.replace(day=1), calendar.monthrange(day.year, day.month)[1]


def _document(one: "Planned") -> dict[str, Any]:
    content = one.delivery.content
    return {
        **deliveries.delivery_document(one.delivery, one.account),
        "client": one.account.client,
        "local": one.local.isoformat(timespec="seconds"),
        "zone": one.account.zone,
        "text": content.text,
        "link": content.link,
        "media": [{"file": item.file_name, "alt": item.alt} for item in content.media],
    }


def _week(face: Face, planned: "Sequence[Planned]", since: date, days: int) -> None:
    """A row for each account, a column for each day."""
    shown = [since + timedelta(days=number) for number in range(days)]
    by_account: dict[str, dict[date, list[str]]] = {}
    for one in planned:
        cell = f"{one.local:%H:%M} {_excerpt(one)}"
        by_account.setdefault(str(one.account), {}).setdefault(one.day, []).append(cell)
    if not planned:
        face.printer.say("Nothing is planned from {since} to {until}.", since=shown[0], until=shown[-1])
        return
    face.printer.table(
        [_("account"), *(f"{weekday(day)[:3]} {day:%d}" for day in shown)],
        [(name, *(" · ".join(cells.get(day, ())) for day in shown)) for name, cells in sorted(by_account.items())],
    )


def _month(face: Face, planned: "Sequence[Planned]", since: date, days: int) -> None:
    """A row for each week, a column for each weekday: how many posts on how many accounts."""
    per_day: dict[date, list[Planned]] = {}
    for one in planned:
        per_day.setdefault(one.day, []).append(one)
    monday = since - timedelta(days=since.weekday())
    until = since + timedelta(days=days)
    rows = []
    while monday < until:
        week = [monday + timedelta(days=number) for number in range(WEEK)]
        rows.append([_day(day, per_day.get(day, ())) if since <= day < until else "" for day in week])
        monday += timedelta(days=WEEK)
    face.printer.line(f"{since:%Y-%m}")
    face.printer.table([weekday(since - timedelta(days=since.weekday() - n))[:3] for n in range(WEEK)], rows)


def _day(day: date, found: "Sequence[Planned]") -> str:
    if not found:
        return f"{day.day}"
    accounts = len({one.account.id for one in found})
    return f"{day.day}: " + say("{posts} on {accounts}", posts=len(found), accounts=accounts)


def _excerpt(one: "Planned") -> str:
    text = " ".join(one.delivery.content.text.split())
    mark = "" if one.delivery.state.value in ("queued", "sent") else f"[{_(one.delivery.state.value)}] "
    return mark + (text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…")


def write_export(text: str, out: Path | None) -> None:
    """Write an export to stdout, or to a new file; raises UsageError where there is one, DiskFull or a
    SocialGuardError with the cause where it cannot be written."""
    data = text.encode("utf-8", "replace")
    try:
        if out is None:
            sys.stdout.buffer.write(data)
            return
        with out.open("xb") as file:
            file.write(data)
    except FileExistsError:
        raise errors.UsageError(detail=f"{out} exists already.") from None
    except BrokenPipeError:
        raise
    except OSError as problem:
        raise unwritable(out or Path("stdout"), problem) from None
