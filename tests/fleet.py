"""An office of many accounts with many deliveries that are due at one moment, made fast: one epoch, a transaction
for each post. The daemon that sends them runs an hour later (`LATER`), so that all of it is due at once."""

import json
import secrets
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from socialguard import clock
from socialguard.model.account import AccountName
from socialguard.publishing import accept, prepare
from socialguard.publishing.interface import Answer, Request, Session
from socialguard.registry.enrolment import NewAccount
from socialguard.registry.signed import Grant, Right
from socialguard.sandbox.process import Running
from socialguard.vault import admission
from socialguard.vault.admission import Admission
from tests.office import Office, make_seed
from tests.office import found as found_office

LATER: Final = {"SOCIALGUARD_CLOCK": "+3601s"}


def names(count: int) -> list[str]:
    """Return the names of so many accounts, on X and Facebook in turn."""
    return [f"{('x', 'facebook')[number % 2]}:@brand{number:03d}" for number in range(count)]


def found(base: Path, sandbox: Running, seed: Mapping[str, Any]) -> Office:
    """Found a workspace with every account of `seed`, which the sandbox was given."""
    office = found_office(base, sandbox, {"accounts": []})
    with office.entered() as workspace:
        custody = workspace.custody
        worker = workspace.identity.worker_id
        admitted = []
        for entry in seed["accounts"]:
            name = AccountName(entry["network"], entry["handle"])
            origin = sandbox.x if name.network == "x" else sandbox.facebook
            credential = custody.read_document(name, entry["credential"])
            wanted = Admission(name, credential, [worker], origin, "fleet", f"n{secrets.token_hex(6)}")
            new = NewAccount(
                name=name,
                user_id=entry["user_id"],
                origin=origin,
                client="fleet",
                short_name=wanted.short_name,
                grants=[Grant(worker, Right.SEND)],
                display_name=entry["display_name"],
                followers=1,
            )
            admitted.append((wanted, new))
        admission.store(custody, admitted)
    return Office(base, sandbox, seed)


def make(base: Path, sandbox: Running, count: int) -> Office:
    """Set the sandbox back to so many accounts, and found an office with them."""
    seed = make_seed(names(count))
    sandbox.reset(seed)
    sandbox.settings(refuse_duplicates=False, rate_limits=False)
    return found(base, sandbox, json.loads(json.dumps(seed)))


def queue(
    office: Office, accounts: list[str], rounds: int, *, hours: int = 1, seconds: float = 0.0, begin: int = 0
) -> list[str]:
    """Queue `rounds` deliveries on each account, due in so many hours and seconds, and return their texts in the
    order in which each account must show them; `begin` numbers the first."""
    texts = [f"Number {begin + number} of the texts of this fleet" for number in range(rounds)]
    with office.entered() as workspace:
        at = (clock.now() + timedelta(hours=hours, seconds=seconds)).isoformat()
        for text in texts:
            request = Request(text=text, selectors=accounts, at=at)
            plan = prepare.prepare(workspace.desk, request, Session(None, "test"))
            assert not plan.stopping, plan.findings
            accept.accept(workspace.desk, plan, Answer(named=frozenset(accounts)))
    return texts
