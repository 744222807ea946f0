"""The fingerprint of a delivery: a hash of everything that will be sent. Confirmations, approvals and the
log's intents name it; any edit makes another one and so voids them."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from socialguard.canon import jcs
from socialguard.model.delivery import Act, Content

PREFIX: Final = b"socialguard/delivery/v1\n"


def body(
    *,
    org: str,
    delivery: str,
    nonce: str,
    act: Act,
    account: str,
    user_id: str,
    content: Content,
    not_before: datetime | None,
    max_late: int,
    target: str | None = None,
    after: str | None = None,
) -> Mapping[str, object]:
    """Return the JSON value that is hashed and that the submitter signs (FORMATS: Fingerprint of a delivery).

    `user_id` is the network's id of the account; `not_before` None means now; `max_late` is in seconds;
    `target` is the network's id of the post that an edit or a delete acts on; `after` is the delivery of the part
    before this one in a thread. What is part of no thread has no word about threads: so it was signed before there
    were any.
    """
    value: dict[str, object] = {
        "org": org,
        "delivery": delivery,
        "nonce": nonce,
        "act": act.value,
        "account": account,
        "user_id": user_id,
        "text": content.text,
        "media": [{"sha256": item.sha256, "alt": item.alt} for item in content.media],
        "link": content.link,
        "reply_to": content.reply_to,
        "thread_position": content.thread_position,
        "visibility": content.visibility,
        "warning": content.warning,
        "language": content.language,
        "not_before": None if not_before is None else jcs.timestamp(not_before),
        "max_late": max_late,
        "target": target,
    }
    if content.thread_position is not None or content.thread_size is not None or after is not None:
        value |= {"thread_size": content.thread_size, "after": after}
    return value


def fingerprint(value: Mapping[str, object]) -> str:
    """Return the fingerprint of `body`'s value: 64 hex digits of SHA-256 over the prefix and its JCS form."""
    return hashlib.sha256(PREFIX + jcs.encode(value)).hexdigest()
