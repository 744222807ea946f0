"""`socialguard post`, `use`: the way of a post, as a person or a script goes it."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click

from socialguard import errors
from socialguard.cli import composing, deliveries, prompts, terminal
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace, session_of
from socialguard.cli.options import command, confirm, override, selectors
from socialguard.cli.times_told import instant
from socialguard.cli.words import _, price, say
from socialguard.model.account import Account
from socialguard.model.delivery import Delivery, State
from socialguard.publishing import accept, prepare, resolve, send, takeback
from socialguard.publishing.interface import Answer, Desk, Plan, Result, exit_code


@command("post")
@click.argument("text", required=False)
@selectors("--to", "to", required=False)
@click.option("--all", "everything", is_flag=True, help="Every account; the confirmation lists them by client.")
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Take the text, or a draft, from a file.",
)
@click.option("--draft", "draft", metavar="ID", help="Post a draft that was kept.")
@click.option("--then", "then", multiple=True, metavar="TEXT", help="The next part of a thread; repeatable.")
@click.option("--thread", is_flag=True, help="Divide a text that is too long at the ends of its sentences.")
@click.option("--numbered", is_flag=True, help="Number the parts of a thread: (1/3).")
@click.option("--media", "media", multiple=True, type=click.Path(path_type=Path, dir_okay=False), help="An image.")
@click.option("--alt", "alts", multiple=True, help="What the image shows; one for each --media, in order.")
@click.option("--link", help="A link to show with the post.")
@click.option("--at", "at", metavar="WHEN", help="When: 2026-11-27T09:00, 'friday 9am', 'vendredi 9h'.")
@click.option("--reply-to", "reply_to", metavar="URL", help="The post to answer: its URL or id.")
@click.option("--grace", type=click.IntRange(0, 3600), metavar="SECONDS", help="Time to take it back.")
@override
@confirm
@click.option("--dry-run", is_flag=True, help="Check and show everything; queue nothing.")
def post(
    face: Face,
    text: str | None,
    to: tuple[str, ...],
    everything: bool,
    file: Path | None,
    draft: str | None,
    then: tuple[str, ...],
    thread: bool,
    numbered: bool,
    media: tuple[Path, ...],
    alts: tuple[str, ...],
    link: str | None,
    at: str | None,
    reply_to: str | None,
    grace: int | None,
    overrides: tuple[str, ...],
    reason: str | None,
    confirmed: tuple[str, ...],
    dry_run: bool,
) -> int:
    """Post a text to the accounts that --to names."""
    if everything and to:
        raise errors.UsageError(detail="Name accounts with --to, or --all; not both.")
    if not (to or everything) and file is None and draft is None:
        raise errors.UsageError(detail="No account is named: add --to ACCOUNT.")
    composing.require_utf8(text, *then, *alts, link, reason)
    given = composing.Given(
        to=to,
        media=composing.media(media, alts),
        link=composing.link(link),
        reply_to=reply_to,
        at=at,
        then=then,
        thread=thread,
        numbered=numbered,
    )
    passed = composing.overrides(overrides, reason)
    with open_workspace(face) as workspace:
        if draft is not None:
            written = composing.kept(workspace, draft, text, file, given)
        else:
            # Last: what is written in the editor is not lost to a slip in another option or for want of a place.
            written = composing.written(face, text, file, given)
        request = replace(written, overrides=passed, grace=grace)
        if everything:
            request = replace(request, selectors=[str(account) for account in workspace.accounts()])
        plan = prepare.prepare(workspace.desk, request, session_of(face), keep=not dry_run)
        if dry_run:
            return show_plan(face, plan)
        return carry_out(face, workspace.desk, plan, confirmed)


def carry_out(face: Face, desk: Desk, plan: Plan, confirmed: Sequence[str]) -> int:
    """Show a plan, ask what must be asked, queue it, wait out the grace and send what is due now."""
    if not face.as_json:
        deliveries.tell_findings(face, plan.findings, plan.texts)
    try:
        accept.refuse_stopped(desk, plan)
        answer = Answer() if plan.stopping else ask(face, plan, confirmed)
    except errors.SocialGuardError as problem:
        problem.fields.setdefault("draft", plan.draft_id)
        raise
    queued = accept.accept(desk, plan, answer)
    ours = _sent_here(desk, plan, queued)
    if not ours:
        return _tell_queued(face, desk, plan, queued)
    _wait(face, desk, plan, queued)
    sent = _sent(desk, ours)
    place = {value.id: index for index, value in enumerate(queued)}
    results = sorted([*sent, *_not_sent(desk, plan, queued, sent)], key=lambda one: place[one.delivery.id])
    tell_results(face, plan, results)
    return exit_code(results)


def _sent_here(desk: Desk, plan: Plan, queued: Sequence[Delivery]) -> list[str]:
    """Return the ids of what this process sends: it is for now, and this machine's worker may."""
    if any(value.not_before is not None for value in queued):
        return []
    with desk.database.read() as connection:
        return [value.id for value in queued if desk.trust.sends(connection, _account(plan, value))]


def _sent(desk: Desk, ids: Sequence[str]) -> list[Result]:
    """Send and look for what is unknown; where that was found out to be public its thread goes on."""
    results: list[Result] = []
    left = list(ids)
    while left:
        tried = send.send_now(desk, left)
        found = [_looked_for(desk, result) for result in tried]
        results += found
        was_found = any(one.error is not None and two.error is None for one, two in zip(tried, found, strict=True))
        left = [one for one in left if one not in {result.delivery.id for result in results}] if was_found else []
    return results


def ask(face: Face, plan: Plan, confirmed: Sequence[str]) -> Answer:
    """Return the answer to a plan's question: typed in a terminal, named by --confirm without one."""
    if not face.has_terminal:
        return Answer(named=frozenset(confirmed))
    if confirmed:
        face.printer.note("--confirm is ignored in a terminal: the account is typed.")
    if plan.challenge is None:
        return Answer()
    return Answer(typed=prompts.confirm(plan.challenge, plan.draft_id, face.printer))


def tell_results(face: Face, plan: Plan, results: Sequence[Result]) -> None:
    """Print what became of each delivery."""
    deliveries.name_drafts(results)

    def people() -> None:
        for result in results:
            deliveries.tell_result(face, result)

    face.printer.answer(deliveries.results_document(results, plan.findings), people)


def show_plan(face: Face, plan: Plan) -> int:
    """Print what a request would do, and return 11 where something stops it."""
    candidates = [
        {
            "account": str(item.account),
            "text": item.content.text,
            "thread": deliveries.thread_document(item.content, item.after),
            "length": item.length,
            "limit": item.limit,
            "price_micros": item.price,
            "when": item.when,
        }
        for item in plan.candidates
    ]
    document = {
        "dry_run": True,
        "needs": [] if plan.challenge is None else [target.account for target in plan.challenge.targets],
        "candidates": candidates,
        "total_micros": sum(item.price for item in plan.candidates),
        "findings": [deliveries.finding_document(item) for item in plan.findings],
    }

    def people() -> None:
        deliveries.tell_findings(face, plan.findings, plan.texts)
        for item in plan.candidates:
            cost = price(item.price) if item.price else _("free")
            if item.content.thread_size is not None:
                face.printer.say(
                    "{account}, part {part} of {of}: {length}/{limit}, {price}. Nothing was sent.",
                    account=item.account,
                    part=(item.content.thread_position or 0) + 1,
                    of=item.content.thread_size,
                    length=item.length,
                    limit=item.limit,
                    price=cost,
                )
                face.printer.lines(item.content.text.split("\n"))
                continue
            face.printer.say(
                "{account}: {length}/{limit}, {price}, {when}. Nothing was sent.",
                when=_("now") if item.when is None else instant(item.when, item.account.zone),
                account=item.account,
                length=item.length,
                limit=item.limit,
                price=cost,
            )
        if len(plan.candidates) > 1:
            total = sum(item.price for item in plan.candidates)
            face.printer.say("Total {price}", price=price(total) if total else _("free"))

    face.printer.answer(document, people)
    return errors.Held.exit_code if plan.stopping else 0


def _tell_queued(face: Face, desk: Desk, plan: Plan, queued: Sequence[Delivery]) -> int:
    from socialguard.daemon import status

    with desk.database.read() as connection:
        is_sent_by_itself = status.read(connection).alive
    accounts = {item.account.id: item.account for item in plan.candidates}
    results = [Result(value, accounts[value.account_id]) for value in queued]

    def people() -> None:
        for result in results:
            if result.delivery.state is State.AWAITING:
                face.printer.say("It waits for an approval: socialguard approve {id}", id=result.delivery.id)
            face.printer.line(deliveries.scheduled_line(result.delivery, result.account))
        if not is_sent_by_itself:
            face.printer.note("No daemon works now: start one, or run socialguard queue run when it is due.")

    face.printer.answer(deliveries.results_document(results, plan.findings), people)
    return 0


def _wait(face: Face, desk: Desk, plan: Plan, queued: Sequence[Delivery]) -> None:
    """Let the grace pass, where a person can still take the post back: Ctrl-C, a hang-up, `undo`."""
    from socialguard import clock

    going = [value for value in queued if value.state is State.QUEUED]  # the others wait for approvals
    seconds = max(((value.due - clock.now()).total_seconds() for value in going), default=0.0)
    if seconds <= 0:
        return

    def tick(left: int) -> None:
        if face.has_terminal:
            sys.stderr.write(f"\r{prompts.countdown_line(left)} ")
            sys.stderr.flush()

    try:
        terminal.countdown(seconds, tick)
    except errors.Interrupted:
        _take_back(desk, plan, queued)
        draft = say("Nothing was sent. Draft {draft} kept.", draft=plan.draft_id)
        raise errors.Interrupted(detail=draft, draft=plan.draft_id) from None
    finally:
        if face.has_terminal:
            sys.stderr.write("\n")


def _take_back(desk: Desk, plan: Plan, queued: Sequence[Delivery]) -> None:
    """Cancel every delivery that still waits; what cannot be taken back any more is told after the others were."""
    problems = []
    for value in queued:
        try:
            takeback.cancel(
                desk.database,
                desk.log,
                desk.person,
                _account(plan, value),
                value.id,
                "taken back in the grace period",
            )
        except errors.SocialGuardError as problem:
            problems.append(problem)
    if problems:
        code = errors.gravest(problem.exit_code for problem in problems)
        raise next(problem for problem in problems if problem.exit_code == code)


def _account(plan: Plan, value: Delivery) -> Account:
    return next(item.account for item in plan.candidates if item.account.id == value.account_id)


def _not_sent(desk: Desk, plan: Plan, queued: Sequence[Delivery], sent: Sequence[Result]) -> list[Result]:
    """What was queued and not tried: taken back by another command, waiting for an approval or for its turn."""
    from socialguard.ledger import reader

    tried = {result.delivery.id for result in sent}
    results = []
    with desk.database.read() as connection:
        for value in (reader.get(connection, one.id) for one in queued if one.id not in tried):
            error: errors.SocialGuardError | None = None
            if value.state is State.CANCELLED:
                error = errors.Cancelled(draft=value.draft_id)
            elif value.state is State.AWAITING:
                error = errors.Held(detail=f"{value.id} waits for an approval", fix="")
            else:
                error = _by_others(desk, value, _account(plan, value))
            results.append(Result(value, _account(plan, value), error))
    return results


def _by_others(desk: Desk, value: Delivery, account: Account) -> errors.SocialGuardError | None:
    """What is wrong with a delivery that another process, such as the daemon, tried in the meantime."""
    network = desk.network(account.network).title
    if value.state is State.FAILED:
        return errors.NetworkRefused(network=network, account=account, detail=value.state_reason)
    if value.state is State.UNKNOWN:
        return errors.OutcomeUnknown(
            network=network, account=account, detail=value.state_reason, delivery=value.id
        )
    if value.state is State.HELD:
        fix = f"Run: socialguard queue show {value.id}"
        return errors.Held(detail=value.state_reason.rstrip("."), fix=fix)
    return None


def _looked_for(desk: Desk, result: Result) -> Result:
    """A post whose outcome is unknown is looked for at once; what is found out replaces the result."""
    if not isinstance(result.error, errors.OutcomeUnknown):
        return result
    try:
        found = resolve.look_for(desk, result.delivery.id) or result
        if found.delivery.state is not State.QUEUED:
            return found
        again = send.send_now(desk, [found.delivery.id])  # proved not public: its second step may be repeated
    except errors.SocialGuardError:
        return result  # what went out beside it must still be told; the next command meets what is wrong
    return again[0] if again else found


class NothingConfirmed(errors.Cancelled):
    """Stopped. Nothing was confirmed."""


@command("use")
@selectors("--to", "to", required=False)
@click.argument("accounts", nargs=-1)
def use(face: Face, accounts: tuple[str, ...], to: tuple[str, ...]) -> int:
    """Confirm accounts early, so that the next posts to them do not ask."""
    if not face.has_terminal:
        raise errors.UsageError(
            detail="There is no terminal, so nothing can be remembered.",
            remedy="Name the account in each command: --to x:@acme --confirm x:@acme",
        )
    with open_workspace(face) as workspace:
        try:
            names = prepare.confirm_only(
                workspace.desk, [*accounts, *to], session_of(face), lambda plan: ask(face, plan, ())
            )
        except errors.Cancelled:
            raise NothingConfirmed from None
    document = {"confirmed": names}
    face.printer.answer(
        document, lambda: face.printer.say("Confirmed here: {accounts}.", accounts=", ".join(names))
    )
    return 0
