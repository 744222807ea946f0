"""The same promise with programs as people start them: processes of their own, in a pipe and in a terminal."""

import signal
from typing import Any, Final

import pexpect
import pytest

from socialguard.publishing import crash
from tests.office import SHORT_NAMES, Office

TEXT: Final = "Killed on the way"
DROP: Final = "accept_then_drop"
POINTS: Final = [point for point in crash.POINTS if point != "after_step"]
CASES: Final = [
    *[("x", point, "") for point in POINTS],
    *[
        ("facebook", point, "")
        for point in ("before_queue", "in_claim", "after_pin", "before_publish", "after_step")
    ],
    *[("facebook", point, "") for point in ("after_publish", "in_settle")],
    ("x", "before_publish", DROP),
    ("x", "after_claim", DROP),
    ("facebook", "before_publish", DROP),
]


def _prepare(office: Office, network: str, kind: str) -> None:
    office.sandbox.settings(refuse_duplicates=False)
    office.sandbox.faults([{"network": network, "operation": "publish", "kind": kind}] if kind else [])


def _require_once(office: Office, point: str) -> None:
    """Start again, twice, and hold what the network has against what the ledger says."""
    runs = [office.cli("queue", "run", "--json") for _ in range(3)]
    rows: list[dict[str, Any]] = office.queue()
    copies = office.published().count(TEXT)
    if point == "before_queue":
        assert (rows, copies) == ([], 0)
        return
    state = rows[0]["state"]
    assert len(rows) == 1
    if point in ("after_claim", "after_pin", "before_publish"):
        assert (state, copies) == ("sent", 1), "it provably sent nothing"
    assert (state, copies) in {("sent", 1), ("failed", 0), ("unknown", 0), ("unknown", 1)}
    if state == "unknown":
        assert runs[-1].code == 12


def test_there_are_twenty_cases() -> None:
    assert len(CASES) == len(set(CASES)) == 20


@pytest.mark.parametrize(("network", "point", "kind"), CASES)
def test_a_killed_command_leaves_one_copy_or_none(office: Office, network: str, point: str, kind: str) -> None:
    _prepare(office, network, kind)
    done = office.process(*office.post_words(TEXT, f"{network}:@acme"), **{crash.VARIABLE: point})
    assert done.code == -signal.SIGKILL
    _require_once(office, point)


@pytest.mark.parametrize(("network", "point", "kind"), CASES)
def test_a_command_killed_in_a_terminal_leaves_one_copy_or_none(
    office: Office, network: str, point: str, kind: str
) -> None:
    _prepare(office, network, kind)
    account = f"{network}:@acme"
    child = office.terminal("post", TEXT, "--to", account, "--grace", "0", **{crash.VARIABLE: point})
    child.expect_exact("Enter stops:")
    child.sendline(SHORT_NAMES[account])
    child.expect(pexpect.EOF)
    child.close()
    assert child.signalstatus == signal.SIGKILL, child.before
    _require_once(office, point)
