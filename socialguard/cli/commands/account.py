"""`socialguard account …`: who the accounts are, and what proves it."""

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.cli import completion, progress
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import account_argument, command, reason
from socialguard.cli.words import _, later, number
from socialguard.model.account import Account, AccountName
from socialguard.model.credential import guard
from socialguard.workspace.opened import Workspace

MAX_DOCUMENT = 64 * 1024


@command("add")
@account_argument()
@click.option("--credential", required=True, metavar="-|FILE", help="The credential's JSON document; - is stdin.")
@click.option("--base-url", metavar="URL", help="Where the credential may be sent (a sandbox, a proxy).")
@click.option("--client", metavar="NAME", help="The brand or customer; without it the handle.")
@click.option("--short", metavar="NAME", help="The short name to type at a switch.")
@click.option("--label", "labels", multiple=True, metavar="NAME", help="A label (repeatable).")
@click.option("--zone", default=None, metavar="ZONE", help="Time zone of --at, e.g. Europe/Paris.")
@click.option("--attended", is_flag=True, help="Only a person at a terminal may use it.")
def add(
    face: Face,
    account: str,
    credential: str,
    base_url: str | None,
    client: str | None,
    short: str | None,
    labels: tuple[str, ...],
    zone: str | None,
    attended: bool,
) -> None:
    """Add an account: the network is asked whose the credential is, then it is sealed."""
    from socialguard.vault import admission

    name = AccountName.parse(account)
    document = read_document(credential)
    with open_workspace(face) as workspace:
        added = admission.add(
            workspace.custody,
            admission.Admission(
                name=name,
                credential=workspace.custody.read_document(name, document),
                workers=[workspace.identity.worker_id],
                origin=base_url,
                client=client,
                short_name=short,
                labels=labels,
                attended=attended,
                zone=zone or workspace.settings.zone or "UTC",
            ),
        )
        remember(workspace)
    tell(face, added, later("Added {account} ({client}), short name {short}."))


@command("list")
def list_(face: Face) -> None:
    """List the accounts."""
    with open_workspace(face) as workspace:
        accounts = workspace.accounts()

    def people() -> None:
        face.printer.table(
            [_("account"), _("short name"), _("client"), _("name"), _("followers"), _("labels"), _("state")],
            [
                (
                    str(one),
                    one.short_name,
                    one.client,
                    one.display_name,
                    "" if one.followers is None else number(one.followers),
                    " ".join(one.labels),
                    _(one.state.value),
                )
                for one in accounts
            ],
        )

    face.printer.answer({"accounts": [account_document(one) for one in accounts]}, people)


@command("show")
@account_argument()
def show(face: Face, account: str) -> None:
    """Show one account, and what is known of its credential without opening it."""
    with open_workspace(face) as workspace, workspace.database.read() as connection:
        found = one_account(workspace, connection, account)
        books = workspace.signed.books(connection)
        facts = books.registry.facts(connection, found.id)
        holding = workspace.custody.vault(books.manifest).holding(connection, found.id)
    document = account_document(found)
    document["contact"] = facts.contact
    document["credential"] = holding_document(holding)
    document["inspection"] = None if facts.inspection is None else json.loads(facts.inspection)
    _tell_facts(face, document)


@command("verify")
@account_argument()
def verify(face: Face, account: str) -> None:
    """Ask the network whose the credential is, what it may do and when it ends."""
    from socialguard.vault import upkeep

    with open_workspace(face) as workspace:
        found = one_account_id(workspace, account)
        told = upkeep.verify(workspace.custody, found)
        remember(workspace)
    inspection = told.inspection
    document = account_document(told.account)
    document["credential"] = holding_document(told.holding)
    document["identity"] = {
        "user_id": told.identity.user_id,
        "handle": told.identity.handle,
        "url": told.identity.url,
    }
    document["renamed_to"] = None if told.renamed_to is None else str(told.renamed_to)
    document["inspection"] = json.loads(upkeep.inspection_document(inspection))
    _tell_facts(face, document)
    if not face.as_json:
        for warning in inspection.warnings:
            face.printer.note_line(_(warning))


@command("rename")
@account_argument()
@click.argument("short_name")
def rename(face: Face, account: str, short_name: str) -> None:
    """Give an account another short name."""
    from socialguard.registry import changes

    with open_workspace(face) as workspace:
        found = one_account_id(workspace, account)
        workspace.custody.amend(
            "account.rename",
            found,
            lambda connection, owner, manifest: changes.rename(connection, owner, manifest, found, short_name),
            obj={"short_name": short_name},
        )
        after = _again(workspace, found)
    tell(face, after, later("{account} is now {short}."))


@command("label")
@account_argument()
@click.argument("labels", nargs=-1, required=True, metavar="+LABEL|-LABEL…")
def label(face: Face, account: str, labels: tuple[str, ...]) -> None:
    """Put labels on an account (+fr) or take them off (-- -fr)."""
    from socialguard.registry import changes

    add_names = [name.removeprefix("+") for name in labels if not name.startswith("-")]
    drop_names = [name[1:] for name in labels if name.startswith("-")]
    with open_workspace(face) as workspace:
        found = one_account_id(workspace, account)
        workspace.custody.amend(
            "account.label",
            found,
            lambda connection, owner, manifest: changes.relabel(
                connection, owner, manifest, found, add=add_names, drop=drop_names
            ),
            obj={"add": add_names, "drop": drop_names},
        )
        after = _again(workspace, found)
    tell(face, after, later("{account}: {labels}"))


@command("client")
@account_argument()
@click.argument("client")
def client(face: Face, account: str, client: str) -> None:
    """Move an account to a client (a brand or customer)."""
    from socialguard.registry import changes

    with open_workspace(face) as workspace:
        found = one_account_id(workspace, account)
        workspace.custody.amend(
            "account.client",
            found,
            lambda connection, owner, manifest: changes.set_client(connection, owner, manifest, found, client),
            obj={"client": client},
        )
        after = _again(workspace, found)
    tell(face, after, later("{account} belongs to {client}."))


@command("remove")
@account_argument()
@reason(required=False)
def remove(face: Face, account: str, reason: str | None) -> None:
    """Take an account out and destroy its credential here; the network keeps it valid until revoked."""
    from socialguard.vault import withdrawal

    with open_workspace(face) as workspace:
        found = one_account_id(workspace, account)
        with workspace.database.read() as connection:
            before = workspace.trust.account(connection, found)
        withdrawal.remove(workspace.custody, found, reason)
        remember(workspace)
    tell(face, before, later("Removed {account}. Its credential is destroyed here; revoke it at the network too."))


@command("rotate")
@account_argument()
@click.option(
    "--credential", required=True, metavar="-|FILE", help="The new credential's JSON document; - is stdin."
)
@reason(required=False)
def rotate(face: Face, account: str, credential: str, reason: str | None) -> None:
    """Replace the credential of an account, after the network said whose it is."""
    from socialguard.vault import admission

    document = read_document(credential)
    with open_workspace(face) as workspace:
        found = one_account_id(workspace, account)
        with workspace.database.read() as connection:
            name = workspace.trust.account(connection, found).name
        gen = admission.rotate(workspace.custody, found, workspace.custody.read_document(name, document), reason)
        after = _again(workspace, found)
    face.printer.answer(
        {"account": {**account_document(after), "generation": gen}},
        lambda: face.printer.say("{account} has credential generation {gen}.", account=after, gen=gen),
    )


@command("revoke")
@account_argument()
@reason(required=False)
def revoke(face: Face, account: str, reason: str | None) -> int:
    """Ask the network to forget a credential, until it is rejected there."""
    from socialguard.vault import withdrawal

    with open_workspace(face) as workspace:
        done = withdrawal.revoke(workspace.custody, one_account_id(workspace, account), reason)
    document = {"account": str(done.account), "revoked": done.revoked, "page": done.page, "logged": done.logged}

    def people() -> None:
        if done.revoked:
            face.printer.say("{account}: the network rejects the credential now.", account=done.account)
            return
        face.printer.say(
            "{account}: the network still accepts the credential. Run it again.", account=done.account
        )
        if done.page:
            face.printer.say("A person can revoke it here: {page}", page=done.page)

    face.printer.answer({"revocation": document}, people)
    return 0 if done.revoked else errors.PartlyDone.exit_code


@command("import")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def import_(face: Face, file: Path) -> int:
    """Add many accounts from a CSV or JSON-lines file; every row is checked before the first is added."""
    from socialguard.vault import intake

    with open_workspace(face) as workspace, progress.over(face, _("accounts")) as step:
        rows = intake.import_file(workspace.custody, file, [workspace.identity.worker_id], lambda row: step(1))
        remember(workspace)
    documents = [
        {
            "line": row.line,
            "account": str(row.name),
            "error": None if row.error is None else {"code": _code(row.error), "message": row.error.message()},
        }
        for row in rows
    ]
    failed = [row for row in rows if row.error is not None]

    def people() -> None:
        for row in rows:
            outcome = _("added") if row.error is None else row.error.message(_)
            face.printer.say("line {line}: {account}: {outcome}", line=row.line, account=row.name, outcome=outcome)

    face.printer.answer({"rows": documents}, people)
    return errors.gravest(row.error.exit_code for row in failed if row.error is not None)


# ── what the other account commands share ────────────────────────────────────────────────────────────────


def read_document(place: str) -> Mapping[str, object]:
    """Return the JSON document on stdin (`-`) or in a file; no value of it is ever repeated.

    Raises UsageError where it is not a JSON object of at most 64 KiB, Unreadable."""
    try:
        data = sys.stdin.buffer.read(MAX_DOCUMENT + 1) if place == "-" else Path(place).read_bytes()
    except OSError as problem:
        raise errors.Unreadable(path="The credential", detail=problem.strerror or "it cannot be opened.") from None
    document: object = None
    if len(data) <= MAX_DOCUMENT:
        try:
            document = json.loads(data)
        except (ValueError, RecursionError):
            document = None
    if not isinstance(document, dict):
        raise errors.UsageError(
            detail="The credential is not a JSON object.", remedy="docs/cli.md shows the documents."
        )
    guard(value for name, value in document.items() if name != "kind" and isinstance(value, str))
    return document


def account_document(account: Account) -> dict[str, Any]:
    """Return an account as scripts read it."""
    return {
        "account": str(account),
        "id": account.id,
        "network": account.network,
        "handle": account.handle,
        "user_id": account.user_id,
        "client": account.client,
        "short_name": account.short_name,
        "display_name": account.display_name,
        "followers": account.followers,
        "labels": list(account.labels),
        "origin": account.origin,
        "zone": account.zone,
        "attended": account.attended,
        "state": account.state.value,
    }


def holding_document(holding: Any) -> dict[str, Any]:  # Any: vault.credentials.Holding, imported late
    """Return what is known of a credential without opening it."""
    return {
        "generation": holding.gen,
        "state": holding.state,
        "created_at": jcs.timestamp(holding.created_at),
        "age_days": max(0, (clock.now() - holding.created_at).days),
        "last_used_at": None if holding.last_used_at is None else jcs.timestamp(holding.last_used_at),
        "expires_at": None if holding.expires_at is None else jcs.timestamp(holding.expires_at),
        "recipients": list(holding.recipients),
    }


def one_account(workspace: Workspace, connection: Any, selector: str) -> Account:
    """Return the one account that a selector names; UsageError where it names several."""
    found: Sequence[Account] = workspace.signed.books(connection).registry.resolve(connection, [selector])
    if len(found) != 1:
        raise errors.UsageError(detail=f"{selector} names {len(found)} accounts; name one.")
    return found[0]


def one_account_id(workspace: Workspace, selector: str) -> str:
    """Return the id of the one account that a selector names."""
    with workspace.database.read() as connection:
        return one_account(workspace, connection, selector).id


def remember(workspace: Workspace) -> None:
    """Write the names that shell completion offers; that it cannot be written harms nothing."""
    accounts = workspace.accounts()
    try:
        completion.remember_accounts(
            workspace.layout.home,
            accounts=[str(one) for one in accounts],
            short_names=[one.short_name for one in accounts],
            clients={one.client for one in accounts},
            labels={name for one in accounts for name in one.labels},
        )
    except OSError:
        return


def tell(face: Face, account: Account, sentence: str) -> None:
    """Print one account after something was done to it."""
    face.printer.answer(
        {"account": account_document(account)},
        lambda: face.printer.say(
            sentence,
            account=account,
            client=account.client,
            short=account.short_name,
            labels=" ".join(account.labels),
        ),
    )


def _again(workspace: Workspace, account_id: str) -> Account:
    remember(workspace)
    with workspace.database.read() as connection:
        return workspace.trust.account(connection, account_id)


def _tell_facts(face: Face, document: dict[str, Any]) -> None:
    pairs = [(key, _shown(value)) for key, value in document.items() if not isinstance(value, dict)]
    for part in ("credential", "identity", "inspection"):
        inner = document.get(part)
        if isinstance(inner, dict):
            pairs.extend((f"{part}.{key}", _shown(value)) for key, value in inner.items() if key != "warnings")
    face.printer.answer({"account": document}, lambda: face.printer.facts(pairs))


def _shown(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or "–"
    return str(value)


def _code(problem: errors.SocialGuardError) -> int:
    return problem.exit_code
