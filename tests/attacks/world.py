"""A firm at work, to be attacked: four people, a policy of four eyes, posts that wait.

Founded once in a process; each test gets a copy, on a sandbox without posts. In an hour three posts are due, on
accounts of two clients: `waiting` lacks its approval, `approved` has Eva's, `plain` needs none."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.attacker import append_entry, columns, logged, sql
from tests.office import Done, Office, headquarters
from tests.people import Colleague, apply_policy, joined

POLICY: Final = """[defaults]
grace = 0

[account."x:@acme"]
approvals = 1

[account."facebook:@acme"]
approvals = 2

[label.fr]
secure = true
"""
ACME, GLOBEX, PAGE = "x:@acme", "x:@globex", "facebook:@acme"
APPROVED, WAITING, PLAIN = "Approved by Eva", "Nobody approved this", "Needs no approval"
IN_AN_HOUR: Final = {"SOCIALGUARD_CLOCK": "+3800s"}


@dataclass(frozen=True)
class Firm:
    """Marie owns it, and her machine sends (`office`); Jonas publishes, Eva and Otto approve; `ids` of what
    waits."""

    office: Office
    jonas: Colleague
    eva: Colleague
    otto: Colleague
    waiting: str
    approved: str
    plain: str

    def send(self, **environment: str) -> Done:
        """Let the worker send what is due in an hour."""
        return self.office.cli("queue", "run", "--json", **(environment or IN_AN_HOUR))

    def verify(self, *words: str) -> Done:
        """Verify the log, and the ledger against it."""
        return self.office.cli("audit", "verify", "--json", *words)

    def copy(self, base: Path) -> "Firm":
        """Return a copy of all of it in `base`."""
        shutil.copytree(self.office.base, base)
        office = Office(base, self.office.sandbox, self.office.seed)
        jonas, eva, otto = (_at(office, one) for one in (self.jonas, self.eva, self.otto))
        return Firm(office, jonas, eva, otto, self.waiting, self.approved, self.plain)


def _at(office: Office, who: Colleague) -> Colleague:
    return Colleague(office.base / who.base.name, office.sandbox, {**who.seed, "home": str(office.home)})


@cache
def founded() -> Firm:
    """Return the one firm of this process; tests work on copies of it."""
    place = Path(tempfile.mkdtemp(prefix="socialguard-firm-"))
    atexit.register(shutil.rmtree, place, ignore_errors=True)
    base = headquarters()
    base.sandbox.reset(base.seed)
    office = base.copy(place / "firm")
    assert office.cli("account", "label", GLOBEX, "+fr", "--json").code == 0
    apply_policy(office, POLICY)
    jonas = joined(office, "Jonas", "publisher", office.base / "jonas", grants=(ACME, GLOBEX, PAGE))
    eva = joined(office, "Eva", "approver", office.base / "eva", grants=(ACME, PAGE))
    otto = joined(office, "Otto", "approver", office.base / "otto", grants=(ACME, PAGE))
    waiting = schedule(jonas, WAITING, ACME, minutes=59)
    approved = schedule(jonas, APPROVED, ACME)
    plain = schedule(office, PLAIN, GLOBEX, minutes=61)
    assert approve(eva, approved).deliveries[0]["state"] == "queued"
    return Firm(office, jonas, eva, otto, waiting, approved, plain)


@pytest.fixture
def firm(tmp_path: Path) -> Firm:
    """A firm of one's own, on a sandbox that does not refuse a text twice for us."""
    found = founded().copy(tmp_path / "firm")
    found.office.sandbox.reset(found.office.seed)
    found.office.sandbox.settings(refuse_duplicates=False)
    return found


# ── what people do ───────────────────────────────────────────────────────────────────────────────────────


def schedule(who: Office, text: str, account: str = ACME, *more: str, minutes: int = 60) -> str:
    """Queue a post for later and return its id."""
    words = ("--to", account, "--confirm", account, "--at", f"in {minutes} minutes", "--json")
    done = who.cli("post", text, *words, *more)
    assert done.code in (0, 11), done  # 11: it waits for an approval
    return str(done.deliveries[0]["id"])


def approve(who: Office, delivery: str) -> Done:
    """Approve a delivery."""
    done = who.cli("approve", delivery, "--reason", "fine", "--json")
    assert done.code == 0, done
    return done


# ── what an attacker does ────────────────────────────────────────────────────────────────────────────────


def write(firm: Firm, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Write the database past its triggers and its foreign keys."""
    return sql(firm.office, statement, *values)


def row_of(firm: Firm, table: str, where: str, *values: object) -> dict[str, Any]:
    """Return one row by its columns."""
    names = columns(firm.office, table)
    (found,) = write(firm, f"select * from {table} where {where}", *values)
    return dict(zip(names, found, strict=True))


def insert_row(firm: Firm, table: str, row: Mapping[str, Any]) -> None:
    """Insert a row."""
    names = ", ".join(row)
    marks = ", ".join("?" * len(row))
    write(firm, f"insert into {table} ({names}) values ({marks})", *row.values())


def forge_approval(firm: Firm, delivery: str, **change: Any) -> None:
    """Insert a row of approval for a delivery, Eva's for another one with fields changed, set the delivery to
    `queued`, and append the entry that an approval leaves in the log."""
    genuine = row_of(firm, "approval", "id = (select min(id) from approval)")
    wanted = row_of(firm, "delivery", "id = ?", delivery)
    insert_row(firm, "approval", {**genuine, "id": 4711, "fingerprint": wanted["fingerprint"], **change})
    claim_approved(firm, delivery)


def claim_approved(firm: Firm, delivery: str) -> None:
    """Set a delivery to `queued` and append the entry that its last approval would leave in the log."""
    wanted = row_of(firm, "delivery", "id = ?", delivery)
    write(firm, "update delivery set state = 'queued' where id = ?", delivery)
    genuine = logged(firm.office, "delivery.approve")[-1]
    obj = {"delivery": delivery, "due": wanted["due"], "fingerprint": wanted["fingerprint"]}
    change = {"account": wanted["account_id"], "obj": obj, "outcome": "queued"}
    append_entry(firm.office, {**genuine, **change}, like="delivery.approve")


# ── how it ends ──────────────────────────────────────────────────────────────────────────────────────────


def refused(firm: Firm, done: Done, said: str, *, public: int = 0, name: str = "tampered") -> None:
    """The command ended with 13 under that name, said by what and what to do; no more than that is public, but
    what nobody had changed and was due beside it."""
    assert (done.code, done.error.get("name")) == (13, name), done
    assert said in done.error["message"], done
    assert done.error["remedy"]
    sound = [one for one in done.deliveries if one["state"] == "sent"]
    assert len(firm.office.published()) == public + len(sound)
    assert WAITING not in firm.office.published()
    assert firm.office.secrets[0] not in done.stdout + done.stderr


def held(firm: Firm, done: Done, said: str, *, public: int = 0) -> None:
    """The command ended with 11, said why, and nothing more than `public` posts went out."""
    assert done.code == 11, done
    assert said in json.dumps(done.document, ensure_ascii=False), done
    assert len(firm.office.published()) == public


def found(done: Done, kind: str, said: str = "") -> None:
    """`audit verify` ended with 13 and names a problem of that kind."""
    assert done.code == 13, done
    assert done.document["status"] == "tampered"
    assert any(one["kind"] == kind and said in one["detail"] for one in done.document["problems"]), done
