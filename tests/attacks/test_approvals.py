"""Approvals: two people are two keys, over one content, in time, and the sender counts them itself."""

import base64
import json
from pathlib import Path

from socialguard.canon import jcs
from socialguard.ledger.approvals import Word
from socialguard.publishing import approval
from socialguard.vault.keys import KeyPair
from tests.attacks.world import (
    ACME,
    APPROVED,
    PAGE,
    WAITING,
    Firm,
    approve,
    claim_approved,
    forge_approval,
    held,
    refused,
    row_of,
    schedule,
    write,
)

UNSIGNED = "an approval of it is not its member's"


def _signed_by(firm: Firm, pair: KeyPair, delivery: str, member: str) -> bytes:
    """The signature of a key of the attacker's over an approval in somebody's name."""
    genuine = row_of(firm, "approval", "id = (select min(id) from approval)")
    wanted = row_of(firm, "delivery", "id = ?", delivery)
    word = Word(
        fingerprint=wanted["fingerprint"],
        decision="approved",
        member=member,
        epoch=genuine["epoch"],
        expires_at=jcs.parse_timestamp(genuine["expires_at"]),
        signature=b"",
        given_at=jcs.parse_timestamp(genuine["given_at"]),
        reason="",
    )
    with firm.office.entered() as workspace:
        return pair.sign("approval", workspace.org, approval.statement(word))


def test_an_approval_that_was_never_given(firm: Firm) -> None:
    """Held: the log can be made to say that it was approved, but no approval of it is kept."""
    claim_approved(firm, firm.waiting)
    held(firm, firm.send(), "approval", public=2)


def test_an_approval_signed_by_a_key_of_the_attackers(firm: Firm) -> None:
    """Refused by the approver's key in the manifest."""
    signature = _signed_by(firm, KeyPair.generate(), firm.waiting, firm.eva.id)
    forge_approval(firm, firm.waiting, signature=signature)
    refused(firm, firm.send(), UNSIGNED)


def test_an_approval_replayed_on_another_delivery(firm: Firm) -> None:
    """Refused by the signature, which is over the fingerprint."""
    forge_approval(firm, firm.waiting)
    refused(firm, firm.send(), UNSIGNED)


def test_an_approval_put_down_to_another_member(firm: Firm) -> None:
    """Refused by the signature, which names the member and is by that member's key."""
    write(firm, "update approval set member = ?", firm.otto.id)
    refused(firm, firm.send(), UNSIGNED)


def test_an_approval_of_the_text_before_an_edit(firm: Firm) -> None:
    """Refused: the edit is another delivery with another fingerprint."""
    done = firm.jonas.cli("queue", "edit", firm.approved, "Edited by Jonas", "--confirm", ACME, "--json")
    assert done.deliveries[0]["state"] == "awaiting", done
    forge_approval(firm, done.deliveries[0]["id"])
    refused(firm, firm.send(), UNSIGNED)


def test_one_approval_counted_twice(firm: Firm) -> None:
    """Held: members are counted, not rows."""
    delivery = schedule(firm.jonas, "Needs two", PAGE, minutes=58)
    approve(firm.eva, delivery)
    genuine = row_of(firm, "approval", "id = (select max(id) from approval)")
    forge_approval(firm, delivery, **{name: genuine[name] for name in ("signature", "expires_at", "epoch")})
    held(firm, firm.send(), "1 of 2", public=2)


def test_a_rejection_turned_into_an_approval(firm: Firm) -> None:
    """Refused by the log: after a rejection no approval opens a delivery."""
    assert firm.eva.cli("reject", firm.waiting, "--reason", "no", "--json").code == 0
    write(firm, "update approval set decision = 'approved'")
    claim_approved(firm, firm.waiting)
    refused(firm, firm.send(), "the log ends it with")


def test_a_rejection_turned_into_one_of_two_approvals(firm: Firm) -> None:
    """Refused by the signature: the decision is part of what is signed."""
    delivery = schedule(firm.jonas, "Needs two", PAGE, minutes=58)
    approve(firm.eva, delivery)
    assert firm.otto.cli("reject", firm.waiting, "--reason", "no", "--json").code == 0
    no = row_of(firm, "approval", "decision = 'rejected'")
    forge_approval(firm, delivery, **{name: no[name] for name in ("signature", "member", "expires_at", "epoch")})
    refused(firm, firm.send(), UNSIGNED)


def test_an_attestation_presented_as_an_approval(firm: Firm, tmp_path: Path) -> None:
    """Refused: an attestation is a statement of another kind, whatever the log was made to say."""
    mail = tmp_path / "mail.eml"
    mail.write_text("Yes, please.\n", encoding="utf-8")
    words = ("--on-behalf", "Client Inc.", "--evidence", str(mail), "--reason", "mail", "--json")
    assert firm.eva.cli("approve", firm.waiting, *words).code == 0
    write(firm, "update approval set decision = 'approved', on_behalf = null, evidence_sha256 = null")
    claim_approved(firm, firm.waiting)
    refused(firm, firm.send(), UNSIGNED)


def test_a_submitters_signature_presented_as_an_approval(firm: Firm) -> None:
    """Refused: the signature of a delivery is of another kind, and the author's word does not count."""
    signature = row_of(firm, "delivery", "id = ?", firm.waiting)["signature"]
    forge_approval(firm, firm.waiting, signature=signature, member=firm.jonas.id)
    refused(firm, firm.send(), UNSIGNED)


def test_an_approval_made_to_last_longer(firm: Firm) -> None:
    """Refused: its end is signed."""
    write(firm, "update approval set expires_at = '2099-01-01T00:00:00.000000Z'")
    refused(firm, firm.send(), UNSIGNED)


def test_an_approval_that_is_taken_away(firm: Firm) -> None:
    """Held: nothing goes out without it, whatever the log says."""
    write(firm, "delete from approval")
    held(firm, firm.send(), "approval", public=1)
    assert APPROVED not in firm.office.published()


def test_an_approver_shown_a_text_that_nobody_submitted(firm: Firm) -> None:
    """Refused before anything is shown or signed: the row is held against its submitter's signature."""
    write(firm, "update delivery set content = replace(content, 'Nobody', 'Everybody') where id = ?", firm.waiting)
    done = firm.eva.cli("approve", firm.waiting, "--reason", "fine", "--json")
    assert done.code == 13, done
    assert "content is not what was confirmed" in done.error["message"]


def test_an_answer_by_mail_replayed_on_another_delivery(firm: Firm) -> None:
    """Refused: the file names a delivery, the signature another content."""
    since = str(_epoch_at_joining(firm))
    asked = firm.office.cli("approval", "request", firm.waiting, "--since", since, "--json").document["request"]
    answer = firm.otto.cli("approve", "-", "--json", stdin=asked)
    assert answer.code == 0, answer
    second = schedule(firm.jonas, "Another one", minutes=58)
    file = json.loads(base64.b64decode(answer.document["approval"])) | {"delivery": second}
    forged = jcs.b64(jcs.encode(file))
    done = firm.office.cli("queue", "accept", "-", "--reason", "by mail", "--json", stdin=forged)
    assert done.code == 13, done
    assert "another content" in done.error["message"]


def _epoch_at_joining(firm: Firm) -> int:
    entries = firm.office.cli("audit", "list", "--action", "member.add", "--json").document["entries"]
    row = next(one for one in entries if one["obj"]["member"] == firm.otto.id)
    return int(row["obj"]["epoch"]) - 1


def test_a_client_shown_a_text_that_nobody_submitted(firm: Firm, tmp_path: Path) -> None:
    """Refused: the page for a client without this program is made of what was signed, or not at all."""
    out = tmp_path / "review.html"
    content = json.loads(write(firm, "select content from delivery where id = ?", firm.waiting)[0][0])
    shown = json.dumps({**content, "text": "Shown to the client"})
    write(firm, "update delivery set content = ? where id = ?", shown, firm.waiting)
    words = ("review", "export", "x:@acme", "--html", "--out", str(out), "--json")
    refused(firm, firm.office.cli(*words), firm.waiting)
    assert not out.exists()


def test_a_request_by_mail_of_a_text_that_nobody_submitted(firm: Firm) -> None:
    """Refused before a file is made that an approver far away would trust."""
    content = json.loads(write(firm, "select content from delivery where id = ?", firm.waiting)[0][0])
    write(
        firm, "update delivery set content = ? where id = ?", json.dumps({**content, "text": "Else"}), firm.waiting
    )
    refused(firm, firm.office.cli("approval", "request", firm.waiting, "--json"), firm.waiting)


def test_an_answer_by_mail_used_again_after_a_rejection(firm: Firm) -> None:
    """Nothing goes out: who approved said no afterwards, and a rejection ends the delivery."""
    request = firm.office.cli("approval", "request", firm.waiting, "--since", "1", "--json").document["request"]
    answer = firm.eva.cli("approve", "-", "--json", stdin=request).document["approval"]
    assert firm.eva.cli("reject", firm.waiting, "--reason", "on second thoughts", "--json").code == 0
    done = firm.office.cli("queue", "accept", "-", "--reason", "by mail", "--json", stdin=answer)
    assert done.code != 0, done
    assert firm.send().code == 0
    assert WAITING not in firm.office.published()


def test_an_answer_by_mail_used_again_after_an_edit(firm: Firm) -> None:
    """Good for the text that it was given for, and for no later one."""
    request = firm.office.cli("approval", "request", firm.waiting, "--since", "1", "--json").document["request"]
    answer = firm.eva.cli("approve", "-", "--json", stdin=request).document["approval"]
    words = ("queue", "edit", firm.waiting, "Changed", "--confirm", "x:@acme", "--json")
    edited = firm.jonas.cli(*words)
    assert edited.deliveries[0]["state"] == "awaiting", edited
    assert firm.office.cli("queue", "accept", "-", "--reason", "by mail", "--json", stdin=answer).code != 0
    firm.send()
    assert "Changed" not in firm.office.published()
