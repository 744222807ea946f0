"""`socialguard policy …`: the rules that protect accounts."""

from pathlib import Path

import click

from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import account_argument, command, reason
from socialguard.cli.words import _, later

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
        manifest, is_new = policies.apply(workspace, path, reason)
    document = {"file": str(path), "sha256": manifest.policy_sha256, "epoch": manifest.epoch, "changed": is_new}

    def people() -> None:
        if is_new:
            face.printer.say("In force: {file}, signed as manifest {epoch}.", file=path, epoch=manifest.epoch)
        else:
            face.printer.say("{file} was in force already.", file=path)

    face.printer.answer({"policy": document}, people)


@command("show")
@account_argument()
def show(face: Face, account: str) -> None:
    """Show what holds for an account, and which section of the policy says so."""
    from socialguard.workspace import policies

    with open_workspace(face) as workspace:
        found, policy, sha256 = policies.in_force(workspace, account)
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
        "sha256": sha256,
        "file_is_applied": is_applied,
    }

    def people() -> None:
        built_in = _("built in")
        rows = [(name, str(value).lower(), policy.places.get(name, built_in)) for name, value in values.items()]
        rows += [
            (f"checks.{name}", _(level), policy.places[f"checks.{name}"]) for name, level in policy.checks.items()
        ]
        face.printer.table([_("rule"), _("value"), _("from")], rows)
        if not is_applied:
            face.printer.note("policy.toml is not what is in force. To apply it: socialguard policy apply")

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
            "{file} can be applied: rules for {labels} labels and {accounts} accounts.",
            file=file,
            labels=len(found.labels),
            accounts=len(found.accounts),
        ),
    )
