"""`socialguard queue list`, `queue show`: what waits and what went out. It opens nothing that sends."""

from typing import Any, Final

import click

from socialguard.canon import jcs
from socialguard.cli import deliveries
from socialguard.cli.commands.approval import word_document
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.cli.words import _
from socialguard.ledger import approvals, reader
from socialguard.model.account import Account
from socialguard.model.delivery import Delivery, State
from socialguard.workspace.opened import Workspace

PAGE: Final = 50
_STATES = click.Choice([state.value for state in State])


@command("list")
@click.option("--state", "states", multiple=True, type=_STATES, help="Only deliveries in this state.")
@click.option("--account", "accounts", multiple=True, metavar="SELECTOR", help="Only these accounts.")
@click.option("--awaiting-me", is_flag=True, help="Only those that you could approve.")
@click.option("--after", metavar="ID", help="Go on after this delivery.")
@click.option("--limit", type=click.IntRange(1, 1000), default=PAGE, show_default=True, help="How many.")
def list_(
    face: Face,
    states: tuple[str, ...],
    accounts: tuple[str, ...],
    awaiting_me: bool,
    after: str | None,
    limit: int,
) -> None:
    """List deliveries by the time at which they are due."""
    with open_workspace(face) as workspace, workspace.database.read() as connection:
        wanted = [State.AWAITING] if awaiting_me else [State(state) for state in states]
        books = workspace.signed.books(connection)
        ids = [account.id for account in books.registry.resolve(connection, accounts)] if accounts else []
        key = None if after is None else _key(reader.get(connection, after))
        rows = reader.page(connection, states=wanted, account_ids=ids, after=key, limit=limit)
        if awaiting_me:
            from socialguard.publishing import deciding

            mine = {one.id for one in deciding.awaiting(connection, workspace.desk, workspace.identity.member_id)}
            rows = [row for row in rows if row.id in mine]
        names = {one.id: f"{one.network}:@{one.handle}" for one in books.manifest.accounts}
    documents = [deliveries.row_document(row, names.get(row.account_id, row.account_id)) for row in rows]
    more = rows[-1].id if len(rows) == limit else None

    def people() -> None:
        face.printer.table(
            [_("delivery"), _("due"), _("account"), _("state"), _("text")],
            [_cells(row, names.get(row.account_id, row.account_id)) for row in rows],
        )
        if more is not None:
            face.printer.note("There may be more: socialguard queue list --after {id}", id=more)

    face.printer.answer({"deliveries": documents, "more": more}, people)


@command("show")
@click.argument("delivery")
def show(face: Face, delivery: str) -> None:
    """Show one delivery whole."""
    with open_workspace(face) as workspace:
        value, account = found(workspace, delivery)
        with workspace.database.read() as connection:
            attempt = reader.open_attempt(connection, value.id)
            words = approvals.of(connection, value.fingerprint)
    document = deliveries.delivery_document(value, account)
    document["text"] = value.content.text
    document["link"] = value.content.link
    document["media"] = [{"file": item.file_name, "alt": item.alt} for item in value.content.media]
    document["attempt"] = (
        None if attempt is None else {"id": attempt.id, "started": jcs.timestamp(attempt.started_at)}
    )
    document["approvals"] = [word_document(word) for word in words]
    face.printer.answer(
        {"delivery": document},
        lambda: face.printer.facts(
            [
                (_("delivery"), value.id),
                (_("account"), account),
                (_("state"), f"{_(value.state.value)} {value.state_reason}".strip()),
                (_("due"), jcs.timestamp(value.due)),
                (_("text"), value.content.text),
                (_("link"), value.content.link or ""),
                (_("url"), value.url or ""),
                (_("draft"), value.draft_id),
                *((_(word.decision), f"{word.on_behalf or word.member}: {word.reason}") for word in words),
                (_("fingerprint"), value.fingerprint),
            ]
        ),
    )


def found(workspace: Workspace, delivery_id: str) -> tuple[Delivery, Account]:
    """Return a delivery and its account; NotFound, Tampered."""
    with workspace.database.read() as connection:
        value = reader.get(connection, delivery_id)
        return value, workspace.signed.books(connection).registry.account(connection, value.account_id)


def _key(value: Delivery) -> tuple[str, str]:
    return jcs.timestamp(value.due), value.id


def _cells(row: Any, account: str) -> tuple[str, ...]:  # Any: a row of ledger.reader.page
    from socialguard.ledger.rows import to_content

    text = " ".join(to_content(row.content).text.split())
    return row.id, row.due[:16].replace("T", " "), account, _(row.state), text[:60]
