"""The signed word on how an attempt ended: what a worker, or the member who found it out, puts into the log.

Entries of the log carry no signature, and whoever writes the database could append one. So what opens a delivery
again, and what makes a post ours, counts with this word alone (docs/security.md)."""

from typing import Final

from socialguard.canon import jcs
from socialguard.model.delivery import Delivery

TYPE: Final = "attempt-outcome"
"""The envelope type of the word."""
ACTION: Final = "delivery.send"
SENT: Final = "sent"


def statement(value: Delivery, outcome: str, network_id: str | None = None) -> dict[str, object]:
    """Return what is signed. For `sent` it also names what was done, and to which post of the network."""
    said: dict[str, object] = {
        "delivery": value.id,
        "fingerprint": value.fingerprint,
        "attempt": value.attempt_id,
        "outcome": outcome,
        "due": jcs.timestamp(value.due),
    }
    if outcome == SENT:
        said |= {"act": value.act.value, "network_id": network_id}
    return said
