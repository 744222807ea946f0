"""Taking back and settling: undo, cancel, a person's word on an unknown outcome."""

from collections.abc import Mapping, Sequence
from typing import Final
from urllib.parse import urlsplit

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.audit.interface import Actor, Entry
from socialguard.audit.log import AuditLog
from socialguard.canon import jcs
from socialguard.ledger import owning, reader, usage, word, writer
from socialguard.ledger.states import WAITING
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Delivery, Receipt, State
from socialguard.publishing.accept import EDITED, since
from socialguard.publishing.addresses import post_id, require_site
from socialguard.publishing.interface import Desk, Result
from socialguard.registry.signed import Right
from socialguard.store.database import Database

_SETTLED: Final = "settled by a person"


class AlreadyPublic(errors.SocialGuardError):
    """{account} {delivery} has been public since {since}: {url}"""

    remedy = "To delete it: socialguard delete {delivery}"


class CannotCancel(errors.Held):
    """Delivery {delivery} is {state}; it can no longer be cancelled."""

    remedy = "Run: socialguard queue show {delivery}"


class Replaced(CannotCancel):
    """{delivery} was edited: another delivery took its place, and that one is not cancelled."""

    remedy = "Find it: socialguard queue list --account {account} --state queued"


def cancel(
    database: Database, log: AuditLog, actor: Actor, account: Account, delivery_id: str, reason: str = ""
) -> Result:
    """Cancel a waiting delivery of `account`; its draft is kept. Cancelling what is cancelled changes nothing.

    It needs no key. Raises NotFound, AlreadyPublic, CannotCancel while it is being sent, or Replaced where an edit
    cancelled it: a person who means the post must learn that its new text still waits."""
    with database.write() as connection:
        value = reader.get(connection, delivery_id)
        if value.state is State.SENT and value.act is Act.PUBLISH:
            if owning.deletions_among(connection, value.account_id, [value.network_id or ""]):
                raise CannotCancel(delivery=value.id, state="deleted")
            at = reader.published_at(connection, value.id) or value.due
            raise AlreadyPublic(account=account, delivery=value.id, since=since(at, account.zone), url=value.url)
        if value.state is State.CANCELLED and value.state_reason == EDITED:
            raise Replaced(delivery=value.id, account=account)
        if value.state is not State.CANCELLED:
            if value.state not in WAITING:
                raise CannotCancel(delivery=value.id, state=value.state.value)
            writer.move(connection, value, State.CANCELLED, reason)
            _append(connection, log, actor, value, "delivery.cancel", "ok", reason)
        return Result(reader.get(connection, value.id), account)


def cancel_waiting(
    database: Database, log: AuditLog, actor: Actor, account_ids: Sequence[str], reason: str
) -> tuple[tuple[str, str], ...]:
    """Cancel every waiting delivery of these accounts in one transaction, and return their account and id. Drafts
    are kept; it needs no key."""
    with database.write() as connection:
        waiting = [one for one in reader.in_states(connection, *WAITING) if one.account_id in account_ids]
        for value in waiting:
            writer.move(connection, value, State.CANCELLED, reason)
            _append(connection, log, actor, value, "delivery.cancel", "ok", reason)
    return tuple((value.account_id, value.id) for value in waiting)


def settle(desk: Desk, delivery_id: str, *, url: str | None, reason: str) -> Result:
    """Record a person's word on an unknown outcome: `url` of the post that is there, or None: it is not.

    Raises NotFound, NotAllowed for a member who may not publish there, or UsageError where the outcome is not
    unknown or the URL names no post of the account."""
    with desk.database.write() as connection:
        value = reader.get(connection, delivery_id)
        _require_may_settle(connection, desk, value)
        if value.state is not State.UNKNOWN:
            raise errors.UsageError(detail=f"Delivery {value.id} is {value.state.value}, not unknown.")
        said: dict[str, object] = {}
        if url is None:
            writer.settle(connection, value, State.FAILED, reason=reason, how="person")
        else:
            if not url.startswith("https://"):
                raise errors.UsageError(detail=f"{url} is not the address of a post.")
            proof = Receipt(post_id(url), url, clock.now())
            account = desk.trust.account(connection, value.account_id)
            _require_place(connection, desk, account, url)
            _require_free(connection, value, proof.network_id, url)
            said = _signed(connection, desk, value, proof.network_id)
            writer.settle(connection, value, State.SENT, reason=reason, proof=proof, how="person")
            usage.book_found(connection, account, desk.network(account.network), value)
        outcome = "failed" if url is None else "sent"
        _append(connection, desk.log, desk.person, value, "delivery.settle", outcome, reason, said)
        # The attempt's own intent ends with the same word.
        _append(connection, desk.log, desk.person, value, "delivery.send", outcome, _SETTLED, said)
    return _result(desk, delivery_id)


def _require_may_settle(connection: Connection, desk: Desk, value: Delivery) -> None:
    """Refuse (NotAllowed) whoever may not publish there: their word lets a post go again, or makes one ours."""
    account = desk.trust.account(connection, value.account_id)
    if not desk.trust.may(connection, desk.person.id, Right.PUBLISH, account):
        raise errors.NotAllowed(
            who=desk.trust.named(connection, desk.person.id),
            what=f"settle {value.id} for {account}",
            detail="no owner granted it, or it has ended",
        )


def _require_place(connection: Connection, desk: Desk, account: Account, url: str) -> None:
    """Refuse the address of another network's post, or of one on another account of ours: whoever says that a post
    is public must have looked at this account."""
    require_site(url, desk.network(account.network).profile_url(account.handle, account.user_id))
    owner = urlsplit(url).path.strip("/").partition("/")[0]
    try:
        (other,) = desk.trust.resolve(connection, [f"{account.network}:@{owner}"])
    except errors.SocialGuardError:  # a word of the address that names no account of ours
        return
    if other.id != account.id:
        raise errors.UsageError(detail=f"{url} is a post of {other}, and this delivery is for {account}.")


def _require_free(connection: Connection, value: Delivery, network_id: str, url: str) -> None:
    """Refuse a post that another delivery made: one post is one delivery's. Facebook's ids begin with a Page's."""
    known = reader.remote_ids(connection, value.account_id) - {reader.last_step(connection, value.id)}
    if any(one.rpartition("_")[2] == network_id.rpartition("_")[2] for one in known):
        raise errors.UsageError(
            detail=f"{url} is the post of another delivery.",
            remedy="Look at: socialguard queue list. Not there? socialguard queue settle ID --not-sent --reason …",
        )


def _signed(connection: Connection, desk: Desk, value: Delivery, network_id: str) -> dict[str, object]:
    """Return what a person says was sent, as the log holds it: with the signature by which it counts as ours."""
    said = word.statement(value, word.SENT, network_id)
    member, signature = desk.trust.sign(word.TYPE, said)
    found = desk.trust.member(connection, member)
    key_id = "" if found is None else found.signing_id
    told = {name: said[name] for name in ("act", "due", "network_id")}
    return {**told, "key_id": key_id, "signature": jcs.b64(signature)}


def _result(desk: Desk, delivery_id: str) -> Result:
    with desk.database.read() as connection:
        value = reader.get(connection, delivery_id)
        return Result(value, desk.trust.account(connection, value.account_id))


def _append(
    connection: Connection,
    log: AuditLog,
    actor: Actor,
    value: Delivery,
    action: str,
    outcome: str,
    reason: str,
    more: Mapping[str, object] | None = None,
) -> None:
    obj = {"delivery": value.id, **(more or {})}
    entry = Entry(
        action=action,
        outcome=outcome,
        actor=actor,
        account=value.account_id,
        corr=value.attempt_id,
        fingerprint=value.fingerprint,
        reason=reason or None,
        obj=obj,
    )
    log.append(connection, entry)
