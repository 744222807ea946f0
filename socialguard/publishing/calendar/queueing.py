"""The rows of a checked calendar become deliveries: confirmed once for all, queued in small transactions.

Each transaction asks again what could have changed since the rows were checked: stops, budgets, the confirmation,
and the checks wherever anything was logged meanwhile that is not of this calendar. A failure leaves what was
queued before it; importing the file again goes on from there."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from itertools import groupby
from typing import Final

from sqlalchemy import Connection

from socialguard import errors
from socialguard.ledger import agenda, writer
from socialguard.model.delivery import Delivery
from socialguard.model.text import marked
from socialguard.publishing import accept
from socialguard.publishing.calendar.sheet import Checked, Sheet, key_of
from socialguard.publishing.doubted import ASKED, OVERRULED, entries
from socialguard.publishing.interface import Answer, Desk
from socialguard.publishing.prepare import payload_of
from socialguard.publishing.submission import begin_nonce

BATCH: Final = 50
"""Rows in one write transaction: a sender waits no longer than for these."""


def queue(
    desk: Desk, sheet: Sheet, answer: Answer, tick: Callable[[int], None] = lambda _: None
) -> Iterator[tuple[Delivery, ...]]:
    """Queue the good rows of a calendar, and yield the deliveries of each transaction after it.

    Raises what `accept.accept` raises; the rows before are queued then."""
    accept.require_fresh(sheet.checked_at)
    log = sheet.log
    for start in range(0, len(sheet.good), BATCH):
        part = sheet.good[start : start + BATCH]
        with desk.database.write() as connection:
            if desk.log.head(connection) != log:
                _check_again(connection, desk, part)
            made = _queue(connection, desk, sheet, part, answer)
            log = desk.log.head(connection)
        tick(len(part))
        yield made


def _queue(
    connection: Connection, desk: Desk, sheet: Sheet, part: Sequence[Checked], answer: Answer
) -> tuple[Delivery, ...]:
    accounts = {one.account.id: one.account for row in part for one in row.plan.candidates}
    for account in accounts.values():
        accept.require_open(connection, desk, account, sheet.session, "-")
    how = desk.gate.require(connection, sheet.asked, sheet.session, sheet.challenge, answer)
    nonce = begin_nonce(desk.log.head(connection))
    made: list[Delivery] = []
    for _, rows in groupby(part, key=_day):
        day = list(rows)
        # Budgets count what waits in a day or a month: each day's rows are asked for beside those already queued.
        desk.purse.require_posts(
            connection, [(one.account, one.price) for row in day for one in row.plan.candidates],
            at=day[0].plan.candidates[0].when,
        )  # fmt: skip
        for row in day:
            named = list(dict.fromkeys(str(one.account) for one in row.plan.candidates))
            asked = replace(row.request, selectors=named)
            draft = writer.keep_draft(
                connection, asked.text, {**payload_of(asked), "calendar": row.line}, desk.person.id
            )
            held = accept.for_approver(row.plan.findings)
            plan = replace(row.plan, draft_id=draft)
            made.extend(accept.submit(connection, desk, plan, how, nonce, held))
            for action in (ASKED, OVERRULED):
                for said in entries(desk, plan, action):
                    desk.log.append(connection, said)
    return tuple(made)


def _day(row: Checked) -> date:
    when = row.plan.candidates[0].when
    assert when is not None  # a row names its time
    return when.date()


def _check_again(connection: Connection, desk: Desk, part: Sequence[Checked]) -> None:
    ids = {one.account.id for row in part for one in row.plan.candidates}
    planned = {key_of(each, at, said) for each in ids for at, said in agenda.planned(connection, each)}
    for row in part:
        for one in row.plan.candidates:
            assert one.when is not None  # a row names its time
            if key_of(one.account.id, one.when, one.content) in planned:
                raise errors.Held(
                    detail=f"line {row.line} was queued meanwhile by another import", fix="Import the file again."
                )
        try:
            accept.refuse_findings(connection, desk, row.plan)
        except errors.Held as problem:
            problem.fields["detail"] = marked(f"line {row.line}: {problem.fields['detail']}")
            raise
