"""`socialguard costs`: what the networks' calls cost, as they were booked."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import click

from socialguard import clock, errors
from socialguard.cli import words
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, selectors
from socialguard.cli.times_told import minute
from socialguard.cli.words import _, fill
from socialguard.model.account import typed_client
from socialguard.model.campaign import campaign_name

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.ledger.purse import Budgeted
    from socialguard.ledger.usage import Cost

_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@command("costs")
@click.option("--from", "first", metavar="DATE", help="The first day, as 2026-11-01; else the first of the month.")
@click.option("--to", "last", metavar="DATE", help="The last day; else today.")
@click.option("--client", "clients", multiple=True, metavar="CLIENT", help="Only this client (repeatable).")
@selectors("--account", required=False)
@click.option("--campaign", metavar="NAME", help="Only what was called for this campaign.")
def costs(
    face: Face,
    first: str | None,
    last: str | None,
    clients: tuple[str, ...],
    account: tuple[str, ...],
    campaign: str | None,
) -> None:
    """Show what calls cost, by account, operation and currency."""
    from socialguard.ledger import usage
    from socialguard.registry import campaigns

    with open_workspace(face) as workspace, workspace.database.read() as connection:
        zone = workspace.zone
        since, until = _days(first, last, zone)
        ids = []
        if account:  # only names of accounts need what the owners signed, and the key to it
            ids = [one.id for one in workspace.signed.books(connection).registry.resolve(connection, account)]
        found = usage.costs(
            connection,
            _midnight(since, zone),
            _midnight(until + timedelta(days=1), zone),
            clients=[_known_client(connection, name) for name in clients],
            account_ids=ids,
            campaign=None if campaign is None else campaigns.find(connection, campaign_name(campaign)),
        )
        names = _names(connection, found)
        budgets = workspace.purse.standings(connection)
    rows = sorted(
        (names[one.account_id], one.client, one.operation, one.currency, one.calls, one.micros) for one in found
    )
    calls, micros = sum(row[4] for row in rows), sum(row[5] for row in rows)
    keys = ("account", "client", "operation", "currency", "calls", "amount_micros")
    document = {
        "from": since.isoformat(),
        "to": until.isoformat(),
        "zone": zone,
        "rows": [dict(zip(keys, row, strict=True)) for row in rows],
        "total": {"currency": usage.CURRENCY, "calls": calls, "amount_micros": micros},
        "budgets": [_budget_document(one) for one in budgets],
    }

    def people() -> None:
        face.printer.say("{since} to {until}, {zone}", since=since, until=until, zone=zone)
        *each, whole = words.prices([*(row[5] for row in rows), micros])
        table = [(*row[:3], words.number(row[4]), cost) for row, cost in zip(rows, each, strict=True)]
        total = (_("total"), "", "", words.number(calls), whole)
        face.printer.table(
            [_("account"), _("client"), _("operation"), _("calls"), _("cost")],
            [*table, total],
        )
        for one in budgets:
            _tell_budget(face, one, zone)

    face.printer.answer(document, people)


def _budget_document(one: "Budgeted") -> dict[str, object]:
    return {
        "client": one.client,
        "period": one.period.value,
        "limit_micros": one.standing.limit,
        "spent_micros": one.standing.spent,
        "waiting_micros": one.standing.waiting,
        "kept_micros": one.standing.kept,
        "anew": one.anew,
    }


def _tell_budget(face: Face, one: "Budgeted", zone: str) -> None:
    from socialguard.ledger.budget import NAMES

    name = fill(_(NAMES[one.period, one.client is not None]), {"client": one.client})
    face.printer.say(
        "{budget}: {spent} of {limit} spent, {waiting} wait to be spent on posts; it begins anew {anew}.",
        budget=name,
        spent=words.price(one.standing.spent),
        limit=words.price(one.standing.limit),
        waiting=words.price(one.standing.waiting),
        anew=minute(one.anew, zone),
    )


def _days(first: str | None, last: str | None, zone: str) -> tuple[date, date]:
    """Return the first and the last day that are meant; UsageError for days that are none or cannot be so."""
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    until = today if last is None else _day("--to", last)
    since = until.replace(day=1) if first is None else _day("--from", first)
    if since > until:
        raise errors.UsageError(detail=f"--from {since} is later than --to {until}.")
    if since > today:
        raise errors.UsageError(detail=f"--from {since} has not come yet.")
    return since, until


def _day(option: str, text: str) -> date:
    try:
        if _DATE.fullmatch(text):
            day = date.fromisoformat(text)
            if day.year < date.max.year:
                return day
    except ValueError:
        pass
    raise errors.UsageError(detail=f"{option} {text} is not a day; write it as 2026-11-27.")


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), ZoneInfo(zone)).astimezone(UTC)


def _known_client(connection: "Connection", name: str) -> str:
    from socialguard.registry import enrolment

    for known in enrolment.clients(connection):
        if typed_client(known) == typed_client(name):
            return known
    raise errors.NotFound(kind="client", name=name, hint="Run: socialguard account list")


def _names(connection: "Connection", found: "Sequence[Cost]") -> dict[str, str]:
    """Return the names of accounts, also of those that were removed meanwhile."""
    from socialguard.registry.accounts import unverified

    return {
        account_id: str(unverified(connection, account_id)) for account_id in {one.account_id for one in found}
    }
