"""From a plan and its answer to queued deliveries: confirmed by name, signed, logged, in one transaction."""

import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.audit.interface import Entry
from socialguard.canon import jcs
from socialguard.ledger import reader, writer
from socialguard.ledger.states import FINAL, WAITING
from socialguard.ledger.stops import ALL, Stop
from socialguard.model.account import Account, typed_client
from socialguard.model.delivery import Act, Delivery, State
from socialguard.model.finding import Finding, Severity
from socialguard.model.fingerprint import body, fingerprint
from socialguard.model.text import marked
from socialguard.publishing import approval, crash
from socialguard.publishing.doubted import OVERRULED, entries
from socialguard.publishing.interface import Answer, Candidate, Desk, Plan, Session
from socialguard.publishing.prepare import APPROVER, decided
from socialguard.publishing.submission import SUBMISSION, begin_nonce, require_waiting
from socialguard.registry import campaigns
from socialguard.registry.signed import Right

# A card that was read longer ago than this shows a world that has moved on.
MAX_PLAN_AGE: Final = timedelta(minutes=15)
# So long nothing that the clock decides (quiet hours, distances) counts as changed.
MOMENT: Final = timedelta(seconds=2)
# Why a delivery was cancelled whose text waits on under another id.
EDITED: Final = "edited"


@dataclass(frozen=True, slots=True)
class _Submission:
    value: Delivery
    candidate: Candidate


def accept(desk: Desk, plan: Plan, answer: Answer) -> tuple[Delivery, ...]:
    """Queue a plan's deliveries if nothing stops them and the answer confirms every account.

    Raises Held (blocked or held by a check), Frozen, OverBudget, ConfirmationRequired, WrongName, Tampered,
    AuditUnwritable; nothing is queued then."""
    try:
        return _accept(desk, plan, answer)
    except errors.SocialGuardError as problem:
        problem.fields.setdefault("draft", plan.draft_id)
        raise


def _accept(desk: Desk, plan: Plan, answer: Answer) -> tuple[Delivery, ...]:
    require_fresh(plan.made_at)
    crash.at("before_queue")
    with desk.database.write() as connection:
        _refuse_stops(connection, desk, plan)
        held = refuse_findings(connection, desk, plan)
        _refuse_unpaid(connection, desk, plan)
        _refuse_gone_on(connection, plan)
        how = desk.gate.require(connection, plan.candidates, plan.session, plan.challenge, answer)
        for delivery_id in plan.replaces:
            _cancel_replaced(connection, desk, delivery_id)
        queued = submit(connection, desk, plan, how, begin_nonce(desk.log.head(connection)), held)
        for entry in entries(desk, plan, OVERRULED):
            desk.log.append(connection, entry)
    crash.at("after_queue")
    return queued


def submit(
    connection: Connection, desk: Desk, plan: Plan, how: str, nonce: str, held: Collection[str]
) -> tuple[Delivery, ...]:
    """Sign and queue the deliveries of a plan in the caller's transaction, which has refused what must be refused;
    `how` is what the gate said of the confirmation, `nonce` what `begin_nonce` returned, `held` what
    `refuse_findings` did."""
    plan = replace(plan, campaign=campaigns.keep(connection, plan.campaign))
    return tuple(
        _queue(connection, desk, plan, item, how, str(item.candidate.account) in held)
        for item in _signed(connection, desk, plan, nonce)
    )


def require_fresh(made_at: datetime) -> None:
    """Refuse (Held) what was checked too long ago."""
    if clock.now() - made_at > MAX_PLAN_AGE:
        raise errors.Held(detail="the confirmation is older than 15 minutes", fix="Repeat the command.")


def _signed(connection: Connection, desk: Desk, plan: Plan, begin: str) -> list[_Submission]:
    """Sign all, each part of a thread with the id of the part that it answers."""
    signed: list[_Submission] = []
    before: dict[str, str] = {}
    drawn: set[str] = set()
    for candidate in plan.candidates:
        after = candidate.after
        if after is None and candidate.content.thread_position and candidate.act is Act.PUBLISH:
            after = before[candidate.account.id]
        drawn.add(delivery_id := writer.new_id(connection, drawn))
        signed.append(_sign(desk, plan, candidate, delivery_id, begin, after))
        before[candidate.account.id] = signed[-1].value.id
    return signed


def _sign(
    desk: Desk, plan: Plan, candidate: Candidate, delivery_id: str, begin: str, after: str | None
) -> _Submission:
    now = clock.now()
    nonce = begin + secrets.token_hex(16)
    statement = body(
        org=desk.trust.org,
        delivery=delivery_id,
        nonce=nonce,
        act=candidate.act,
        account=candidate.account.id,
        user_id=candidate.account.user_id,
        content=candidate.content,
        not_before=candidate.when,
        max_late=candidate.max_late,
        target=candidate.target,
        after=after,
    )
    member, signature = desk.trust.sign(SUBMISSION, statement)
    value = Delivery(
        id=delivery_id,
        draft_id=plan.draft_id,
        account_id=candidate.account.id,
        act=candidate.act,
        content=candidate.content,
        nonce=nonce,
        fingerprint=fingerprint(statement),
        submitter=member,
        signature=signature,
        state=State.QUEUED,
        due=candidate.when or now + timedelta(seconds=candidate.grace),
        created_at=now,
        not_before=candidate.when,
        wall_time=None if plan.wall is None else plan.wall.isoformat(timespec="seconds"),
        zone=plan.zone,
        max_late=candidate.max_late,
        target=candidate.target,
        options={"replaces": plan.replaces[0]} if plan.replaces else {},
        after_id=after,
        campaign_id=plan.campaign,
    )
    return _Submission(value, candidate)


def refuse_stopped(desk: Desk, plan: Plan) -> None:
    """Raise what would stop a plan whatever is answered, so that nobody is asked in vain: Frozen, Held for an
    attended account, OverBudget, AuthenticationNeeded."""
    with desk.database.read() as connection:
        _refuse_stops(connection, desk, plan)
        _refuse_unpaid(connection, desk, plan)


def _refuse_unpaid(connection: Connection, desk: Desk, plan: Plan) -> None:
    """Refuse what a budget does not allow; a deletion is never stopped by one."""
    posts = [(one.account, one.price) for one in plan.candidates if one.act is not Act.DELETE]
    desk.purse.require_posts(connection, posts, at=plan.candidates[0].when, instead_of=plan.replaces)


def _refuse_stops(connection: Connection, desk: Desk, plan: Plan) -> None:
    for candidate in plan.candidates:
        require_open(connection, desk, candidate.account, plan.session, plan.draft_id)


def require_may_publish(connection: Connection, desk: Desk, account: Account, draft_id: str) -> None:
    """Refuse what the sender would: a submission by somebody who may not publish there."""
    if not desk.trust.may(connection, desk.person.id, Right.PUBLISH, account):
        raise errors.NotAllowed(
            who=desk.trust.named(connection, desk.person.id),
            what=f"publish on {account}",
            detail="no owner granted it, or it has ended",
            draft=draft_id,
        )


def require_open(connection: Connection, desk: Desk, account: Account, session: Session, draft_id: str) -> None:
    """Refuse an account on which nothing may be queued now: NotAllowed where this member may not publish,
    AuthenticationNeeded where it was revoked, Held where only a person at a terminal may use it, Frozen."""
    require_may_publish(connection, desk, account, draft_id)
    # Read again: it may have been revoked or removed while the card was shown.
    account = desk.trust.account(connection, account.id)
    if not account.is_usable:
        raise revoked(account)
    if account.attended and session.context is None:
        raise errors.Held(
            detail=f"{account} is used only by a person at a terminal",
            fix="Run the command in a terminal, without --json and --no-input.",
        )
    for stop in desk.trust.stops(connection, account, desk.trust.noted(), lambda: [desk.person.id]):
        raise frozen(connection, desk, stop, account, draft_id)


def frozen(connection: Connection, desk: Desk, stop: Stop, account: Account, draft_id: str) -> errors.Frozen:
    """Return what is told of a delivery that a freeze keeps from going out, with the words that lift it."""
    told = {"since": since(stop.since, account.zone), "actor": stop.actor, "reason": stop.reason}
    kind, _, rest = stop.scope.partition(":")
    if kind == "member":
        name = desk.trust.named(connection, rest)
        return errors.MemberFrozen(account=account, member=name, words=f"--member {rest}", draft=draft_id, **told)
    words = {ALL: "--all", "client": f"client:{typed_client(rest)}", "label": stop.scope}.get(kind, str(account))
    return errors.Frozen(account=account, words=words, draft=draft_id, **told)


def for_approver(findings: Iterable[Finding]) -> frozenset[str]:
    """Return the accounts with a hold that an approver decides."""
    return frozenset(item.account for item in findings if item.overridden == APPROVER)


def refuse_findings(connection: Connection, desk: Desk, plan: Plan) -> frozenset[str]:
    """Refuse (Held) what the checks stop, asked again under the write lock: a twin may have been queued since the
    plan was shown. Return the accounts with a hold that an approver decides."""
    told = plan.findings if _is_still_so(connection, desk, plan) else _asked_again(connection, desk, plan)
    stopping = [item for item in told if item.stops]
    if not stopping:
        return for_approver(told)
    blocked = any(item.severity is Severity.BLOCK for item in stopping)
    alone = len(plan.candidates) == 1
    first = stopping[0]
    fix = "Fix it." if blocked else f"Fix it, or --override {first.check} --reason …"
    raise errors.Held(
        detail="; ".join(item.message() if alone else f"{item.account}: {item.message()}" for item in stopping),
        fix=fix,
        findings=stopping,
    )


def _is_still_so(connection: Connection, desk: Desk, plan: Plan) -> bool:
    """Whether what the checks said is a moment old and nothing was logged since: every change of what they look at
    is in the log."""
    age = clock.now() - plan.made_at
    return timedelta(0) <= age <= MOMENT and plan.log == desk.log.head(connection)


def _asked_again(connection: Connection, desk: Desk, plan: Plan) -> tuple[Finding, ...]:
    if plan.candidates[0].act is Act.DELETE:
        return ()
    found = (
        *desk.gate.review(connection, plan.candidates, replaces=plan.replaces),
        *desk.gate.doubts(connection, plan.candidates, plan.session),
    )
    return decided(connection, desk, plan.candidates, found, dict(plan.overrides))


def _refuse_gone_on(connection: Connection, plan: Plan) -> None:
    """Refuse (Held) to go on with a thread that goes on already: it was resumed while the person read."""
    for candidate in plan.candidates:
        for other in () if candidate.after is None else reader.answering(connection, candidate.after):
            if other.id not in plan.replaces and (other.state is State.SENT or other.state not in FINAL):
                raise errors.Held(
                    detail=f"delivery {other.id} goes on with the thread already",
                    fix="Run: socialguard queue show " + other.id,
                )


def _cancel_replaced(connection: Connection, desk: Desk, delivery_id: str) -> None:
    old = reader.get(connection, delivery_id)
    if old.state not in WAITING:
        raise errors.Held(
            detail=f"delivery {old.id} is {old.state.value} already", fix="Run: socialguard queue show " + old.id
        )
    require_waiting(connection, desk, old, desk.trust.account(connection, old.account_id))
    writer.move(connection, old, State.CANCELLED, EDITED)
    approval.close(connection, desk.alerts, old.id)
    desk.log.append(
        connection,
        Entry(
            action="delivery.cancel",
            outcome="ok",
            actor=desk.person,
            account=old.account_id,
            fingerprint=old.fingerprint,
            reason=EDITED,
            obj={"delivery": old.id},
        ),
    )


def _queue(
    connection: Connection, desk: Desk, plan: Plan, item: _Submission, how: str, for_approver: bool
) -> Delivery:
    """Queue one submission, waiting for approvals where it needs any, and return it as it stands."""
    value, account = item.value, item.candidate.account
    needed = max(approval.needed(connection, desk, value, account), int(for_approver))
    if needed:
        value = replace(value, state=State.AWAITING, state_reason=marked("approval"))
        approval.call(connection, desk, value, account, needed)
    writer.queue(connection, value)
    writer.record_confirmation(connection, value, context=plan.session.context, how=how, member=desk.person.id)
    reasons = [f"{check}: {reason}" for check, reason in plan.overrides.items()]
    desk.log.append(
        connection,
        Entry(
            action="delivery.queue",
            outcome=value.state.value,
            actor=desk.person,
            account=value.account_id,
            fingerprint=value.fingerprint,
            reason="; ".join(reasons) or None,
            obj={
                "delivery": value.id,
                "act": value.act.value,
                "confirmed": how,
                "due": jcs.timestamp(value.due),
                "approvals": needed,
                **({"passed": ",".join(sorted(plan.overrides))} if plan.overrides else {}),
            },
        ),
    )
    return value


def revoked(account: Account) -> errors.AuthenticationNeeded:
    """Return the refusal for an account whose credential was taken back."""
    network = account.network.title()
    return errors.AuthenticationNeeded(network=network, account=account, detail="it was revoked here.")


def since(instant: datetime, zone: str) -> str:
    """Return a time of day for a person, with its zone, and with the date where it is not today."""
    from zoneinfo import ZoneInfo

    local = instant.astimezone(ZoneInfo(zone))
    today = clock.now().astimezone(ZoneInfo(zone)).date()
    return f"{local:%H:%M} {local.tzname()}" if local.date() == today else dated(instant, zone)


def dated(instant: datetime, zone: str) -> str:
    """Return day, time of day and zone for a person: for what is kept and read on other days."""
    from zoneinfo import ZoneInfo

    local = instant.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"
