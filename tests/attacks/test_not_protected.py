"""What succeeds: each test is a line of "What is not protected" in docs/security.md, which it quotes.

One that fails because the program became better is to be moved to the others, and its line taken out."""

import json
import re
from datetime import timedelta
from pathlib import Path

from socialguard import clock
from tests.attacker import Copy, append_entry, logged
from tests.attacks.world import APPROVED, PLAIN, Firm, insert_row, row_of, schedule, write
from tests.docs.pages import read, section
from tests.members.test_sharing import shared
from tests.people import apply_policy
from tests.watch.world import alerts, happen, ready, seen

GLOBEX = "x:@globex"


def admitted(words: str) -> None:
    """The page says so."""
    assert words in re.sub(r"\s+", " ", section(read("docs/security.md"), "What is not protected")), words


def test_pins_and_workspace_put_back_together_without_an_anchor_outside(firm: Firm, tmp_path: Path) -> None:
    """Nothing on this machine can know, and what was sent since is sent again."""
    admitted("A roll-back of the whole machine, or of workspace and identity directory together")
    kept = [Copy.of(firm.office.home, tmp_path / "home"), Copy.of(firm.office.identity, tmp_path / "identity")]
    assert firm.send().code == 0
    for one in kept:
        one.put_back()
    assert firm.verify().code == 0
    assert firm.send().code == 0
    assert sorted(firm.office.published()) == [APPROVED, APPROVED, PLAIN, PLAIN]


def test_a_freeze_cleared_from_the_emergency_file_before_a_command_took_it_in(firm: Firm) -> None:
    """Until then the file alone holds it."""
    admitted("Whoever writes the workspace can clear a freeze or cancel that is not absorbed yet")
    with firm.office.entered() as workspace:
        workspace.emergency.note("freeze", workspace.person, reason="leak", obj={"scope": "all"})
    path = firm.office.home / "emergency.jsonl"
    path.write_bytes(b"\n" * path.stat().st_size)
    assert firm.send().code == 0
    assert sorted(firm.office.published()) == [APPROVED, PLAIN]


def test_anchors_taken_out_of_the_settings(firm: Firm, tmp_path: Path) -> None:
    """They are as good as who may write them: here the same user; `test_settings.py` is about neighbours."""
    admitted("can name a proxy and a CA bundle and so read tokens in flight, or take the anchors out")
    settings = firm.office.home / "socialguard.toml"
    settings.write_text(f'[audit]\nanchors = ["dir:{tmp_path / "gone"}"]\n', encoding="utf-8")
    assert firm.verify().code == 15
    settings.unlink()
    assert firm.verify().code == 0


def test_a_delivery_signed_in_a_copy_whose_beginning_is_forged_here(firm: Firm, tmp_path: Path) -> None:
    """It goes out once, since a member signed it; a second time the log ends it."""
    admitted("A delivery that a member signed in a **copy** of the workspace goes out once")
    other = firm.copy(tmp_path / "copy")
    schedule(other.office, "Signed elsewhere", GLOBEX, minutes=58)
    row = row_of(other, "delivery", "content like '%elsewhere%'")
    insert_row(firm, "draft", row_of(other, "draft", "id = ?", row["draft_id"]))
    insert_row(firm, "delivery", row)
    append_entry(firm.office, logged(other.office, "delivery.queue")[-1], like="delivery.queue")
    assert firm.send().code == 0
    assert sorted(firm.office.published()) == sorted(["Signed elsewhere", APPROVED, PLAIN])
    write(firm, "update delivery set state = 'queued', attempt_id = null where id = ?", row["id"])
    assert firm.send().code == 13
    assert len(firm.office.published()) == 3


def test_a_label_taken_off_under_a_freeze(firm: Firm) -> None:
    """Labels that no policy rules on are plain rows."""
    admitted("and a **freeze on a label** no longer holds them")
    assert firm.office.cli("account", "label", GLOBEX, "+vip", "--json").code == 0
    assert firm.office.cli("freeze", "label:vip", "--reason", "leak", "--json").code == 0
    assert firm.send().code == 11
    write(firm, "delete from label where name = 'vip'")
    assert firm.send().code == 0
    assert PLAIN in firm.office.published()


def test_a_time_zone_that_moves_an_embargo(firm: Firm) -> None:
    """A window of an embargo is in the account's zone, which nobody signed."""
    admitted("The time zone of an account moves the windows of embargoes and quiet hours")
    start = clock.now() + timedelta(minutes=50)
    window = f"{start:%Y-%m-%dT%H:%M}/{start + timedelta(minutes=30):%Y-%m-%dT%H:%M} before the results"
    write(firm, "update account set zone = 'UTC'")
    rules = f'[defaults]\ngrace = 0\n\n[defaults.checks.embargo]\nwindows = ["{window}"]\n'
    apply_policy(firm.office, rules)
    write(firm, "update account set zone = 'Pacific/Kiritimati' where short_name = 'globex'")
    firm.send()
    assert firm.office.published() == [PLAIN]


def test_what_is_shown_of_an_account(firm: Firm) -> None:
    """Display name, contact and followers are shown, and believed; name, client and short name are signed."""
    admitted("contact, time zone, display name, follower count")
    write(firm, "update account set display_name = 'Acme', followers = 1, contact = 'eve@example.org'")
    listed = firm.office.cli("account", "list", "--json")
    assert listed.code == 0, listed
    assert "Acme" in json.dumps(listed.document)


def test_the_watch_made_silent_by_its_own_rows(firm: Firm) -> None:
    """How far it looked, what it saw, and whether somebody saw its alert are plain rows."""
    admitted(
        "how far the watch has looked, what it saw, how a profile looked last, and that somebody saw an alert"
    )
    ready(firm.office, GLOBEX)
    happen(firm.office, GLOBEX, text="Send coins")
    assert len(seen(firm.office, GLOBEX)) == 1
    write(firm, "update alert set seen_at = raised_at")
    assert [one for one in alerts(firm.office).alerts if one.kind == "watch.foreign"] == []
    assert firm.verify().code == 0


def test_settings_that_a_neighbour_may_still_write(firm: Firm) -> None:
    """What stops posts or backups, and nothing that sends them elsewhere."""
    admitted(
        "In a shared one a neighbour can change language, zone, budgets, prices and limits, and when backups run"
    )
    shared(firm.office)
    (firm.office.home / "socialguard.toml").write_text("[limits.x]\ntext = 10\n[backup]\ncron = '0 0 1 1 *'\n")
    assert firm.office.post("Longer than ten characters", GLOBEX).code == 11
    assert firm.send().code == 0


def test_a_draft_changed_before_it_is_posted(firm: Firm) -> None:
    """A draft is text that somebody kept: who posts it is shown it, and signs what is there."""
    admitted("drafts, receipts, attempts, usage and cost")
    done = firm.office.post("Kept", GLOBEX, SOCIALGUARD_CLOCK="+0s")
    assert done.code == 0
    kept = firm.office.cli("draft", "list", "--json").document["drafts"][0]["id"]
    write(firm, "update draft set text = 'Changed' where id = ?", int(kept.removeprefix("d-")))
    done = firm.office.cli("post", "--draft", kept, "--to", GLOBEX, "--confirm", GLOBEX, "--grace", "0", "--json")
    assert done.code == 0, done
    assert firm.office.published()[-1] == "Changed"
