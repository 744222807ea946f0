"""`socialguard mfa …`: the second factor of each account's log-in, as somebody saw it at the network."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from socialguard import clock, errors
from socialguard.canon import jcs
from socialguard.cli.accounts import one_account_id
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import account_argument, command, selector_arguments
from socialguard.cli.times_told import minute
from socialguard.cli.words import _, later
from socialguard.model.account import Account
from socialguard.model.mfa import Method, Mfa, weakness
from socialguard.workspace.opened import Workspace

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from socialguard.registry.interface import OwnerSigner
    from socialguard.registry.manifest import Manifest

ACTION = "account.mfa"
_WORDS = (later("app"), later("key"), later("sms"))
"""The words for methods, as the catalogue has them."""


@command("set")
@account_argument()
@click.option(
    "--method", required=True, type=click.Choice([one.value for one in Method]), help="What is asked for."
)
@click.option("--checked-by", metavar="MEMBER", help="Who looked at the network; without it you.")
@click.option("--at", metavar="TIME", help="When they looked (ISO 8601); without it now.")
def set_(face: Face, account: str, method: str, checked_by: str | None, at: str | None) -> None:
    """Sign which second factor an account's log-in has, as somebody saw at the network."""
    from socialguard.cli.commands.audit import instant
    from socialguard.registry import changes
    from socialguard.workspace import membership

    given = instant(at)
    with open_workspace(face) as workspace:
        found = one_account_id(workspace, account)
        by = workspace.person.id if checked_by is None else membership.find(workspace, checked_by).id
        now = clock.now()
        if given is not None and given > now:
            raise errors.UsageError(detail="--at lies ahead: nobody has looked yet.")
        mfa = Mfa(Method(method), given or now, by)

        def act(connection: "Connection", owner: "OwnerSigner", manifest: "Manifest") -> "Manifest":
            return changes.set_mfa(connection, owner, manifest, found, mfa)

        obj = {"method": method, "checked_at": jcs.timestamp(mfa.checked_at), "by": by}
        workspace.custody.amend(ACTION, found, act, obj=obj)
        _tell_one(face, workspace, found)


@command("show")
@account_argument()
def show(face: Face, account: str) -> None:
    """Show the second factor of an account: which, who looked, and when."""
    with open_workspace(face) as workspace:
        _tell_one(face, workspace, one_account_id(workspace, account))


@command("list")
@selector_arguments(required=False)
def list_(face: Face, selectors: tuple[str, ...]) -> None:
    """List the second factors of accounts, and what is wrong with each."""
    with open_workspace(face) as workspace, workspace.database.read() as connection:
        registry = workspace.signed.books(connection).registry
        found = registry.resolve(connection, selectors) if selectors else registry.all(connection)
        names = _names(workspace, connection)
        rows = [(one, _row(workspace, connection, one, names)) for one in found]

    def people() -> None:
        heads = [_("account"), _("second factor"), _("checked"), _("by"), _("what is wrong")]
        face.printer.table(heads, [_cells(one, row) for one, row in rows])

    face.printer.answer({"mfa": [row for _one, row in rows]}, people)


def mfa_document(mfa: Mfa | None, names: Mapping[str, str]) -> dict[str, object] | None:
    """Return an attestation as scripts read it; null where there is none."""
    if mfa is None:
        return None
    by = names.get(mfa.by, mfa.by)
    return {"method": mfa.method.value, "checked_at": jcs.timestamp(mfa.checked_at), "by": by}


def _tell_one(face: Face, workspace: Workspace, account_id: str) -> None:
    with workspace.database.read() as connection:
        account = workspace.trust.account(connection, account_id)
        row = _row(workspace, connection, account, _names(workspace, connection))

    def people() -> None:
        heads = [_("account"), _("second factor"), _("checked"), _("by"), _("what is wrong")]
        face.printer.facts(list(zip(heads, _cells(account, row), strict=True)))

    face.printer.answer({"mfa": row}, people)


def _row(
    workspace: Workspace, connection: "Connection", account: Account, names: Mapping[str, str]
) -> dict[str, object]:
    """One account as scripts read it; what policy finds wrong, else what the usual measure does."""
    found = workspace.trust.second_factor(connection, account)
    usual = weakness(account.mfa, clock.now())
    problem = None if usual is None else usual[0].format_map(usual[1])
    return {
        "account": str(account),
        "mfa": mfa_document(account.mfa, names),
        "problem": problem if found is None else found.detail,
    }


def _cells(account: Account, row: Mapping[str, object]) -> tuple[str, ...]:
    from socialguard.cli.phrases import phrase

    problem = row["problem"]
    told = "" if problem is None else phrase(str(problem))
    if account.mfa is None:
        return str(account), "–", "–", "–", told
    document = row["mfa"]
    assert isinstance(document, dict)
    when = minute(account.mfa.checked_at, account.zone)
    return str(account), _(account.mfa.method.value), when, str(document["by"]), told


def _names(workspace: Workspace, connection: "Connection") -> dict[str, str]:
    from socialguard.registry import founding

    known = founding.profiles(connection, workspace.signed.books(connection).manifest)
    return {key: one.name for key, one in known.items()}
