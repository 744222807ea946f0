"""`socialguard account …`: who the accounts are, and what proves it."""

import json
from pathlib import Path

import click

from socialguard import errors
from socialguard.cli import progress
from socialguard.cli.accounts import (
    account_document,
    holding_document,
    one_account,
    one_account_id,
    read_again,
    read_document,
    remember,
    tell,
    tell_facts,
)
from socialguard.cli.assent import Assent, require_assent
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import account_argument, command, confirm, reason
from socialguard.cli.words import _, later, number, say
from socialguard.model.account import Account, AccountName, AccountState


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
    from socialguard.cli.commands.mfa import mfa_document
    from socialguard.registry import founding

    with open_workspace(face) as workspace, workspace.database.read() as connection:
        found = one_account(workspace, connection, account)
        books = workspace.signed.books(connection)
        facts = books.registry.facts(connection, found.id)
        holding = workspace.custody.vault(books.manifest).holding(connection, found.id)
        names = {key: one.name for key, one in founding.profiles(connection, books.manifest).items()}
    document = account_document(found)
    document["contact"] = facts.contact
    document["mfa"] = mfa_document(found.mfa, names)
    document["credential"] = holding_document(holding)
    document["inspection"] = None if facts.inspection is None else json.loads(facts.inspection)
    tell_facts(face, document)


@command("verify")
@account_argument()
@click.option(
    "--take-name", is_flag=True, help="Follow a handle that the network changed; it asks for the new one."
)
@confirm
def verify(face: Face, account: str, take_name: bool, confirmed: tuple[str, ...]) -> None:
    """Ask the network whose the credential is, what it may do and when it ends."""
    from socialguard.vault import renaming, upkeep

    with open_workspace(face) as workspace:
        found = one_account_id(workspace, account)
        told = upkeep.verify(workspace.custody, found)
        renamed = told.renamed_to
        if take_name and renamed is not None:
            code = renaming.code_for(workspace.custody, found, renamed)
            _confirm_name(face, told.account, renamed, code, confirmed)
            renaming.take(workspace.custody, found, renamed)
            renamed = None
        after = read_again(workspace, found)
    inspection = told.inspection
    document = account_document(after)
    document["credential"] = holding_document(told.holding)
    document["identity"] = {
        "user_id": told.identity.user_id,
        "handle": told.identity.handle,
        "url": told.identity.url,
    }
    document["renamed_to"] = None if renamed is None else str(renamed)
    document["inspection"] = json.loads(upkeep.inspection_document(inspection))
    tell_facts(face, document)
    if not face.as_json:
        for warning in inspection.warnings:
            face.printer.note_line(_(warning))
        if renamed is not None:
            words = f"socialguard account verify {after} --take-name"
            face.printer.note("Its network calls it {name} now. To follow: {words}", name=renamed, words=words)
        elif take_name and str(after) != str(told.account):
            face.printer.note("{before} is {account} now.", before=told.account, account=after)
        elif take_name:
            face.printer.note("Its network calls it {account}, as it is registered.", account=after)


class NameNotTaken(errors.Cancelled):
    """Stopped. The account keeps its name here."""


def _confirm_name(
    face: Face, account: Account, renamed: AccountName, code: str | None, confirmed: tuple[str, ...]
) -> None:
    """The new name is what posts are confirmed by from now on, so it is typed whole once."""
    asked = Assent(
        told=say("{account} is called {name} at its network now; the user id is the same.",
                 account=account, name=renamed),
        question=later("Type {wanted} to take that name over. Enter stops:"),
        wanted=str(renamed) if code is None else f"{renamed} {code}",
        names=(str(renamed),),
        act=say("The new name of {account}", account=account),
    )  # fmt: skip
    require_assent(face, asked, confirmed, NameNotTaken)


@command("remove")
@account_argument()
@reason(required=False)
def remove(face: Face, account: str, reason: str | None) -> None:
    """Take an account out and destroy its credential here; the network keeps it valid until revoked."""
    from socialguard.ledger.reader import require_none_open
    from socialguard.vault import withdrawal

    with open_workspace(face) as workspace:
        found = one_account_id(workspace, account)
        with workspace.database.read() as connection:
            before = workspace.trust.account(connection, found)
        withdrawal.remove(workspace.custody, found, reason, require_unused=require_none_open)
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
        after = read_again(workspace, found)

    def people() -> None:
        face.printer.say("{account} has credential generation {gen}.", account=after, gen=gen)
        if after.state is AccountState.ROTATION_DUE:
            face.printer.note(
                "It is a token that {account} had before: it is still to be replaced.", account=after
            )

    face.printer.answer({"account": {**account_document(after), "generation": gen}}, people)


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
        workers, zone = [workspace.identity.worker_id], workspace.settings.zone or "UTC"
        rows = intake.import_file(workspace.custody, file, workers, lambda row: step(1), zone)
        remember(workspace)
    documents = [
        {
            "line": row.line,
            "account": str(row.name),
            "error": None if row.error is None else {"code": row.error.exit_code, "message": row.error.message()},
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
