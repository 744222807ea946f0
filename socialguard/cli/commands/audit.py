"""`socialguard audit …`: who touched which account, and whether the log still says so."""

import base64
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from socialguard import errors
from socialguard.cli.deliveries import tell_held
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import INDEX, command, reason
from socialguard.cli.words import _, counted
from socialguard.workspace.opened import Workspace


@command("list")
@click.option("--account", metavar="ACCOUNT", help="Only entries of this account.")
@click.option("--actor", metavar="NAME", help="Only entries of this member or worker: name or id.")
@click.option("--action", metavar="ACTION", help="Only this action, e.g. delivery or delivery.send.")
@click.option("--since", metavar="TIME", help="Not before this instant (ISO 8601).")
@click.option("--until", metavar="TIME", help="Before this instant (ISO 8601).")
@click.option("--before", type=INDEX, metavar="SEQ", help="Go on below this entry.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many.")
def list_(
    face: Face,
    account: str | None,
    actor: str | None,
    action: str | None,
    since: str | None,
    until: str | None,
    before: int | None,
    limit: int,
) -> None:
    """List entries, newest first: when, who, what, on which account, with which outcome."""
    from socialguard.audit import reader
    from socialguard.workspace import reading

    with open_workspace(face) as workspace:
        names, people_names = names_of(workspace)
        wanted = wanted_of(workspace, account, _member(actor, people_names), action, since, until)
        start = None
        if before is not None:
            start = (reader.show(workspace.database, before).incarnation, before)
        entries = reader.page(workspace.database, wanted, limit=limit, before=start)
        asked = {"actor": wanted.actor, "action": action, "since": since, "until": until}
        shown = reading.span([(one.incarnation, one.seq) for one in entries])
        reading.note(workspace, "audit.list", {**asked, **shown}, account=wanted.account)

    def people() -> None:
        is_short = face.printer.table(
            [_("entry"), _("when (UTC)"), _("who"), _("what"), _("account"), _("outcome"), _("reason")],
            [
                (
                    entry.seq,
                    _when(entry),
                    people_names.get(entry.actor.id, entry.actor.id),
                    entry.action or _("(only its hash is kept)"),
                    names.get(entry.account or "", entry.account or ""),
                    entry.outcome,
                    (entry.reason or "")[:60],
                )
                for entry in entries
            ],
            6,
        )
        if is_short and any(entry.reason for entry in entries):
            face.printer.note("Reasons: socialguard audit show ENTRY, or a wider terminal.")

        if any(entry.clock_back for entry in entries):
            face.printer.note("* The clock had been set back then; audit show says what it showed.")

    face.printer.answer({"entries": [_entry_document(one, names, people_names) for one in entries]}, people)


@command("show")
@click.argument("seq", type=INDEX)
def show(face: Face, seq: int) -> None:
    """Show one entry whole."""
    from socialguard.audit import reader
    from socialguard.workspace import reading

    with open_workspace(face) as workspace:
        names, people_names = names_of(workspace)
        entry = reader.show(workspace.database, seq)
        reading.note(workspace, "audit.show", reading.span([(entry.incarnation, entry.seq)]))
    document = _entry_document(entry, names, people_names)
    face.printer.answer({"entry": document}, lambda: face.printer.facts(list(_lines(document))))


@command("checkpoint")
def checkpoint(face: Face) -> int:
    """Sign the log as it stands and hand it to every anchor."""
    with open_workspace(face) as workspace:
        published = workspace.checkpoint(everywhere=True)
        tree = workspace.pins.pinned_tree()
        signs = workspace.signs_log
    document = {
        "size": 0 if tree is None else tree.size,
        "signed": signs,
        "anchors": [{"anchor": one.anchor, "count": one.count, "error": one.error} for one in published],
    }

    def people() -> None:
        if signs:
            face.printer.line(
                counted("Signed: {count} entry.", "Signed: {count} entries.", 0 if tree is None else tree.size)
            )
        else:
            face.printer.say(
                "Not signed: the key of the log is on another machine. This one remembers how it stands."
            )
        for one in published:
            if one.error is None:
                face.printer.line(
                    counted(
                        "{anchor}: {count} checkpoint.",
                        "{anchor}: {count} checkpoints.",
                        one.count,
                        anchor=one.anchor,
                    )
                )
            else:
                face.printer.line(f"{one.anchor}: {one.error}")

    face.printer.answer(document, people)
    return errors.PartlyDone.exit_code if any(one.error for one in published) else 0


@command("export")
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--account", metavar="ACCOUNT", help="Inclusion proofs only for entries of this account.")
@click.option("--action", metavar="ACTION", help="Inclusion proofs only for this action, e.g. delivery.")
@click.option("--since", metavar="TIME", help="Inclusion proofs only for entries not before this instant.")
@click.option("--until", metavar="TIME", help="Inclusion proofs only for entries before this instant.")
def export(
    face: Face, directory: Path, account: str | None, action: str | None, since: str | None, until: str | None
) -> None:
    """Export the log to a new directory, with checkpoints, keys and proofs, for whoever checks it elsewhere."""
    from socialguard.audit import exporting
    from socialguard.workspace import reading

    with open_workspace(face) as workspace:
        wanted = wanted_of(workspace, account, None, action, since, until)
        if directory.absolute().resolve().is_relative_to(workspace.layout.home.absolute().resolve()):
            raise errors.UsageError(detail="An export lies outside the workspace.")
        proofs = {"action": action, "since": since, "until": until}
        reading.note(workspace, "audit.export", proofs, account=wanted.account)
        workspace.checkpoint()
        with workspace.database.read() as connection:
            keys = workspace.signed.log_keys(connection)
        made = exporting.export(workspace.database, workspace.org, keys, directory, wanted)
    document = {
        "directory": str(directory),
        "entries": made.entries,
        "size": made.size,
        "incarnation": made.incarnation,
        "root": base64.b64encode(made.root).decode(),
        "checkpoints": made.checkpoints,
        "keys": made.keys,
        "proofs": made.proofs,
    }
    face.printer.answer(
        document,
        lambda: face.printer.say(
            "{entries} and {proofs} in {file}.",
            entries=counted("{count} entry", "{count} entries", made.entries),
            proofs=counted("{count} proof", "{count} proofs", made.proofs),
            file=directory,
        ),
    )


@command("accept")
@reason()
def accept(face: Face, reason: str) -> None:
    """Accept that the log was damaged: declare the gap, signed by an owner, and begin it again."""
    from socialguard.workspace import accepting

    with open_workspace(face) as workspace:
        done = accepting.accept(workspace, reason)
    declared = done.declared
    gaps = [{"incarnation": gap.incarnation, "first": gap.first, "last": gap.last} for gap in declared.gaps]
    document = {
        "incarnation": declared.incarnation,
        "intact": declared.intact,
        "gaps": gaps,
        "held": list(done.held),
        "unknown": list(done.unknown),
    }

    def people() -> None:
        face.printer.line(
            counted(
                "The log begins again as incarnation {number}; {count} entry before it is proved.",
                "The log begins again as incarnation {number}; {count} entries before it are proved.",
                declared.intact,
                number=declared.incarnation,
            )
        )
        tell_held(face, done.held, done.unknown)

    face.printer.answer(document, people)


def _when(entry: Any) -> str:  # Any: audit.reader.Logged, imported late
    """Return the time of an entry to the second, marked where the clock had been set back."""
    return f"{entry.ts[:19].replace('T', ' ')}{' *' if entry.clock_back else ''}"


def _lines(document: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, object]]:
    """Return what an entry says as names and values: what lies within another thing has that one's name before."""
    for key, value in document.items():
        name = f"{above}{key}"
        if isinstance(value, Mapping):
            yield from _lines(value, f"{name}.")
        elif isinstance(value, (list, tuple)):
            yield name, ", ".join(str(item) for item in value)
        elif value is not None:
            yield name, value


def wanted_of(
    workspace: Workspace,
    account: str | None,
    actor: str | None,
    action: str | None,
    since: str | None,
    until: str | None,
) -> Any:  # Any: audit.reader.Filter, imported late
    """Return which entries the options of a command mean."""
    from socialguard.audit.reader import Filter

    account_id = None
    if account is not None:
        with workspace.database.read() as connection:
            found = workspace.signed.books(connection).registry.resolve(connection, [account])
        account_id = found[0].id
    return Filter(account_id, actor, action, instant(since), instant(until))


def instant(text: str | None) -> datetime | None:
    """Return an instant that was given in ISO 8601, UTC where it names no zone; raises BadTime."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise errors.BadTime(text=text, detail="it is not ISO 8601.", remedy="Write 2026-11-27T09:00Z.") from None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


def names_of(workspace: Workspace) -> tuple[dict[str, str], dict[str, str]]:
    """Names of accounts and of members, by id."""
    from socialguard.registry import founding

    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
        profiles = founding.profiles(connection, manifest)
    accounts = {one.id: f"{one.network}:@{one.handle}" for one in manifest.accounts}
    return accounts, {key: profile.name for key, profile in profiles.items()}


def _member(actor: str | None, people: dict[str, str]) -> str | None:
    """Return the id of the one member or worker with this name; else what was given, which is an id then."""
    ids = [key for key, name in people.items() if name == actor]
    if len(ids) > 1:
        raise errors.AmbiguousName(name=actor, candidates=", ".join(sorted(ids)), example=min(ids))
    if not ids and actor is not None and not actor.startswith(("m-", "w-")):
        raise errors.NotFound(kind="member", name=actor, hint="Run: socialguard audit list")
    return ids[0] if ids else actor


def _entry_document(entry: Any, names: dict[str, str], people: dict[str, str]) -> dict[str, Any]:
    """Return an entry (audit.reader.Logged, imported late) as scripts read it."""
    return {
        "seq": entry.seq,
        "is_pruned": entry.is_pruned,
        "leaf_hash": entry.leaf_hash.hex(),
        "incarnation": entry.incarnation,
        "ts": entry.ts,
        "actor": {
            "id": entry.actor.id,
            "name": people.get(entry.actor.id),
            "kind": entry.actor.kind,
            "via": entry.actor.via,
            "proof": entry.actor.proof,
        },
        "action": entry.action,
        "account": names.get(entry.account, entry.account) if entry.account else None,
        "outcome": entry.outcome,
        "corr": entry.corr,
        "fingerprint": entry.fingerprint,
        "reason": entry.reason,
        "obj": dict(entry.obj),
    }
