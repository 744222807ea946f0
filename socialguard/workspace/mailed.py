"""Approvals of people who are not on this machine: a request and an answer as signed files, by any mail.

A request holds everything that would be sent, signed by its submitter, and the manifests from the one that the
approver has seen: its keys are believed only where that chain begins at the approver's own pin. An answer is an
approval as the sender verifies it, in a file; nothing else in the file is believed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, select

from socialguard import clock, errors
from socialguard.canon import envelope, jcs
from socialguard.ledger import approvals, reader
from socialguard.ledger.approvals import Word
from socialguard.model.account import Account
from socialguard.model.delivery import Delivery
from socialguard.model.fingerprint import fingerprint
from socialguard.model.text import marked
from socialguard.publishing import approval, deciding
from socialguard.publishing.interface import Result
from socialguard.publishing.submission import SUBMISSION, statement_of
from socialguard.registry import manifest as manifests
from socialguard.registry.signed import Right
from socialguard.store import tables
from socialguard.workspace import mail

if TYPE_CHECKING:
    from socialguard.registry.manifest import Manifest
    from socialguard.vault.identity import Identity
    from socialguard.vault.kek import AskPassphrase
    from socialguard.workspace.opened import Workspace

REQUEST: Final = "approval-request"
ANSWER: Final = "approval-answer"


def request(workspace: "Workspace", delivery_id: str, since: int | None) -> str:
    """Return the file by which somebody elsewhere can approve a waiting delivery. `since` is the epoch that they
    have seen, the newest where none is given."""
    found = deciding.matter(workspace.desk, delivery_id)
    value = found.value
    deciding.require_awaiting(value)
    with workspace.database.read() as connection:
        manifest = workspace.signed.books(connection).manifest
        hours = workspace.trust.rules(connection, found.account).approval_hours
        document = {
            "org": manifest.org,
            "account": str(found.account),
            "delivery": statement_of(workspace.org, value, found.account),
            "submitter": value.submitter,
            "signature": jcs.b64(value.signature),
            "expires": jcs.timestamp(clock.now() + timedelta(hours=hours)),
            "findings": [f"{one.severity.value}: {one.message()}" for one in found.findings],
            "manifests": _chain(connection, manifest.epoch if since is None else since),
        }
    return mail.written(REQUEST, document)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it was verified: what would be sent, by whom, where (`account` and `findings` as the sender of
    the file tells them; what is signed is `body`), until when an approval would count, and the epoch."""

    org: str
    account: str
    body: dict[str, object]
    submitter: str
    findings: tuple[str, ...]
    expires: datetime
    epoch: int

    @property
    def text(self) -> str:
        """The text that would be public."""
        return str(self.body.get("text"))


def org_of(source: str) -> str:
    """Return the organisation that a request names: whose keys to open, nothing more."""
    return str(mail.read(REQUEST, source).get("org"))


def verified(identity: "Identity", ask: "AskPassphrase | None", source: str) -> Asked:
    """Return what a request would publish, verified against this machine's own pin. Needs no workspace.

    Raises Tampered for whatever is not as signed, UsageError where the file's manifests begin after the pin, and
    NotAllowed where this machine's member may not decide on it."""
    value = mail.read(REQUEST, source)
    manifest = _manifest(value, identity, ask)
    try:
        body, findings = value["delivery"], value["findings"]
        expires = jcs.parse_timestamp(str(value["expires"]))
        signature = jcs.unb64(str(value["signature"]))
    except (KeyError, ValueError):
        raise _malformed(REQUEST) from None
    submitter = manifest.member(str(value.get("submitter")))
    signed = manifest.account(str(body.get("account"))) if isinstance(body, dict) else None
    if not isinstance(body, dict) or not isinstance(findings, list) or submitter is None or signed is None:
        raise _malformed(REQUEST)
    try:
        envelope.verify(submitter.ed25519, signature, SUBMISSION, manifest.org, jcs.encode(body))
    except ValueError:
        raise errors.Tampered(what="The request", detail="no member signed what it would publish.") from None
    me = identity.member_id
    if me == submitter.id or not manifest.may(me, Right.APPROVE, signed.id):
        detail = "the author never does, nor who has no such right"
        raise errors.NotAllowed(who=marked("You"), what="decide on this", detail=detail)
    return Asked(
        org=manifest.org,
        account=f"{signed.network}:@{signed.handle}",
        body=body,
        submitter=submitter.id,
        findings=tuple(str(one) for one in findings),
        expires=expires,
        epoch=manifest.epoch,
    )


def answer(identity: "Identity", ask: "AskPassphrase | None", asked: Asked) -> str:
    """Return the approval of a verified request by this machine's member, as a file."""
    word = Word(
        fingerprint=fingerprint(asked.body),
        decision=approvals.APPROVED,
        member=identity.member_id,
        epoch=asked.epoch,
        expires_at=asked.expires,
        signature=b"",
        given_at=clock.now(),
        reason="",
    )
    said = approval.statement(word)
    signature = identity.member(ask).sign(approval.STATEMENT, asked.org, said)
    document = {"delivery": str(asked.body.get("delivery")), "body": said, "signature": jcs.b64(signature)}
    return mail.written(ANSWER, document)


def accept(workspace: "Workspace", source: str, reason: str) -> Result:
    """Take an approval in that came as a file; raises as `deciding.approve`, Tampered for a signature that is not
    its member's."""
    value = mail.read(ANSWER, source)
    body = value.get("body")
    if not isinstance(body, dict):
        raise _malformed(ANSWER)

    def given(connection: Connection, delivery: Delivery, account: Account) -> Word:
        try:
            epoch = body["epoch"]
            word = Word(
                fingerprint=str(body["fingerprint"]),
                decision=str(body["decision"]),
                member=str(body["member"]),
                epoch=epoch if isinstance(epoch, int) else -1,
                expires_at=jcs.parse_timestamp(str(body["expires"])),
                signature=jcs.unb64(str(value["signature"])),
                given_at=clock.now(),
                reason=reason,
            )
        except (KeyError, ValueError):
            raise _malformed(ANSWER) from None
        _require_of(connection, workspace, word, delivery, account)
        return word

    with workspace.database.read() as connection:
        delivery_id = reader.get(connection, str(value.get("delivery"))).id
    return deciding.take(workspace.desk, delivery_id, given, reason)


def _require_of(
    connection: Connection, workspace: "Workspace", word: Word, delivery: Delivery, account: Account
) -> None:
    """Refuse an answer that is not an approval of this very delivery, signed and still in time."""
    trust = workspace.trust
    said = approval.statement(word)
    if not trust.is_signed(connection, approval.STATEMENT, said, word.member, word.signature):
        raise errors.Tampered(what="The approval", detail="its signature is not its member's.")
    if word.decision != approvals.APPROVED or word.fingerprint != delivery.fingerprint:
        raise errors.Tampered(what="The approval", detail="it is of another content than what waits.")
    hours = trust.rules(connection, account).approval_hours
    if word.expires_at > clock.now() + timedelta(hours=hours):
        raise errors.UsageError(detail="The approval would count for longer than policy lets it.")
    if clock.now() >= word.expires_at:
        raise errors.UsageError(
            detail="The approval has ended.", remedy="Ask for it again: socialguard approval request"
        )


def _chain(connection: Connection, since: int) -> list[dict[str, object]]:
    table = tables.manifest
    rows = connection.execute(select(table).where(table.c.epoch >= since).order_by(table.c.epoch)).all()
    if not rows:
        raise errors.UsageError(detail=f"There is no epoch {since} of the manifest.")
    return [{"body": bytes(row.body).decode(), "signatures": row.signatures} for row in rows]


def _manifest(value: dict[str, object], identity: "Identity", ask: "AskPassphrase | None") -> "Manifest":
    """Return the newest manifest of a request, verified from the pin on; it is pinned where it is newer."""
    pins = identity.pins(ask)
    pin = pins.manifest()
    listed = value.get("manifests")
    if pin is None or not isinstance(listed, list) or value.get("org") != identity.org:
        raise errors.Tampered(what="The request", detail="it is of another organisation.")
    try:
        chain = [(str(one["body"]).encode(), str(one["signatures"])) for one in listed]
    except (KeyError, TypeError):
        raise _malformed(REQUEST) from None
    newest = manifests.verified_from(pin, chain)
    pins.pin_manifest(newest.epoch, newest.sha256)
    return newest


def _malformed(kind: str) -> errors.UsageError:
    return errors.UsageError(detail=f"This is not a file of the kind {kind}.")
