"""`socialguard queue list`, `queue show`: what waits and what went out. It opens nothing that sends."""

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.cli import deliveries
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import command
from socialguard.cli.output import error_document, tell_lines
from socialguard.cli.reasons import reason_told
from socialguard.cli.times_told import instant, minute
from socialguard.cli.waiting import CODES, behind, waits_for
from socialguard.cli.words import _, named_scope
from socialguard.ledger import approvals, reader
from socialguard.model.account import Account
from socialguard.model.campaign import campaign_name
from socialguard.model.delivery import Act, Delivery, State
from socialguard.model.text import excerpt
from socialguard.registry import campaigns
from socialguard.registry.accounts import zones_of
from socialguard.workspace.opened import Workspace


class ReplacedByAnother(errors.UsageError):
    """{delivery} was edited or moved: another delivery took its place."""

    remedy = "Find it, and name that: socialguard queue list --account {account}"


if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.ledger.approvals import Word

PAGE: Final = 50
_STATES = click.Choice([state.value for state in State])

_EXCERPT: Final = 60


@command("list")
@click.option("--state", "states", multiple=True, type=_STATES, help="Only deliveries in this state.")
@click.option("--account", "accounts", multiple=True, metavar="SELECTOR", help="Only these accounts.")
@click.option("--campaign", metavar="NAME", help="Only what belongs to this campaign.")
@click.option("--awaiting-me", is_flag=True, help="Only those that you could approve.")
@click.option("--after", metavar="ID", help="Go on after this delivery.")
@click.option("--limit", type=click.IntRange(1, 1000), default=PAGE, show_default=True, help="How many.")
def list_(
    face: Face,
    states: tuple[str, ...],
    accounts: tuple[str, ...],
    campaign: str | None,
    awaiting_me: bool,
    after: str | None,
    limit: int,
) -> int:
    """List deliveries by the time at which they are due."""
    with open_workspace(face) as workspace, workspace.database.read() as connection:
        wanted = [State.AWAITING] if awaiting_me else [State(state) for state in states]
        books = workspace.signed.books(connection)
        ids = [account.id for account in books.registry.resolve(connection, accounts)] if accounts else []
        key = None if after is None else _key(reader.get(connection, after))
        mine = _awaiting(workspace, connection) if awaiting_me else None
        of = None if campaign is None else campaigns.find(connection, campaign_name(campaign))
        rows = reader.page(
            connection, states=wanted, account_ids=ids, campaign=of, ids=mine, after=key, limit=limit
        )
        more = rows[-1].id if len(rows) == limit else None
        rows, changed = _sound(rows)
        names = {one.id: f"{one.network}:@{one.handle}" for one in books.manifest.accounts}
        zones = zones_of(connection, {row.account_id for row in rows})
        frozen = _frozen(workspace, connection, rows)
        now = jcs.timestamp(clock.now())
        due = {row.account_id for row in rows if row.state == State.QUEUED.value and row.due <= now}
        waiting = behind(workspace, connection, due)
    told = []
    for row in rows:
        stop = frozen.get(row.id)
        word = waits_for(
            State(row.state), is_due=row.due <= now, is_frozen=stop is not None, is_behind=row.id in waiting
        )
        document = {
            **deliveries.row_document(row, names.get(row.account_id, row.account_id)),
            "waits_for": None if word is None else CODES[word],
            "stop": stop,
        }
        told.append((document, row, word))
    told.sort(key=lambda one: _place(one[0]))
    documents = [document for document, _row, _word in told]

    def people() -> None:
        face.printer.table(
            [_("delivery"), _("due"), _("account"), _("state"), _("waits for"), _("text")],
            [
                _cells(row, str(document["account"]), zones.get(row.account_id, "UTC"), _why(document, word))
                for document, row, word in told
            ],
        )
        if more is not None:
            again = _again(states, accounts, campaign, awaiting_me, limit)
            face.printer.note("There may be more: {again} --after {item}", again=again, item=more)
        for problem in changed:
            tell_lines(problem, face)

    error = {"error": error_document(changed[0])} if changed else {}
    face.printer.answer({"deliveries": documents, "more": more, **error}, people)
    return changed[0].exit_code if changed else 0


def _sound(rows: "Sequence[Any]") -> tuple[list[Any], list[errors.Tampered]]:
    """Return the rows that can be shown, and what is wrong with the others: they hide nothing but themselves."""
    from socialguard.ledger.rows import require_listed

    sound, changed = [], []
    for row in rows:
        try:
            require_listed(row)
        except errors.Tampered as problem:
            changed.append(problem)
        else:
            sound.append(row)
    return sound, changed


def _again(
    states: Sequence[str], accounts: Sequence[str], campaign: str | None, awaiting_me: bool, limit: int
) -> str:
    """The command line that narrows the list to the same."""
    words = [word for state in states for word in ("--state", state)]
    words += [word for account in accounts for word in ("--account", account)]
    words += [] if campaign is None else ["--campaign", campaign]
    words += ["--awaiting-me"] if awaiting_me else []
    words += [] if limit == PAGE else ["--limit", str(limit)]
    return shlex.join(("socialguard", "queue", "list", *words))


def _place(document: Mapping[str, Any]) -> tuple[str, str, str, int]:
    """By time; the parts of a thread, which are due at once, in their order."""
    place = document["thread"]
    return document["due"], document["draft"], document["account"], place["part"] if place else 0


@command("show")
@click.argument("delivery")
def show(face: Face, delivery: str) -> None:
    """Show one delivery whole."""
    from socialguard.cli.commands.approval import word_document
    from socialguard.publishing import threads

    with open_workspace(face) as workspace:
        value, account = found(workspace, delivery)
        with workspace.database.read() as connection:
            attempt = reader.open_attempt(connection, value.id)
            words = approvals.of(connection, value.fingerprint)
            names = {word.member: workspace.trust.named(connection, word.member) for word in words}
            parts = threads.parts_of(connection, value)
    document = deliveries.delivery_document(value, account)
    document["text"] = value.content.text
    document["link"] = value.content.link
    document["media"] = [{"file": item.file_name, "alt": item.alt} for item in value.content.media]
    document["parts"] = [
        {"id": part.id, "state": part.state.value, "text": part.content.text, "url": part.url} for part in parts
    ]
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
                (_("state"), f"{_(value.state.value)} {reason_told(value.state_reason)}".strip()),
                (_("due"), instant(value.due, account.zone)),
                *([(_("deletes"), value.target or "")] if value.act is Act.DELETE else []),
                *_thread_facts(parts),
                *([(_("answers"), value.content.reply_to)] if value.content.reply_to else []),
                (_("text"), value.content.text),
                *((_("media"), f"{item.file_name} ({item.alt})") for item in value.content.media),
                (_("link"), value.content.link or ""),
                (_("url"), value.url or ""),
                (_("draft"), value.draft_id),
                (_("campaign"), value.campaign_id or ""),
                *((_(word.decision), _said(word, names[word.member])) for word in words),
                (_("fingerprint"), value.fingerprint),
            ]
        ),
    )


def _said(word: "Word", name: str) -> str:
    """Who decided and why; of an attestation whose word it is, and who says so."""
    who = name if word.on_behalf is None else f"{word.on_behalf} ({name})"
    return f"{who}: {word.reason}" if word.reason else who


def _thread_facts(parts: Sequence[Delivery]) -> list[tuple[str, str]]:
    """Where every part of the thread stands, none outside a thread."""
    return [
        (
            _("part"),
            f"{deliveries.part_mark(part.content)} {part.id} {_(part.state.value)} {part.url or ''}".rstrip(),
        )
        for part in parts
    ]


def found(workspace: Workspace, delivery_id: str) -> tuple[Delivery, Account]:
    """Return a delivery and its account; NotFound, Tampered."""
    with workspace.database.read() as connection:
        value = reader.get(connection, delivery_id)
        return value, workspace.signed.books(connection).registry.account(connection, value.account_id)


def gone(value: Delivery, account: Account, act: str) -> errors.UsageError:
    """Return what is said where a delivery can no longer be edited, moved or released (`act`): of one that an edit
    or a move replaced, that its successor waits."""
    from socialguard.publishing.accept import EDITED

    if value.state is State.CANCELLED and value.state_reason == EDITED:
        return ReplacedByAnother(delivery=value.id, account=account)
    return errors.UsageError(detail=f"Delivery {value.id} is {value.state.value}; it can no longer be {act}.")


def _key(value: Delivery) -> tuple[str, str]:
    return jcs.timestamp(value.due), value.id


def _awaiting(workspace: Workspace, connection: "Connection") -> set[str]:
    """Return the ids of what this member could approve and has not."""
    from socialguard.publishing import deciding

    return {one.id for one in deciding.awaiting(connection, workspace.desk, workspace.identity.member_id)}


def _frozen(workspace: Workspace, connection: "Connection", rows: list[Any]) -> dict[str, dict[str, Any]]:
    """Return the freeze that keeps each queued row, by its id; asked for only where something is queued."""
    queued = [row for row in rows if row.state == State.QUEUED.value]
    if not queued:
        return {}
    from socialguard.registry import founding
    from socialguard.workspace.standing import Freezes, scope_told

    freezes = Freezes(workspace, connection)
    if not freezes:
        return {}
    books = workspace.signed.books(connection)
    accounts = {one: books.registry.account(connection, one) for one in {row.account_id for row in queued}}
    names = {key: one.name for key, one in founding.profiles(connection, books.manifest).items()}
    found = {}
    for row in queued:
        stop = freezes.on(accounts[row.account_id], row.submitter, row.fingerprint)
        if stop is not None:
            found[row.id] = {
                "scope": scope_told(stop.scope, accounts, names),
                "since": stop.since,
                "by": names.get(stop.actor, stop.actor),
                "reason": stop.reason,
            }
    return found


def _why(document: Mapping[str, Any], word: str | None) -> str | None:
    """Return what a delivery waits for, and why: the freeze, or what it is held for."""
    stop = document["stop"]
    held = document["reason"] if document["state"] == State.HELD.value else ""
    why = reason_told(held)
    if stop is not None:
        why = f"{_('frozen')} {named_scope(stop['scope'])}, {stop['by']}: {stop['reason']}"
    return word if word is None or not why else f"{_(word)} ({why})"


def _cells(row: Any, account: str, zone: str, word: str | None) -> tuple[str, ...]:  # Any: of ledger.reader.page
    from socialguard.ledger.rows import to_content

    content = to_content(row.content)
    act = _("(deletion)") if row.act == Act.DELETE.value else ""
    text = excerpt(f"{act} {deliveries.part_mark(content)} {content.text}".strip(), _EXCERPT)
    waits = "" if word is None else _(word)
    return row.id, minute(row.due, zone), account, _(row.state), waits, text
