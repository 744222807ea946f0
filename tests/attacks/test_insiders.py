"""Members with keys of their own who also write the database: what their keys do not allow is not believed."""

from typing import Any

import pytest

from socialguard.canon import jcs
from tests.attacker import append_entry, logged
from tests.attacks.world import ACME, GLOBEX, Firm, write
from tests.office import Office
from tests.people import Colleague, joined
from tests.watch.world import happen, ready, seen


def _lost(office: Office) -> dict[str, Any]:
    """Return a delivery whose outcome nobody knows."""
    office.sandbox.faults(
        [
            {"network": "x", "operation": "publish", "kind": "accept_then_drop"},
            {"network": "x", "operation": "timeline", "kind": "status", "code": 500, "times": None},
        ]
    )
    done = office.post("Perhaps", GLOBEX)
    assert done.code == 12, done
    office.sandbox.faults([])
    return done.deliveries[0]


def _signed_as_ours(firm: Firm, who: Colleague, foreign: str) -> None:
    """Let a member say with their own key that a stranger's post is what a delivery of ours made."""
    done = firm.office.post("Ours", GLOBEX)
    assert done.code == 0, done
    write(firm, "update receipt set network_id = ? where delivery_id = ?", foreign, done.deliveries[0]["id"])
    genuine = logged(firm.office, "delivery.send")[-1]
    obj = {**genuine["obj"], "network_id": foreign}
    names = ("delivery", "fingerprint", "act", "due", "network_id")
    said = {name: obj[name] for name in names} | {"attempt": genuine["corr"], "outcome": "sent"}
    with who.entered() as workspace:
        pair = workspace.keys.member()
        obj |= {"key_id": pair.signing_id, "signature": jcs.b64(pair.sign("attempt-outcome", workspace.org, said))}
    append_entry(firm.office, {**genuine, "obj": obj})


@pytest.mark.parametrize("role", ["auditor", "author", "approver"])
@pytest.mark.parametrize(
    "words", [("--not-sent", "--reason", "not there"), ("--sent", "https://x.com/globex/status/99")]
)
def test_who_may_not_publish_says_what_became_of_a_post(firm: Firm, role: str, words: tuple[str, ...]) -> None:
    """Refused: `--not-sent` lets a post be sent again that may be public, `--sent` makes any post ours."""
    nina = joined(firm.office, "Nina", role, firm.office.base / "nina")
    lost = _lost(firm.office)
    done = nina.cli("queue", "settle", lost["id"], *words, "--json")
    assert (done.code, done.error["name"]) == (11, "not_allowed"), done
    assert "Nina" in done.error["message"]
    (row,) = [one for one in firm.office.queue() if one["id"] == lost["id"]]
    assert row["state"] == "unknown"


def test_who_may_publish_there_settles(firm: Firm) -> None:
    lost = _lost(firm.office)
    done = firm.jonas.cli("queue", "settle", lost["id"], "--not-sent", "--reason", "I looked", "--json")
    assert done.deliveries[0]["state"] == "failed", done


@pytest.mark.parametrize("role", ["auditor", "approver", "publisher elsewhere"])
def test_a_strangers_post_that_a_member_signs_as_ours(firm: Firm, role: str) -> None:
    """Told all the same: only a worker's word counts, and that of who may publish there."""
    ready(firm.office, GLOBEX)
    grants = (ACME,) if role.startswith("publisher") else ()
    nina = joined(firm.office, "Nina", role.split()[0], firm.office.base / "nina", grants=grants)
    foreign = happen(firm.office, GLOBEX, text="Send coins")["id"]
    _signed_as_ours(firm, nina, foreign)
    assert foreign in {one.network_id for one in seen(firm.office, GLOBEX)}


@pytest.mark.parametrize("how", [("member", "remove"), ("member", "suspend")])
def test_a_strangers_post_that_somebody_who_left_signs_as_ours(firm: Firm, how: tuple[str, ...]) -> None:
    """Told all the same; what they settled while they were here stays ours."""
    ready(firm.office, GLOBEX)
    lost = _lost(firm.office)
    (post,) = firm.office.sandbox.posts("x")
    url = f"https://x.com/globex/status/{post['id']}"
    assert firm.jonas.cli("queue", "settle", lost["id"], "--sent", url, "--json").code == 0
    assert firm.office.cli(*how, "Jonas", "--reason", "left", "--json").code == 0
    foreign = happen(firm.office, GLOBEX, text="Send coins")["id"]
    _signed_as_ours(firm, firm.jonas, foreign)
    there = {one.network_id for one in seen(firm.office, GLOBEX)}
    assert foreign in there
    assert post["id"] not in there
