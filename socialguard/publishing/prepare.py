"""From a request to a plan: draft kept, accounts named, content rendered and checked, the question prepared."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from sqlalchemy import Connection

from socialguard import clock, errors
from socialguard.audit.interface import Entry
from socialguard.ledger import reader, writer
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Content, Delivery
from socialguard.model.finding import Finding, Severity
from socialguard.networks.prices import price_of
from socialguard.publishing.doubted import ASKED, CHECK, entries
from socialguard.publishing.interface import Answer, Candidate, Desk, Divide, Plan, Request, Session
from socialguard.publishing.rendering import contents_for, fallbacks
from socialguard.publishing.times import Moment, scheduled

MAX_TEXT = 1_000_000
"""Characters: more than any network takes, so that a wrong file is refused before it is measured."""
APPROVER = "an approver decides"
"""What passes a hold where policy leaves it to an approver."""


def prepare(desk: Desk, request: Request, session: Session, *, keep: bool = True) -> Plan:
    """Check a request and return the plan to show; nothing is queued. The draft is kept first, unless `keep`
    is False (a dry run), so that whatever stops the post later loses no text.

    Raises UsageError, UnknownAccount, AmbiguousName, BadTime, Unreadable, Tampered."""
    if len(request.text) > MAX_TEXT:
        raise errors.UsageError(
            detail=f"The text has {len(request.text)} characters; no network takes more than {MAX_TEXT}."
        )
    if not request.selectors:
        raise errors.UsageError(detail="No account is named: add --to ACCOUNT.")
    draft_id = "-"
    try:
        draft_id, accounts = _begin(desk, request, keep=keep)
        media = [
            *((1, item) for item in request.kept_media),
            *((one.part, desk.media.keep(one.path, one.alt)) for one in request.media),
        ]
        moment = None
        if request.at is not None:
            moment = scheduled(request.at, common_zone(accounts))
        contents = [
            (account, contents_for(desk.network(account.network), account, request, media)) for account in accounts
        ]
        replaces = () if request.replaces is None else (request.replaces,)
        plan = _looked_up(desk, request, session, draft_id, contents, moment, replaces, keep=keep)
        return replace(plan, findings=(*fallbacks(accounts, request), *plan.findings))
    except errors.SocialGuardError as problem:
        problem.fields.setdefault("draft", draft_id)
        raise


def prepare_deletion(desk: Desk, delivery_id: str, session: Session) -> Plan:
    """Return the plan that deletes the post of a sent delivery; it asks as a switch does.

    Raises NotFound, or UsageError where there is no post of ours to delete."""
    with desk.database.read() as connection:
        post = reader.get(connection, delivery_id)
        if post.network_id is None or post.act is not Act.PUBLISH:
            raise errors.UsageError(
                detail=f"Delivery {delivery_id} is {post.state.value}: there is no post to delete."
            )
        account = desk.trust.account(connection, post.account_id)
    return plan_deletion(desk, replace(post, target=post.network_id), account, session)


def plan_deletion(
    desk: Desk, value: Delivery, account: Account, session: Session, *, replaces: str | None = None
) -> Plan:
    """Return the plan that deletes the post `value.target` of an account; `replaces` is a delivery that was to
    do so and is held."""
    with desk.database.read() as connection:
        candidate = Candidate(
            account=account,
            act=Act.DELETE,
            content=replace(value.content, thread_position=None, thread_size=None),
            length=0,
            limit=0,
            price=price_of(desk.network(account.network), Act.DELETE, value.content),
            grace=0,
            max_late=desk.trust.rules(connection, account).max_late,
            when=None,
            target=value.target,
        )
        challenge = desk.gate.challenge(connection, (candidate,), session)
    return Plan(
        draft_id=value.draft_id,
        candidates=(candidate,),
        findings=(),
        challenge=None if challenge is None else replace(challenge, purpose="delete"),
        session=session,
        made_at=clock.now(),
        zone=account.zone,
        replaces=() if replaces is None else (replaces,),
    )


def prepare_parts(
    desk: Desk,
    account: Account,
    contents: Sequence[Content],
    session: Session,
    *,
    after: str | None,
    replaces: Sequence[str],
    at: str | None,
    overrides: Mapping[str, str],
    campaign: str | None = None,
) -> Plan:
    """Check what is left of a thread, to be queued anew behind the delivery `after` and instead of `replaces`. It
    has its draft, too.

    Raises as `prepare`."""
    text = "\n---\n".join(content.text for content in contents)
    request = Request(
        text=text,
        selectors=[str(account)],
        at=at,
        overrides=overrides,
        divide=Divide.LINES,
        campaign=campaign,
    )
    with desk.database.write() as connection:
        draft_id = _keep_draft(connection, desk, request)
    try:
        moment = None if at is None else scheduled(at, account.zone)
        parts = [(account, tuple(contents))]
        plan = _looked_up(desk, request, session, draft_id, parts, moment, tuple(replaces))
    except errors.SocialGuardError as problem:
        problem.fields.setdefault("draft", draft_id)
        raise
    return replace(plan, candidates=(replace(plan.candidates[0], after=after), *plan.candidates[1:]))


def common_zone(accounts: Sequence[Account]) -> str:
    """Return the one time zone of all accounts; BadTime where they differ, since '9h' is then two instants."""
    zones = {account.zone for account in accounts}
    if len(zones) > 1:
        raise errors.BadTime(
            text="--at",
            detail=f"the accounts are in different zones ({', '.join(sorted(zones))}).",
            remedy="Schedule the accounts of each zone by a command of their own.",
        )
    return zones.pop()


def overridden(findings: Sequence[Finding], overrides: dict[str, str]) -> tuple[Finding, ...]:
    """Return the findings with a person's reasons beside the holds that they pass; a block stays a block."""
    return tuple(
        replace(item, overridden=overrides[item.check])
        if item.check in overrides and item.severity is not Severity.BLOCK
        else item
        for item in findings
    )


def decided(
    connection: Connection,
    desk: Desk,
    plan: Sequence[Candidate],
    findings: Sequence[Finding],
    overrides: dict[str, str],
) -> tuple[Finding, ...]:
    """Return the findings with what passes each hold: an approver where policy says so, else a person's reason."""
    accounts = {str(one.account): one.account for one in plan}
    names = {name for name, one in accounts.items() if desk.trust.rules(connection, one).holds == "approval"}

    def needs_approver(item: Finding) -> bool:
        in_doubt = item.check == CHECK and desk.trust.needs_approver(connection, accounts[item.account])
        return item.severity is Severity.HOLD and (item.account in names or in_doubt)

    return tuple(
        replace(item, overridden=APPROVER) if needs_approver(item) else overridden((item,), overrides)[0]
        for item in findings
    )


def _begin(desk: Desk, request: Request, *, keep: bool) -> tuple[str, tuple[Account, ...]]:
    """Keep the draft, and return its id with the accounts that the request names; the draft stays where they are
    refused."""
    if not keep or request.draft is not None:
        with desk.database.read() as connection:
            return request.draft or "-", desk.trust.resolve(connection, request.selectors)
    refused: errors.SocialGuardError | None = None
    accounts: tuple[Account, ...] = ()
    with desk.database.write() as connection:
        draft_id = request.draft or _keep_draft(connection, desk, request)
        try:
            accounts = desk.trust.resolve(connection, request.selectors)
        except errors.SocialGuardError as problem:
            refused = problem
    if refused is not None:
        refused.fields["draft"] = draft_id
        raise refused
    return draft_id, accounts


def _keep_draft(connection: Connection, desk: Desk, request: Request) -> str:
    return writer.keep_draft(connection, request.text, payload_of(request), desk.person.id)


def payload_of(request: Request) -> dict[str, object]:
    """Return all of a request but its text, as a kept draft has it; its files are found from any directory."""
    return {
        "to": list(request.selectors),
        "media": [{"file": f"{one.path.absolute()}", "alt": one.alt, "part": one.part} for one in request.media],
        "link": request.link,
        "reply_to": request.reply_to,
        "at": request.at,
        "variants": dict(request.variants),
        "divide": request.divide.value,
        "numbered": request.numbered,
        "campaign": request.campaign,
    }


def _looked_up(
    desk: Desk,
    request: Request,
    session: Session,
    draft_id: str,
    contents: Sequence[tuple[Account, tuple[Content, ...]]],
    moment: Moment | None,
    replaces: tuple[str, ...],
    *,
    keep: bool = True,
) -> Plan:
    """Ask servers and networks what a policy wants to be asked, outside any transaction, and return the plan; that
    somebody is asked about a text stands in the log, unless `keep` is False."""
    planned = partial(_plan, desk, request, session, draft_id, moment, replaces)
    with desk.database.read() as connection:
        candidates = _candidates(connection, desk, request, contents, moment)
        unknown = desk.gate.unknown(connection, candidates)
        plan = None if unknown else planned(connection, candidates)
    if plan is None:
        desk.gate.look_up(unknown)
        with desk.database.read() as connection:
            plan = planned(connection, _candidates(connection, desk, request, contents, moment))
    if keep and (asked := entries(desk, plan, ASKED)):
        with desk.database.write() as connection:
            for entry in asked:
                desk.log.append(connection, entry)
    return plan


def _plan(
    desk: Desk,
    request: Request,
    session: Session,
    draft_id: str,
    moment: Moment | None,
    replaces: tuple[str, ...],
    connection: Connection,
    candidates: tuple[Candidate, ...],
) -> Plan:
    findings = (
        *desk.gate.review(connection, candidates, replaces=replaces),
        *desk.gate.doubts(connection, candidates, session),
    )
    return Plan(
        draft_id=draft_id,
        candidates=candidates,
        findings=decided(connection, desk, candidates, findings, dict(request.overrides)),
        challenge=desk.gate.challenge(connection, candidates, session),
        session=session,
        made_at=clock.now(),
        zone=candidates[0].account.zone if moment is None else moment.zone,
        wall=None if moment is None else moment.wall,
        replaces=replaces,
        overrides=dict(request.overrides),
        log=desk.log.head(connection),
        campaign=request.campaign,
    )


def _candidates(
    connection: Connection,
    desk: Desk,
    request: Request,
    contents: Sequence[tuple[Account, tuple[Content, ...]]],
    moment: Moment | None,
) -> tuple[Candidate, ...]:
    when = None if moment is None else moment.instant
    return tuple(
        candidate_of(connection, desk, account, content, when, request.grace)
        for account, parts in contents
        for content in parts
    )


def candidate_of(
    connection: Connection,
    desk: Desk,
    account: Account,
    content: Content,
    when: datetime | None,
    grace: int | None = None,
) -> Candidate:
    """Return what a content would be on an account, measured and priced; `when` None means now, `grace` None the
    policy's."""
    network = desk.network(account.network)
    rules = desk.trust.rules(connection, account)
    return Candidate(
        account=account,
        act=Act.PUBLISH,
        content=content,
        length=network.length(content.text, content.link),
        limit=network.limits.text,
        price=price_of(network, Act.PUBLISH, content),
        grace=0 if when is not None else rules.grace if grace is None else grace,
        max_late=rules.max_late,
        when=when,
    )


def confirm_only(
    desk: Desk, selectors: Sequence[str], session: Session, ask: Callable[[Plan], Answer]
) -> list[str]:
    """Confirm accounts for a context without a post (`use`), and return their names."""
    with desk.database.read() as connection:
        accounts = desk.trust.resolve(connection, selectors)
        candidates = tuple(
            Candidate(account, Act.PUBLISH, Content(""), 0, 0, 0, grace=0, max_late=0, when=None)
            for account in accounts
        )
        challenge = desk.gate.challenge(connection, candidates, session)
    if challenge is not None:
        challenge = replace(challenge, purpose="use")
    plan = Plan("-", candidates, (), challenge, session, clock.now(), accounts[0].zone)
    answer = ask(plan)
    with desk.database.write() as connection:
        how = desk.gate.require(connection, candidates, session, challenge, answer)
        for account in accounts:
            entry = Entry("context.confirm", "ok", desk.person, account=account.id, obj={"confirmed": how})
            desk.log.append(connection, entry)
    return [str(account) for account in accounts]
