"""How long a panic of 50 accounts takes on the sandbox, from the shell: freeze, cancel, look what strangers
posted, evidence, delete, revoke, tell."""

import time
from pathlib import Path
from typing import Final

from socialguard.sandbox.process import start
from tests import fleet
from tests.benchmarks.table import Line, milliseconds

ACCOUNTS: Final = 50
LIMIT_S: Final = 5.0
_WHY: Final = ("--reason", "hacked", "--json")


def lines(base: Path) -> list[Line]:
    """Measure a panic that deletes and revokes, and one that only stops."""
    names = fleet.names(ACCOUNTS)
    confirmed = [word for name in names for word in ("--confirm", name)]
    found = []
    with start({"accounts": []}) as sandbox:
        for title, more in (("panic", ()), ("panic, all of it", ("--delete-foreign", "--revoke", *confirmed))):
            office = fleet.make(base / title.replace(", ", "-").replace(" ", "-"), sandbox, ACCOUNTS)
            done = office.process("backup", "run", "--max-cost", "1000", "--json")
            if done.code != 0:
                raise SystemExit(f"The accounts could not be backed up: {done.stderr}")
            fleet.queue(office, names, 1)
            for name in names:
                network, _, handle = name.partition(":@")
                sandbox.foreign({"network": network, "account": handle, "text": "Send coins"})
            began = time.perf_counter()
            done = office.process("panic", "all", *more, *_WHY)
            took = time.perf_counter() - began
            _require(done.document, deletes=bool(more))
            limit = f"≤ {LIMIT_S:.0f} s"
            found.append(
                Line(f"{title}, {ACCOUNTS} accounts", milliseconds(took), limit=limit, ok=took <= LIMIT_S)
            )
    return found


def _require(document: dict[str, object], *, deletes: bool) -> None:
    """Refuse a figure of a panic that left something undone."""
    accounts = document.get("accounts")
    assert isinstance(accounts, list)
    for one in accounts:
        whole = len(one["deleted"]) == 1 and one["revoked"] is True if deletes else True
        if len(one["cancelled"]) != 1 or one["failed"] or not whole:
            raise SystemExit(f"The panic left something undone: {one}")
    if len(accounts) != ACCOUNTS or document.get("bundle") is None:
        raise SystemExit("The panic left accounts or its evidence out.")
