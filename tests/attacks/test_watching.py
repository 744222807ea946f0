"""The watch and the archive: a stranger's post is not made ours, nor ours a stranger's, by rows."""

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from socialguard.canon import jcs
from socialguard.vault.keys import KeyPair
from tests.attacker import append_entry, logged
from tests.attacks.world import Firm, found, insert_row, row_of, write
from tests.office import Office
from tests.watch.world import alerts, happen, ready, seen

GLOBEX = "x:@globex"


def _archive(office: Office, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(office.home / "archive.db")) as connection, connection:
        connection.execute(statement, values)


def _sent(firm: Firm) -> dict[str, Any]:
    """Post on x:@globex, and return the delivery with its receipt."""
    done = firm.office.post("Ours", GLOBEX)
    assert done.code == 0, done
    return done.deliveries[0]


def _as_ours(firm: Firm, ours: dict[str, Any], foreign: str) -> None:
    """Let the receipt of a post of ours name a stranger's post."""
    write(firm, "update receipt set network_id = ? where delivery_id = ?", foreign, ours["id"])


# ── whose a post is ──────────────────────────────────────────────────────────────────────────────────────


def test_a_receipt_forged_for_a_strangers_post(firm: Firm) -> None:
    """Told all the same: a receipt counts with the signed word of the log on that very post."""
    ready(firm.office, GLOBEX)
    ours = _sent(firm)
    foreign = happen(firm.office, GLOBEX, text="Send coins")["id"]
    _as_ours(firm, ours, foreign)
    assert foreign in {one.network_id for one in seen(firm.office, GLOBEX)}
    assert [one.kind for one in alerts(firm.office).alerts if one.kind.startswith("watch.")] == ["watch.foreign"]


def test_a_receipt_and_the_entry_of_a_send_forged_for_a_strangers_post(firm: Firm) -> None:
    """Told all the same: the entry carries no worker's signature over that post."""
    ready(firm.office, GLOBEX)
    ours = _sent(firm)
    foreign = happen(firm.office, GLOBEX, text="Send coins")["id"]
    _as_ours(firm, ours, foreign)
    genuine = logged(firm.office, "delivery.send")[-1]
    for change in ({}, {"signature": jcs.b64(b"\0" * 64)}, {"key_id": KeyPair.generate().signing_id}):
        append_entry(firm.office, {**genuine, "obj": {**genuine["obj"], **change, "network_id": foreign}})
    assert foreign in {one.network_id for one in seen(firm.office, GLOBEX)}


def test_an_attempt_made_to_name_a_strangers_post(firm: Firm) -> None:
    """Told all the same: an attempt is no proof."""
    ready(firm.office, GLOBEX)
    _sent(firm)
    foreign = happen(firm.office, GLOBEX, text="Send coins")["id"]
    write(firm, "update attempt set remote_id = ?", foreign)
    assert [one.network_id for one in seen(firm.office, GLOBEX)] == [foreign]


@pytest.mark.parametrize("how", ["new", "changed"])
def test_a_deletion_by_a_stranger_made_to_look_like_ours(firm: Firm, how: str) -> None:
    """Told all the same: a deletion counts as ours with the signed word of the log on it."""
    ready(firm.office, GLOBEX)
    ours, other = _sent(firm), firm.office.post("Another", GLOBEX).deliveries[0]
    assert seen(firm.office, GLOBEX) == []
    happen(firm.office, GLOBEX, kind="delete", id=ours["network_id"])
    if how == "new":
        row = row_of(firm, "delivery", "id = ?", other["id"])
        forged = {"id": "deadbeef", "fingerprint": "ab" * 32, "act": "delete", "target": ours["network_id"]}
        insert_row(firm, "delivery", {**row, **forged})
    else:
        write(firm, "update delivery set act = 'delete', target = ? where id = ?", ours["network_id"], ours["id"])
    (one,) = seen(firm.office, GLOBEX)
    assert (one.kind, one.network_id) == ("deletion", ours["network_id"])


def test_a_post_of_ours_made_to_look_foreign_to_have_it_deleted(firm: Firm) -> None:
    """Not deleted by `panic`: what the log proves to be ours is never among what strangers posted."""
    ready(firm.office, GLOBEX)
    ours = _sent(firm)
    foreign = happen(firm.office, GLOBEX, text="Send coins")["id"]
    assert len(seen(firm.office, GLOBEX)) == 1
    forged = row_of(firm, "sighting", "subject = ?", foreign)
    insert_row(firm, "sighting", {**forged, "id": 4711, "subject": ours["network_id"]})
    words = ("--delete-foreign", "--confirm", GLOBEX, "--reason", "hacked", "--json")
    done = firm.office.cli("panic", GLOBEX, *words)
    assert done.code == 0, done
    assert {post["id"]: post["deleted"] for post in firm.office.sandbox.posts("x", "globex")} == {
        ours["network_id"]: False,
        foreign: True,
    }


def test_a_baseline_that_nobody_accepted(firm: Firm) -> None:
    """Not believed, and told: what is usual carries the signature of the member who accepted it."""
    ready(firm.office, GLOBEX)
    account = write(firm, "select id from account where short_name = 'globex'")[0][0]
    usual = {
        "account": account,
        "zone": "UTC",
        "posts": 1000,
        "sources": {"": 1000, "Spam Bot": 1000},
        "hours": {str(hour): 1000 for hour in range(24)},
        "burst": 1000,
    }
    with firm.office.entered() as workspace:
        pair = KeyPair.generate()
        signature = jcs.b64(pair.sign("watch-baseline", workspace.org, usual))
        members = workspace.watch._desk.signers
        with workspace.database.read() as connection:
            key_id = next(iter(members(connection, account)))
    value = json.dumps({**usual, "key_id": key_id, "signature": signature})
    row = {"account_id": account, "kind": "hands", "value": value, "taken_at": "2026-01-01T00:00:00.000000Z"}
    insert_row(firm, "baseline", row)
    happen(firm.office, GLOBEX, text="Send coins", via="Spam Bot")
    assert [one.severity for one in seen(firm.office, GLOBEX)] == ["critical"]
    assert {"watch.foreign", "watch.baseline"} <= {one.kind for one in alerts(firm.office).alerts}


def test_a_baseline_that_was_withdrawn_put_back(firm: Firm) -> None:
    """Not believed, and told, although a member signed it once: the log holds that it was withdrawn."""
    for number in range(1, 41):
        at = (datetime.now(UTC) - timedelta(days=number)).isoformat()
        happen(firm.office, GLOBEX, text=f"By hand {number}", created_at=at)
    ready(firm.office, GLOBEX)
    assert firm.office.cli("watch", "baseline", GLOBEX).code == 0
    happen(firm.office, GLOBEX, text="As ever")
    assert [one.severity for one in seen(firm.office, GLOBEX)] == ["note"]
    kept = row_of(firm, "baseline", "kind = 'hands'")
    assert firm.office.cli("watch", "baseline", GLOBEX, "--forget").code == 0
    insert_row(firm, "baseline", kept)
    happen(firm.office, GLOBEX, text="Send coins")
    assert [one.severity for one in seen(firm.office, GLOBEX)] == ["critical"]
    assert {"watch.foreign", "watch.baseline"} <= {one.kind for one in alerts(firm.office).alerts}


def test_an_alert_deleted(firm: Firm) -> None:
    """Found by `audit verify`: the log holds that it was raised."""
    ready(firm.office, GLOBEX)
    happen(firm.office, GLOBEX, text="Send coins")
    assert len(seen(firm.office, GLOBEX)) == 1
    assert firm.verify().code == 0
    write(firm, "delete from alert where kind = 'watch.foreign'")
    write(firm, "delete from sighting")
    found(firm.verify(), "alert")


# ── the archive ──────────────────────────────────────────────────────────────────────────────────────────


def _kept(firm: Firm) -> list[Path]:
    """Back two accounts up and return their segments."""
    for name in ("x:@acme", GLOBEX):
        happen(firm.office, name, text=f"Past of {name}")
        ready(firm.office, name)
    assert firm.office.cli("backup", "verify", "--json").code == 0
    return sorted((firm.office.home / "archive" / "segments").glob("*.zst"))


def _damaged(firm: Firm) -> list[str]:
    done = firm.office.cli("backup", "verify", "--json")
    assert done.code == 13, done
    return [one["what"] for one in done.document["problems"]]


def test_segments_swapped_between_accounts(firm: Firm) -> None:
    """Found by `backup verify`: a segment is named by its root, and the signed manifest names both."""
    one, two, *_ = _kept(firm)
    first, second = one.read_bytes(), two.read_bytes()
    for path, data in ((one, second), (two, first)):
        path.chmod(0o600)
        path.write_bytes(data)
    assert _damaged(firm)


def test_a_line_of_the_archives_manifest_signed_by_a_key_of_the_attackers(firm: Firm) -> None:
    """Found by `backup verify`: no worker that an owner ever signed has that key."""
    _kept(firm)
    path = firm.office.home / "archive" / "MANIFEST.jsonl"
    lines = path.read_bytes().splitlines()
    last = json.loads(lines[-1])
    pair = KeyPair.generate()
    last |= {"n": last["n"] + 1, "key": pair.signing_id}
    del last["signature"]
    with firm.office.entered() as workspace:
        last["signature"] = jcs.b64(pair.sign("archive.segment", workspace.org, last))
    forged = jcs.encode(last)
    for target, data in (
        (path, b"\n".join([*lines[:-1], forged]) + b"\n"),
        (path.with_name("HEAD"), forged + b"\n"),
    ):
        target.chmod(0o600)
        target.write_bytes(data)
    assert _damaged(firm)


def test_the_index_of_the_archive_changed(firm: Firm) -> None:
    """Put right by `backup rebuild`: the index is made anew from the signed segments, with another root than it
    said."""
    _kept(firm)
    _archive(firm.office, "update version set text = 'Not what was kept'")
    done = firm.office.cli("backup", "rebuild", "--json")
    assert done.code == 0, done
    assert done.document["before"] != done.document["after"], done
    listed = firm.office.cli("backup", "list", GLOBEX, "--json").document["items"]
    assert [one["text"] for one in listed] == [f"Past of {GLOBEX}"]
