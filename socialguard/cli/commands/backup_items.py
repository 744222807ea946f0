"""`socialguard backup list`, `show`, `search`: what is kept, for reading. Nothing here speaks to a network."""

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from socialguard import errors
from socialguard.canon import jcs
from socialguard.cli.accounts import one_account
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import account_argument, command, selectors
from socialguard.cli.times_told import instant, minute
from socialguard.cli.words import _, later, say
from socialguard.model.text import excerpt
from socialguard.workspace.opened import Workspace

if TYPE_CHECKING:
    from socialguard.archive.reader import Shown, Summary

PAGE: Final = 50
KINDS: Final = (later("post"), later("reply"), later("repost"), later("mention"), later("comment"))
_EXCERPT: Final = 70


@command("list")
@account_argument()
@click.option("--own", is_flag=True, help="Only what the account itself wrote.")
@click.option("--after", metavar="ITEM", help="Go on below this item.")
@click.option("--limit", type=click.IntRange(1, 1000), default=PAGE, show_default=True, help="How many.")
def list_(face: Face, account: str, own: bool, after: str | None, limit: int) -> None:
    """List what is kept of an account, newest first."""
    from socialguard.archive import reader

    with open_workspace(face) as workspace:
        names = _names(workspace)
        account_id = _kept_account(workspace, account)
        last = None if after is None else _found(workspace, names, after).summary
        with workspace.archive.database.read() as connection:
            found = reader.items(
                connection, account_ids=[account_id], own=True if own else None, before=last, limit=limit
            )
        zones = _zones(workspace)
    _tell(face, found, names, zones, limit, ["list", account, *(["--own"] if own else [])])


@command("search")
@click.argument("text")
@selectors("--account", required=False)
@click.option("--after", metavar="ITEM", help="Go on below this item.")
@click.option("--limit", type=click.IntRange(1, 1000), default=PAGE, show_default=True, help="How many.")
def search(face: Face, text: str, account: tuple[str, ...], after: str | None, limit: int) -> None:
    """Find items by words, in every version that was seen."""
    from socialguard.archive import reader

    with open_workspace(face) as workspace:
        names = _names(workspace)
        ids = None
        if account:
            with workspace.database.read() as connection:
                chosen = workspace.signed.books(connection).registry.resolve(connection, account)
            ids = [one.id for one in chosen]
        last = None if after is None else _found(workspace, names, after).summary
        with workspace.archive.database.read() as connection:
            found = reader.search(connection, text, account_ids=ids, before=last, limit=limit)
        zones = _zones(workspace)
    words = [word for one in account for word in ("--account", one)]
    asked = f" {text}" if text.startswith("-") else text  # else it would be read as an option
    _tell(face, found, names, zones, limit, ["search", asked, *words])


@command("show")
@click.argument("item")
def show(face: Face, item: str) -> None:
    """Show one item: its versions, metrics over time and files."""
    with open_workspace(face) as workspace:
        names = _names(workspace)
        found = _found(workspace, names, item)
        zone = _zones(workspace).get(found.summary.account_id, "UTC")
    document = _item_document(found.summary, names) | {
        "versions": [
            {"seen_at": jcs.timestamp(one.seen_at), "text": one.text, "hash": one.sha256, "content": one.content}
            for one in found.versions
        ],
        "snapshots": [{"taken_at": jcs.timestamp(one.taken_at), "metrics": one.counts} for one in found.snapshots],
        "files": [{"key": one.key, "url": one.url, "sha256": one.sha256} for one in found.files],
        "deleted_at": None if found.deleted is None else jcs.timestamp(found.deleted[0]),
        "deleted_why": None if found.deleted is None else found.deleted[1],
    }

    def people() -> None:
        summary = found.summary
        face.printer.facts(
            [
                (_("item"), document["item"]),
                (_("kind"), _(summary.kind.value)),
                (_("author"), f"{summary.author_name} ({summary.author_id})"),
                (_("made"), instant(summary.created_at, zone)),
                (_("url"), summary.url),
                (_("deleted"), _deleted(found, zone)),
            ]
        )
        for number, one in enumerate(found.versions, 1):
            face.printer.line()
            face.printer.say("version {number}, seen {at}:", number=number, at=minute(one.seen_at, zone))
            face.printer.lines(f"  {line}" for line in one.text.splitlines() or [""])
        if found.snapshots:
            face.printer.line()
            rows = ((minute(one.taken_at, zone), _counts(one.counts)) for one in found.snapshots)
            face.printer.table([_("metrics at"), _("values")], rows)
        if found.files:
            face.printer.line()
            face.printer.table(
                [_("file"), _("kept as")], ((one.key, one.sha256 or _("not kept")) for one in found.files)
            )

    face.printer.answer({"item": document}, people)


def _deleted(found: "Shown", zone: str) -> str:
    """What is known of an item's deletion, for people."""
    if found.deleted is None:
        return _("not that we know")
    at, why = found.deleted
    if why == "by_us":
        return say("by us; known since {at}", at=minute(at, zone))
    return say("its network shows it no more; asked twice, a day apart, at last {at}", at=minute(at, zone))


def _found(workspace: Workspace, names: dict[str, str], text: str) -> "Shown":
    """Return the item that `x:@acme/ID`, or an id that only one account has, names. An account that was removed is
    named by its id, as in lists."""
    from socialguard.archive import overview, reader

    account, slash, network_id = text.partition("/")
    with workspace.archive.database.read() as connection:
        if slash:
            owners = [key for key, name in names.items() if name == account] or [account]
        else:
            network_id = text
            owners = list(overview.holders(connection, network_id))
        if len(owners) > 1:
            candidates = [f"{names.get(one, one)}/{network_id}" for one in owners]
            raise errors.AmbiguousName(name=text, candidates=", ".join(candidates), example=candidates[0])
        found = reader.show(connection, owners[0], network_id) if owners else None
    if found is None:
        raise errors.NotFound(kind="item", name=text, hint="Run: socialguard backup list ACCOUNT")
    return found


def _kept_account(workspace: Workspace, name: str) -> str:
    """Return the id of the account that is named. What is kept of one that was removed stays: it goes by the name
    that it had, where no account has it now, or by its id, as `search` shows it."""
    from socialguard.registry.accounts import removed

    with workspace.database.read() as connection:
        try:
            return one_account(workspace, connection, name).id
        except errors.UnknownAccount:
            gone = [key for key, had in removed(connection).items() if name in (key, had)]
            if not gone:
                raise
    if len(gone) > 1:
        raise errors.AmbiguousName(name=name, candidates=", ".join(gone), example=gone[0])
    return gone[0]


def _names(workspace: Workspace) -> dict[str, str]:
    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
    return {one.id: f"{one.network}:@{one.handle}" for one in manifest.accounts}


def _zones(workspace: Workspace) -> dict[str, str]:
    from socialguard.registry.accounts import zones_of

    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
        return zones_of(connection, [one.id for one in manifest.accounts])


def _tell(
    face: Face,
    found: "Sequence[Summary]",
    names: dict[str, str],
    zones: dict[str, str],
    limit: int,
    asked: Sequence[str],
) -> None:
    """Print a page; `asked` are the words of the command after which the next one goes on."""
    documents = [_item_document(one, names) for one in found]
    more = documents[-1]["item"] if len(found) == limit else None

    def people() -> None:
        if not found:
            face.printer.say("Nothing is found.")
            return
        face.printer.table(
            [_("item"), _("made"), _("kind"), _("author"), _("text")],
            [
                (
                    row["item"],
                    minute(one.created_at, zones.get(one.account_id, "UTC")),
                    say("{kind}, deleted", kind=_(one.kind.value)) if one.is_deleted else _(one.kind.value),
                    "" if one.own else one.author_name,
                    excerpt(one.text, _EXCERPT),
                )
                for row, one in zip(documents, found, strict=True)
            ],
        )
        if more is not None:
            words = [*asked, *([] if limit == PAGE else ["--limit", str(limit)])]
            again = shlex.join(("socialguard", "backup", *words))
            face.printer.note("There may be more: {again} --after {item}", again=again, item=more)

    face.printer.answer({"items": documents, "more": more}, people)


def _item_document(one: "Summary", names: dict[str, str]) -> dict[str, Any]:
    account = names.get(one.account_id, one.account_id)
    return {
        "item": f"{account}/{one.network_id}",
        "account": account,
        "network_id": one.network_id,
        "kind": one.kind.value,
        "own": one.own,
        "author_id": one.author_id,
        "author_name": one.author_name,
        "text": one.text,
        "created_at": jcs.timestamp(one.created_at),
        "url": one.url,
        "reply_to": one.reply_to,
        "edits": one.versions - 1,
        "metrics": one.metrics,
        "deleted": one.is_deleted,
    }


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))
