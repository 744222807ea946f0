"""Whoever writes the database, but has no key, makes nothing public that its members did not confirm, and takes
back nothing that they stopped: deliveries, the log, old copies of the workspace, another machine."""

import shutil
from pathlib import Path
from typing import Final

import pytest

from socialguard.store import process
from socialguard.vault.keys import KeyPair
from tests.attacker import (
    TEXT,
    Attack,
    Copy,
    append_entry,
    insert_delivery,
    logged,
    outside,
    refused_and_logged,
    require_refused,
    scene,
    schedule,
    send,
    sql,
    truncate_after,
)
from tests.office import Office, office

__all__ = ["office", "outside", "scene"]


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("signed", ["by_an_outsider", "with_the_signature_of_another", "not_at_all"])
def test_an_inserted_delivery_is_refused_although_the_log_was_made_to_know_it(scene: Office, signed: str) -> None:
    schedule(scene)
    pair = KeyPair.generate() if signed == "by_an_outsider" else None
    insert_delivery(scene, pair, **({"signature": b""} if signed == "not_at_all" else {}))
    sql(scene, "update delivery set state = 'cancelled' where id <> 'deadbeef'")
    refused_and_logged(scene, send(scene))


# ── a log that was made to say so ────────────────────────────────────────────────────────────────────────


def _sent(office: Office) -> None:
    schedule(office)
    assert send(office).code == 0


def _cancelled(office: Office) -> None:
    assert office.cli("queue", "cancel", schedule(office), "--json").code == 0


def _failed(office: Office) -> None:
    schedule(office)
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "status", "code": 402}])
    assert send(office).code == 6


def _unknown(office: Office) -> None:
    schedule(office)
    office.sandbox.faults([{"network": "x", "operation": "publish", "kind": "drop_before"}])
    assert send(office).code == 12


def _forget_ledger(office: Office) -> None:
    for table in ("receipt", "attempt", "usage"):
        sql(office, f"delete from {table}")


def _forge(action: str, outcome: str) -> Attack:
    def forge(office: Office) -> None:
        newest = logged(office, "delivery.queue")[-1]
        obj = {"delivery": newest["obj"]["delivery"], "act": "publish", "due": newest["obj"]["due"]}
        obj["fingerprint"] = newest["obj"]["fingerprint"]
        corr = [entry["corr"] for entry in logged(office, "delivery.send")]
        change = {"action": action, "outcome": outcome, "obj": obj, "corr": corr[-1] if corr else None}
        append_entry(office, {**newest, **change}, like="delivery.queue")

    forge.__name__ = f"forge_{action}_{outcome}"
    return forge


LIES: Final[list[Attack]] = [
    _forget_ledger,
    _forge("delivery.queue", "queued"),
    _forge("delivery.send", "limited"),
    _forge("delivery.send", "not_public"),
    truncate_after("delivery.queue"),
]


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: lie.__name__.strip("_"))
@pytest.mark.parametrize("before", [_sent, _cancelled, _failed, _unknown], ids=lambda each: each.__name__[1:])
def test_what_ended_is_not_sent_again_whatever_is_written_into_the_log(
    scene: Office, before: Attack, lie: Attack
) -> None:
    before(scene)
    public = len(scene.published())
    scene.sandbox.faults([])
    lie(scene)
    sql(scene, "update delivery set state = 'queued', attempt_id = null, due = not_before")
    require_refused(scene, send(scene), public=public)


def test_the_word_of_an_earlier_attempt_lets_nothing_go_again(scene: Office) -> None:
    """The network once said `later`, which a worker signed; after the post that word is worth nothing."""
    schedule(scene)
    scene.sandbox.faults([{"network": "x", "operation": "publish", "kind": "status", "code": 429}])
    assert send(scene).code == 7
    scene.sandbox.faults([])
    limited = logged(scene, "delivery.send")[-1]
    assert (limited["outcome"], len(limited["obj"]["signature"])) == ("limited", 88)
    assert scene.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+5400s").code == 0
    assert scene.published() == [TEXT]
    append_entry(scene, limited)
    sql(scene, "update delivery set state = 'queued', attempt_id = null, due = ?", limited["obj"]["due"])
    require_refused(scene, scene.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+5400s"), public=1)


def test_a_freeze_cut_off_the_log_with_its_row_still_stops(scene: Office) -> None:
    schedule(scene)
    assert scene.cli("freeze", "--all", "--reason", "leak", "--json").code == 0
    truncate_after("delivery.queue")(scene)
    sql(scene, "delete from stop")
    require_refused(scene, send(scene))


# ── the whole workspace put back ─────────────────────────────────────────────────────────────────────────


def test_a_cancel_is_not_undone_by_putting_the_workspace_back(scene: Office, tmp_path: Path) -> None:
    number = schedule(scene)
    old = Copy.of(scene.home, tmp_path / "old")
    assert scene.cli("queue", "cancel", number, "--json").code == 0
    old.put_back()
    require_refused(scene, send(scene))


def test_a_freeze_is_not_undone_by_putting_the_workspace_back(scene: Office, tmp_path: Path) -> None:
    schedule(scene)
    old = Copy.of(scene.home, tmp_path / "old")
    assert scene.cli("freeze", "x:@acme", "--reason", "leak", "--json").code == 0
    old.put_back()
    require_refused(scene, send(scene))


def test_a_workspace_put_back_is_refused_by_every_command_that_acts(scene: Office, tmp_path: Path) -> None:
    old = Copy.of(scene.home, tmp_path / "old")
    scene.post("Now public")
    old.put_back()
    for words in (
        scene.post_words("Another"),
        ["account", "verify", "x:@acme", "--json"],
        ["account", "rename", "x:@acme", "acme-inc", "--json"],
        ["vault", "rewrap", "x:@acme", "--reason", "yearly", "--json"],
        ["vault", "export", "--age", "age1qqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqqsvlgnvu", "--json"],
    ):
        done = scene.cli(*words)
        assert done.code in (2, 13), (words, done)
        assert scene.published() == ["Now public"]
    assert scene.cli("audit", "verify", "--json").code == 13


def test_pins_put_back_with_the_workspace_are_seen_only_from_outside(
    scene: Office, outside: Path, tmp_path: Path
) -> None:
    (scene.home / "socialguard.toml").write_text(f'[audit]\nanchors = ["dir:{outside}"]\n', encoding="utf-8")
    scene.post("Before")
    old = [Copy.of(scene.home, tmp_path / "home"), Copy.of(scene.identity, tmp_path / "identity")]
    scene.post("Now public")
    for copy in old:
        copy.put_back()
    done = scene.cli("audit", "verify", "--json")
    assert done.code == 13, done
    assert "shorter" in {problem["kind"] for problem in done.document["problems"]}
    (scene.home / "socialguard.toml").unlink()
    assert scene.cli("audit", "verify", "--json").code == 0, "nothing on this machine can know"


def test_keys_and_pins_of_another_machine_are_refused(scene: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    schedule(scene)
    monkeypatch.setattr(process, "host_id", lambda: "f" * 32)
    done = send(scene)
    require_refused(scene, done, said="another machine")
    assert "workspace adopt" in done.error["remedy"]


@pytest.mark.parametrize("loss", ["pins", "identity"])
def test_without_pins_nothing_is_sent(scene: Office, loss: str) -> None:
    schedule(scene)
    if loss == "identity":
        shutil.rmtree(scene.identity)
    else:
        for path in scene.identity.rglob("pins"):
            path.unlink()
    done = send(scene)
    require_refused(scene, done, said="does not know this workspace")


def test_pins_whose_bits_were_flipped_are_refused(scene: Office) -> None:
    schedule(scene)
    pins = next(scene.identity.rglob("pins"))
    data = bytearray(pins.read_bytes())
    for at in range(3, len(data), 37):
        changed = bytearray(data)
        changed[at] ^= 1
        pins.write_bytes(changed)
        done = send(scene)
        assert done.code in (13, 15), (at, done)
        assert scene.published() == []
