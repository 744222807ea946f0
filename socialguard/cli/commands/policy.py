"""`socialguard policy …`: the rules that protect accounts."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import account_argument, command, reason
from socialguard.cli.words import _, counted, later

if TYPE_CHECKING:
    from socialguard.workspace.policies import Change

LEVELS = (later("off"), later("note"), later("warn"), later("hold"), later("block"))
_FILE = click.Path(path_type=Path, dir_okay=False)


@command("apply")
@click.argument("file", required=False, type=_FILE)
@reason(required=False)
def apply(face: Face, file: Path | None, reason: str | None) -> None:
    """Put a policy file in force: its hash goes into the signed manifest, and the sender obeys no other."""
    from socialguard.workspace import policies

    with open_workspace(face) as workspace:
        path = file or workspace.layout.policy
        manifest, is_new, changes = policies.apply(workspace, path, reason)
    document = {
        "file": str(path),
        "sha256": manifest.policy_sha256,
        "epoch": manifest.epoch,
        "changed": is_new,
        "changes": _changes(changes),
    }

    def people() -> None:
        if is_new:
            face.printer.say("In force: {file}, signed as manifest {epoch}.", file=path, epoch=manifest.epoch)
            if changes:
                _tell_changes(face, changes, _("before"), _("in force"))
        else:
            face.printer.say("{file} was in force already.", file=path)

    face.printer.answer({"policy": document}, people)


@command("show")
@account_argument()
def show(face: Face, account: str) -> None:
    """Show what holds for an account, and which section of the policy says so."""
    from socialguard.workspace import policies

    with open_workspace(face) as workspace:
        found, policy, rules, sha256 = policies.in_force(workspace, account)
        is_applied = policies.is_applied(workspace)
    values = {
        "secure": policy.secure,
        "grace": policy.grace,
        "reconfirm_after": policy.reconfirm_after,
        "approvals": policy.approvals,
        "approver": policy.approver,
        "approval_hours": policy.approval_hours,
        "holds": policy.holds,
        "max_late": policy.max_late,
    }
    document = {
        "account": str(found),
        **values,
        "checks": dict(policy.checks),
        "places": dict(policy.places),
        "effective": [{"rule": rule.name, "value": rule.value, "place": rule.place} for rule in rules],
        "sha256": sha256,
        "file_is_applied": is_applied,
    }

    def people() -> None:
        built_in = _("built in")
        rows = [(rule.name, _shown(rule.value), rule.place or built_in) for rule in rules]
        face.printer.table([_("rule"), _("value"), _("from")], rows)
        if not is_applied:
            face.printer.note("policy.toml is not what is in force. To apply it: socialguard policy apply")

    face.printer.answer({"policy": document}, people)


@command("diff")
@click.argument("file", required=False, type=_FILE)
def diff(face: Face, file: Path | None) -> None:
    """Show what a policy file would change for each account, against what is in force."""
    from socialguard.workspace import policies

    with open_workspace(face) as workspace:
        path = file or workspace.layout.policy
        changes = policies.changes(workspace, path)
    document = {"file": str(path), "changes": _changes(changes)}

    def people() -> None:
        if not changes:
            face.printer.say("{file} changes nothing for any account.", file=path)
            return
        _tell_changes(face, changes, _("in force"), _("in the file"))

    face.printer.answer({"policy": document}, people)


@command("check")
@click.argument("file", type=_FILE)
def check(face: Face, file: Path) -> None:
    """Check a policy file without applying it: every key, every value, every account that it names."""
    from socialguard.workspace import policies

    with open_workspace(face) as workspace:
        found = policies.check(workspace, file)
    document = {"file": str(file), "labels": sorted(found.labels), "accounts": sorted(found.accounts)}
    face.printer.answer(
        {"policy": document},
        lambda: face.printer.say(
            "{file} can be applied: rules for {labels} and {accounts}.",
            file=file,
            labels=counted("{count} label", "{count} labels", len(found.labels)),
            accounts=counted("{count} account", "{count} accounts", len(found.accounts)),
        ),
    )


def _changes(changes: "Sequence[Change]") -> list[dict[str, object]]:
    return [
        {
            "rule": one.name,
            "before": one.before,
            "after": one.after,
            "accounts": [str(account) for account in one.accounts],
        }
        for one in changes
    ]


def _tell_changes(face: Face, changes: "Sequence[Change]", before: str, after: str) -> None:
    rows = [
        (one.name, _shown(one.before), _shown(one.after), ", ".join(map(str, one.accounts))) for one in changes
    ]
    face.printer.table([_("rule"), before, after, _("accounts")], rows)


def _shown(value: object) -> str:
    """A rule's value for a person: levels in their language, lists in one cell."""
    if value is None or value == ():
        return "-"
    if isinstance(value, tuple):
        return ", ".join(value)
    return _(value) if isinstance(value, str) and value in LEVELS else str(value).lower()
