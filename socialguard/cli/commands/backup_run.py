"""`socialguard backup run`: fetch what is new, after the price of what is new to us was told."""

import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, Final

import click

from socialguard import errors
from socialguard.cli import progress, terminal
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command, selector_arguments
from socialguard.cli.output import sentences
from socialguard.cli.words import _, later, listed, plural, price, prices, say
from socialguard.model.account import Account
from socialguard.model.money import MICROS
from socialguard.workspace.opened import Workspace

if TYPE_CHECKING:
    from socialguard.backup.interface import Estimate, Outcome

WORDS: Final = (later("revoked"), later("revocation_pending"), later("removed"), later("posts"), later("mentions"))
"""Why an account was skipped, and the streams of which a network shows no more."""


@command("run")
@selector_arguments(required=False)
@click.option(
    "--max-cost",
    metavar="USD",
    help="What first backups may cost together: the answer to their price.",
)
def run(face: Face, selectors: tuple[str, ...], max_cost: str | None) -> int:
    """Fetch what is new of accounts, all where none is named; it goes on where it stopped."""
    from socialguard.workspace import affinity

    agreed = None if max_cost is None else _micros(max_cost)
    with open_workspace(face) as workspace, _stoppable() as stop:
        accounts = _accounts(workspace, selectors)
        estimates = _prices(face, workspace, accounts)
        refused = _refusal(face, accounts, estimates, agreed)
        outcomes = _run(face, workspace, accounts, estimates, refused, stop)
        unclosed = _close(workspace)
        if not stop.is_set() and unclosed is None:
            affinity.refit(workspace)
        documents = [_document(workspace, one) for one in outcomes]
    priced = [one.micros for one in estimates.values() if one.error is None]
    face.printer.answer(
        {"accounts": documents, "announced_micros": sum(priced) if priced else None},
        lambda: _tell(face, outcomes, documents),
    )
    if unclosed is not None:
        raise unclosed
    codes = [one.error.exit_code for one in outcomes if one.error is not None]
    return errors.gravest([*codes, *(errors.Interrupted.exit_code for one in outcomes if one.is_stopped)])


def _close(workspace: Workspace) -> errors.SocialGuardError | None:
    """Close what was fetched, and return why that failed: what each account brought, and cost, is told all the
    same."""
    try:
        workspace.backup.close()
    except errors.SocialGuardError as problem:
        return problem
    return None


def _micros(text: str) -> int:
    try:
        amount = Decimal(text.removeprefix("$"))
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or amount < 0:
        raise errors.UsageError(detail=f"--max-cost {text} is not an amount.", remedy="Write --max-cost 20")
    return int(amount * MICROS)


def _accounts(workspace: Workspace, selectors: Sequence[str]) -> Sequence[Account]:
    if not selectors:
        return workspace.accounts()
    with workspace.database.read() as connection:
        return workspace.signed.books(connection).registry.resolve(connection, selectors)


def _prices(face: Face, workspace: Workspace, accounts: Sequence[Account]) -> "Mapping[str, Estimate]":
    """Return the prices of first backups by account id, told."""
    first = [account for account in accounts if workspace.backup.is_first(account)]
    if not first:
        return {}
    with progress.over(face, _("Asking for prices"), total=len(first)) as step:
        estimates = {}
        for account in first:
            estimates[account.id] = workspace.backup.estimate(account)
            step()
    priced = [one.micros for one in estimates.values() if one.error is None]
    if not priced:
        return estimates  # nobody was told a price: why stands with each account
    face.printer.note(
        plural(
            "First backup of {count} account where reading costs money: at most {price}.",
            "First backup of {count} accounts where reading costs money: at most {price} together.",
            len(priced),
        ),
        count=len(priced),
        price=price(sum(priced)),
    )
    return estimates


def _refusal(
    face: Face, accounts: Sequence[Account], estimates: "Mapping[str, Estimate]", agreed: int | None
) -> errors.PriceUnconfirmed | None:
    """Return why first backups are not made: nobody agreed to their price. What costs nothing, or was begun, is
    read all the same; where there is nothing of that kind the refusal is raised. Raises PriceRefused where a
    person was asked and stopped."""
    from socialguard.backup import pricing

    priced = [one for one in estimates.values() if one.error is None]
    micros = sum(one.micros for one in priced)
    first = [one.account for one in priced]
    try:
        pricing.require_agreed(first, micros, agreed)
    except errors.PriceUnconfirmed as refused:
        if face.has_terminal and agreed is None:
            _ask(micros)
            return None
        if len(first) == len(accounts):
            raise
        return refused
    return None


def _ask(micros: int) -> None:
    from socialguard.backup import pricing

    wanted = str(pricing.whole_dollars(micros))
    for _attempt in range(3):
        answer = terminal.ask(say("Type {amount} to spend up to that many dollars. Enter stops:", amount=wanted))
        if answer == wanted:
            return
        if not answer:
            break
    raise errors.PriceRefused


def _run(
    face: Face,
    workspace: Workspace,
    accounts: Sequence[Account],
    estimates: "Mapping[str, Estimate]",
    refused: errors.PriceUnconfirmed | None,
    stop: threading.Event,
) -> "list[Outcome]":
    from socialguard.backup.interface import Outcome

    outcomes = []
    with progress.over(face, _("Items")) as step:
        for account in accounts:
            estimate = estimates.get(account.id)
            if stop.is_set():
                outcomes.append(Outcome(account, is_stopped=True))
            elif estimate is not None and estimate.error is not None:
                outcomes.append(Outcome(account, error=estimate.error))
            elif estimate is not None and refused is not None:
                outcomes.append(Outcome(account, error=refused))
            else:
                outcomes.append(workspace.backup.back_up(account, stop, step))
    return outcomes


def _document(workspace: Workspace, one: "Outcome") -> dict[str, Any]:
    from socialguard.archive import overview
    from socialguard.cli.output import error_document

    with workspace.archive.database.read() as connection:
        counts = overview.of_account(connection, one.account.id)
    return {
        "account": str(one.account),
        "items_new": one.new,
        "items_changed": one.changed,
        "items_total": counts.items,
        "gaps_open": counts.gaps,
        "metrics_taken": one.snapshots,
        "files_new": one.files,
        "files_failed": one.files_failed,
        "files_wait": one.media_wait,
        "calls": one.calls,
        "cost_micros": one.micros,
        "network_shows_no_more": list(one.shows_no_more),
        "stopped": one.is_stopped,
        "skipped": one.skipped,
        "error": None if one.error is None else error_document(one.error),
    }


def _tell(face: Face, outcomes: "Sequence[Outcome]", documents: Sequence[Mapping[str, Any]]) -> None:
    costs = prices([row["cost_micros"] for row in documents])
    face.printer.table(
        [_("account"), _("new"), _("kept"), _("open gaps"), _("files"), _("cost"), _("outcome")],
        [
            (
                row["account"],
                row["items_new"],
                row["items_total"],
                row["gaps_open"],
                row["files_new"],
                cost,
                _outcome(one),
            )
            for one, row, cost in zip(outcomes, documents, costs, strict=True)
        ],
    )
    for error in {id(one.error): one.error for one in outcomes if one.error is not None}.values():
        named = ", ".join(str(one.account) for one in outcomes if one.error is error)
        if error.what_to_do(_):
            face.printer.note_line(f"{named}: {sentences(error)[1]}")


def _outcome(one: "Outcome") -> str:
    if one.error is not None:
        return one.error.message(_)
    if one.skipped is not None:
        return say("skipped: {reason}", reason=_(one.skipped))
    if one.is_stopped:
        return _("stopped; it goes on where it is")
    if one.media_wait:
        return _("files wait: the disk is nearly full")
    if one.shows_no_more:
        return say("the network shows no older {what}", what=listed(_(name) for name in one.shows_no_more))
    return _("done")


@contextmanager
def _stoppable() -> Iterator[threading.Event]:
    """Let the first Ctrl-C (or a polite kill) end the run at the end of its page; the second ends it at once."""
    stop = threading.Event()

    def note(number: int, frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        if sys.stderr.isatty():
            click.echo(_("Stopping at the end of this page. Ctrl-C again stops at once."), err=True)

    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before: dict[int, Any] = {}
    try:
        for number in (signal.SIGINT, signal.SIGTERM):
            before[number] = signal.signal(number, note)
        yield stop
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
