"""What it costs when an owner leaves: every credential of 200 accounts sealed anew, in one transaction."""

import secrets
import time
from pathlib import Path
from typing import Final

from socialguard.model.credential import Credential
from socialguard.registry.signed import Member, Role, Status
from socialguard.vault import resealing
from socialguard.vault.keys import KeyPair
from socialguard.workspace import membership
from socialguard.workspace.opened import Workspace
from tests.benchmarks import company
from tests.benchmarks.table import Line, milliseconds

ACCOUNTS: Final = 200
LIMIT: Final = 2.0
RUNS: Final = 3


def lines(base: Path) -> list[Line]:
    """Measure the removal of an owner who could open every credential."""
    made = company.build(base, accounts=ACCOUNTS, deliveries=0)
    with company.under(made.environment), Workspace(made.home) as workspace:
        _store_credentials(workspace)
        took = []
        for number in range(RUNS):
            leaver = _join(workspace, f"Paul {number}")
            start = time.perf_counter()
            left = membership.set_status(workspace, leaver, Status.REMOVED, "left")
            took.append(time.perf_counter() - start)
            assert len(left.rekeyed.generations) == len(left.rekeyed.rotation_due) == ACCOUNTS or number
            assert len(left.rekeyed.generations) == ACCOUNTS
    best = min(took)
    return [
        Line(
            measure=f"remove an owner, {ACCOUNTS} credentials sealed anew",
            ours=milliseconds(best),
            limit=f"≤ {milliseconds(LIMIT)}",
            ok=best <= LIMIT,
        )
    ]


def _store_credentials(workspace: Workspace) -> None:
    custody, owner = workspace.custody, workspace.keys.member()
    with workspace.database.write() as connection:
        manifest = custody.manifest(connection)
        for account in manifest.accounts:
            names = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
            value = Credential(account.network, "oauth1", {name: secrets.token_hex(16) for name in names})
            custody.vault(manifest).store(connection, account.id, value, owner, custody.actor)


def _join(workspace: Workspace, name: str) -> str:
    """Make somebody an owner whose keys are nowhere but here, and return the id."""
    from socialguard.registry import members

    pair, id = KeyPair.generate(), f"m-{secrets.token_hex(6)}"
    member = Member(id, pair.x25519, pair.ed25519, Role.OWNER)
    resealing.amend(
        workspace.custody,
        membership.ADD,
        lambda connection, owner, manifest: members.admit(connection, owner, manifest, member, name),
        lambda _: [(None, {"member": id})],
    )
    return id
