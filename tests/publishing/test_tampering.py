"""Who can write the database, or put an old copy of it back, can neither make the sender publish nor do so twice.

Each change is made as such a person would make it: with SQL, on the closed database. Whatever it is, `queue run`
ends with 13, says so in the log, and nothing goes out.
"""

import json
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import pytest

from socialguard import errors
from socialguard.audit.emergency import EmergencyFile
from socialguard.publishing import send
from tests.attacker import append_entry, logged
from tests.attacker import sql as write
from tests.office import Done, Office

IN_AN_HOUR: Final = {"SOCIALGUARD_CLOCK": "+3610s"}
NEXT_DAY: Final = {"SOCIALGUARD_CLOCK": "+86400s"}


def _sql(office: Office, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(office.database)) as connection, connection:
        return connection.execute(statement, values).fetchall()


def _schedule(office: Office, text: str = "Scheduled") -> str:
    words = ("--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 1 hour", "--json")
    done = office.cli("post", text, *words)
    assert done.code == 0, done
    return str(done.deliveries[0]["id"])


def _require_refused(office: Office, done: Done, *, public: int = 0) -> None:
    assert done.code == 13, done
    assert done.error["name"] == "tampered"
    assert len(office.published()) == public
    logged = _sql(
        office, "select count(*) from audit_entry where action = 'delivery.refuse' and outcome = 'tampered'"
    )
    assert logged[0][0] >= 1, "the refusal is not in the log"


CHANGES: Final = {
    "text": "update delivery set content = replace(content, 'Scheduled', 'Something else')",
    "earlier": "update delivery set due = '2020-01-01T00:00:00.000000Z'",
    "earlier_and_not_before": "update delivery set due = '2026-01-01T00:00:00.000000Z', not_before = due",
    "at_once": "update delivery set not_before = null",
    "lateness": "update delivery set max_late = 864000",
    "submitter": "update delivery set submitter = 'm-000000000000'",
    "signature": "update delivery set signature = zeroblob(64)",
    "nonce": "update delivery set nonce = 'ffffffffffffffffffffffffffffffff'",
    "act": "update delivery set act = 'delete', target = '1'",
    "account": "update delivery set account_id = (select id from account where short_name = 'globex')",
    "base_url": "update account set origin = 'http://127.0.0.1:9' where handle = 'acme' and network = 'x'",
    "user_id": "update account set user_id = '4711' where handle = 'acme' and network = 'x'",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_delivery_is_refused_and_logged(office: Office, change: str) -> None:
    _schedule(office)
    _sql(office, CHANGES[change])
    _require_refused(office, office.cli("queue", "run", "--json", **IN_AN_HOUR))


def test_a_changed_policy_is_refused_and_logged(office: Office) -> None:
    (office.home / "policy.toml").write_text("[defaults]\ngrace = 30\n", encoding="utf-8")
    assert office.cli("policy", "apply", "--reason", "slower", "--json").code == 0
    _schedule(office)
    _sql(office, "update policy set source = replace(source, '30', '31')")
    _require_refused(office, office.cli("queue", "run", "--json", **IN_AN_HOUR))


def test_nothing_is_sent_where_the_log_lost_the_entry_that_queued_it(office: Office) -> None:
    _schedule(office)
    _sql(office, "drop trigger audit_entry_no_delete")
    _sql(office, "delete from audit_entry where action = 'delivery.queue'")
    assert office.cli("queue", "run", "--json", **IN_AN_HOUR).code == 13
    assert office.published() == []


def test_a_delivery_that_was_signed_but_never_queued_here_is_refused(office: Office, tmp_path: Path) -> None:
    other = office.copy(tmp_path / "other")
    _schedule(other)
    office.post("Something of today")
    names = ", ".join(row[1] for row in _sql(office, "pragma table_info(delivery)"))
    _sql(office, "update draft set id = id + 100")
    with closing(sqlite3.connect(office.database)) as connection, connection:
        connection.execute("attach database ? as other", (str(other.database),))
        connection.execute("insert into draft select * from other.draft")
        connection.execute(f"insert into delivery ({names}) select {names} from other.delivery")
    _require_refused(office, office.cli("queue", "run", "--json", **IN_AN_HOUR), public=1)


def test_a_delivery_whose_time_was_put_off_is_refused(office: Office) -> None:
    _schedule(office)
    _sql(office, "update delivery set due = ?", "2036-01-01T00:00:00.000000Z")
    _sql(office, "update delivery set due = strftime('%Y-%m-%dT%H:%M:%S.000000Z', 'now', '+20 hours')")
    _require_refused(office, office.cli("queue", "run", "--json", **NEXT_DAY))


def test_an_inserted_delivery_is_refused(office: Office) -> None:
    _schedule(office)
    columns = [row[1] for row in _sql(office, "pragma table_info(delivery)")]
    copied = ", ".join({"id": "'ffffffff'", "fingerprint": f"'{'ab' * 32}'"}.get(c, c) for c in columns)
    _sql(office, f"insert into delivery select {copied} from delivery")
    _sql(office, "delete from confirmation")
    _sql(office, "delete from delivery where id <> 'ffffffff'")
    _require_refused(office, office.cli("queue", "run", "--json", **IN_AN_HOUR))


def _sent(office: Office) -> None:
    office.post("Public")


def _cancelled(office: Office) -> None:
    office.cli("queue", "cancel", _schedule(office), "--json")


def _cancelled_in_an_emergency(office: Office) -> None:
    delivery = _schedule(office)
    with office.entered() as workspace:
        EmergencyFile(office.home / "emergency.jsonl").note(
            "delivery.cancel", workspace.person, reason="disk full", obj={"delivery": delivery}
        )
    assert office.queue()[0]["state"] == "cancelled"


def _late(office: Office) -> None:
    _schedule(office)
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+2d").code == 11


def _failed(office: Office) -> None:
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "status", "code": 402}])
    assert office.post("Refused").code == 6


def _unknown(office: Office) -> None:
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "accept_then_drop"}])
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "drop_before"}])
    _schedule(office)
    assert office.cli("queue", "run", "--json", **IN_AN_HOUR).code == 12


@pytest.mark.parametrize("before", [_sent, _cancelled, _cancelled_in_an_emergency, _late, _failed, _unknown])
def test_a_reopened_delivery_is_refused(office: Office, before: Callable[[Office], None]) -> None:
    before(office)
    already = len(office.published())
    _sql(office, "update delivery set state = 'queued', attempt_id = null, due = created_at")
    _sql(office, "update delivery set due = not_before where not_before is not null")
    clock = {} if before in (_sent, _failed) else IN_AN_HOUR
    _require_refused(office, office.cli("queue", "run", "--json", **clock), public=already)


def test_a_sent_delivery_is_not_sent_again_where_every_trace_of_it_in_the_ledger_is_gone(office: Office) -> None:
    office.post("Public")
    for table in ("receipt", "attempt", "usage"):
        _sql(office, f"delete from {table}")
    _sql(office, "update delivery set state = 'queued', attempt_id = null")
    _require_refused(office, office.cli("queue", "run", "--json"), public=1)


def test_a_workspace_put_back_to_before_twenty_posts_sends_none_of_them_again(office: Office) -> None:
    for number in range(20):
        done = office.cli(
            "post", f"Number {number}", "--to", "x:@acme", "--confirm", "x:@acme", "--at", "in 1 hour", "--json"
        )
        assert done.code == 0
    snapshot = office.base / "snapshot"
    shutil.copytree(office.home, snapshot)
    assert office.cli("queue", "run", "--json", **IN_AN_HOUR).code == 0
    assert len(office.published()) == 20
    shutil.rmtree(office.home)
    shutil.copytree(snapshot, office.home)

    _require_refused(office, office.cli("queue", "run", "--json", **IN_AN_HOUR), public=20)
    assert office.post("One more").code == 13
    assert sorted(office.published()) == sorted(f"Number {number}" for number in range(20))


# ── stops ────────────────────────────────────────────────────────────────────────────────────────────────


STOPS: Final = {
    "deleted": "delete from stop",
    "lifted": "update stop set lifted_at = since, lifted_by = (select id from member limit 1)",
    "lifted_with_a_forged_signature": """update stop set lifted_at = since,
        lifted_by = (select id from member limit 1), lift_signature = zeroblob(64)""",
    "narrowed": "update stop set scope = 'account:a-0000000000000000'",
}


@pytest.mark.parametrize("change", STOPS)
@pytest.mark.parametrize("seen", [True, False], ids=["seen", "never_seen_by_a_sender"])
def test_a_stop_that_was_lifted_in_the_database_still_stops(office: Office, change: str, seen: bool) -> None:
    _schedule(office)
    assert office.cli("freeze", "--all", "--reason", "leak", "--json").code == 0
    if seen:
        assert office.cli("queue", "run", "--json", **IN_AN_HOUR).code == 11
    _sql(office, STOPS[change])
    _require_refused(office, office.cli("queue", "run", "--json", **IN_AN_HOUR))


def test_a_stop_that_a_thaw_lifted_lets_the_delivery_go(office: Office) -> None:
    _schedule(office)
    office.cli("freeze", "x:@acme", "--reason", "leak", "--json")
    assert office.cli("queue", "run", "--json", **IN_AN_HOUR).code == 11
    thawed = office.cli("thaw", "x:@acme", "--reason", "changed", "--confirm", "x:@acme", "--json")
    assert thawed.code == 0, thawed
    assert office.cli("queue", "run", "--json", **IN_AN_HOUR).code == 0
    assert office.published() == ["Scheduled"]


def test_the_signature_of_one_thaw_does_not_lift_the_next_freeze(office: Office) -> None:
    _schedule(office)
    office.cli("freeze", "x:@acme", "--reason", "leak", "--json")
    office.cli("thaw", "x:@acme", "--reason", "changed", "--confirm", "x:@acme", "--json")
    office.cli("freeze", "x:@acme", "--reason", "again", "--json")
    _sql(
        office,
        """update stop set (lifted_at, lifted_by, lift_signature) =
           (select lifted_at, lifted_by, lift_signature from stop where lifted_at is not null)
           where lifted_at is null""",
    )
    _require_refused(office, office.cli("queue", "run", "--json", **IN_AN_HOUR))


def test_an_attempt_that_vanished_is_told_and_resolves_nothing(office: Office) -> None:
    _unknown(office)
    _sql(office, "delete from attempt")
    done = office.cli("queue", "reconcile", "--json")
    assert done.code == 13, done
    assert json.dumps(done.document).count("unknown") >= 1
    assert office.published() == []


def test_what_went_out_before_a_refusal_is_told(office: Office) -> None:
    _schedule(office, "Sound")
    words = ("--to", "x:@globex", "--confirm", "x:@globex", "--at", "in 61 minutes", "--json")
    assert office.cli("post", "Changed", *words).code == 0
    _sql(office, "update delivery set content = replace(content, 'Changed', 'Other')")
    done = office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+3700s")
    assert (done.code, done.error["name"]) == (13, "tampered")
    assert [(one["account"], one["state"]) for one in done.deliveries] == [
        ("x:@acme", "sent"),
        ("x:@globex", "held"),
    ]
    assert done.deliveries[0]["url"]
    assert office.published() == ["Sound"]


def test_a_cancel_that_only_the_emergency_file_took_stops_a_sender_that_runs_already(office: Office) -> None:
    delivery = _schedule(office)
    with office.entered(**IN_AN_HOUR) as workspace:
        desk = workspace.desk
        workspace.emergency.note("delivery.cancel", workspace.person, obj={"delivery": delivery})
        (result,) = send.run_due(desk)
    assert isinstance(result.error, errors.Cancelled)
    assert office.cli("queue", "run", "--json", **IN_AN_HOUR).deliveries == []
    assert [row["state"] for row in office.queue()] == ["cancelled"]
    assert office.published() == []


@pytest.mark.parametrize("account", ["x:@acme", "facebook:@acme"])
def test_a_sent_post_is_not_begun_again_where_its_entries_are_hidden_and_another_beginning_is_forged(
    office: Office, account: str
) -> None:
    office.sandbox.settings(refuse_duplicates=False)
    assert office.post("Hello", account).code == 0
    ((number, fingerprint),) = write(office, "select id, fingerprint from delivery")
    other = "facebook:@acme" if account == "x:@acme" else "x:@acme"
    assert office.post("Later, so that a checkpoint lies between", other).code == 0
    (real,) = (one for one in logged(office, "delivery.queue") if one["obj"].get("fingerprint") == fingerprint)
    write(office, "update audit_entry set fingerprint = null where fingerprint = ?", fingerprint)
    now = logged(office, "delivery.send")[-1]["ts"]
    forged = {"obj": {**real["obj"], "due": now}, "account": real["account"], "ts": now}
    append_entry(office, forged, like="delivery.queue")
    write(office, "update delivery set state = 'queued', attempt_id = null, due = ? where id = ?", now, number)
    write(office, "update attempt set remote_id = null")
    write(office, "delete from receipt where delivery_id = ?", number)
    done = office.cli("queue", "run", "--json")
    assert done.code == 13, done
    assert office.published().count("Hello") == 1
