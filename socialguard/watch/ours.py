"""What is ours: posts of which the ledger has a receipt, and deletions that it has as sent, where the log holds a
signed word on it. A row alone proves nothing: whoever writes the database would call every post ours."""

from collections.abc import Mapping, Sequence, Set
from typing import Final

from sqlalchemy import Connection

from socialguard.audit import usage
from socialguard.canon import envelope, jcs
from socialguard.ledger import owning, word
from socialguard.ledger.owning import Claim
from socialguard.model.delivery import Act
from socialguard.watch.interface import Desk, Signer

_SIGNED: Final = ("delivery", "fingerprint", "act", "due", "network_id")


def made(connection: Connection, desk: Desk, account_id: str, network_ids: Sequence[str]) -> frozenset[str]:
    """Return those of `network_ids` that we posted on an account."""
    claimed = owning.receipts_among(connection, account_id, network_ids)
    return _proved(connection, desk, account_id, claimed, Act.PUBLISH)


def deleted(connection: Connection, desk: Desk, account_id: str, network_ids: Sequence[str]) -> frozenset[str]:
    """Return those of `network_ids` that we deleted on an account."""
    claimed = owning.deletions_among(connection, account_id, network_ids)
    return _proved(connection, desk, account_id, claimed, Act.DELETE)


def _proved(connection: Connection, desk: Desk, account_id: str, claimed: Set[Claim], act: Act) -> frozenset[str]:
    """Return the posts of those claims that the log makes, too, signed."""
    if not claimed:
        return frozenset()
    signers = desk.signers(connection, account_id)
    proved: set[Claim] = set()
    for one in usage.of_fingerprints(connection, {name for _, name in claimed}, word.ACTION, word.SENT):
        network_id = one.obj.get("network_id")
        if one.obj.get("act") == act.value and _is_signed(desk.org, signers, one):
            proved.add((str(network_id), str(one.obj.get("fingerprint"))))
    return frozenset(network_id for network_id, _ in claimed & proved)


def _is_signed(org: str, signers: Mapping[str, Signer], one: usage.Told) -> bool:
    signer = signers.get(str(one.obj.get("key_id")))
    if signer is None or (signer.until is not None and one.at > signer.until):
        return False
    said = {name: one.obj.get(name) for name in _SIGNED} | {"attempt": one.corr, "outcome": one.outcome}
    try:
        envelope.verify(signer.public, jcs.unb64(str(one.obj.get("signature"))), word.TYPE, org, jcs.encode(said))
    except (envelope.BadSignature, envelope.BadEnvelope, jcs.NotCanonical):
        return False
    return True
