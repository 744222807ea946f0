"""Carrying out a plan from the shell: show it, ask what must be asked, queue it, let the grace pass and send."""

import sys
from collections.abc import Sequence

from socialguard import errors
from socialguard.cli import deliveries, prompts, terminal
from socialguard.cli.face import Face
from socialguard.cli.words import say
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Delivery, State
from socialguard.publishing import accept, resolve, send, takeback
from socialguard.publishing.interface import Answer, Desk, Plan, Result, exit_code


class DeletionUnconfirmed(errors.ConfirmationRequired):
    """To delete a post of {accounts} needs confirmation (last here: {last}). Nothing was deleted."""

    @property
    def name(self) -> str:
        """The name that scripts know: it is a confirmation like any other."""
        return "confirmation_required"


def carry_out(face: Face, desk: Desk, plan: Plan, confirmed: Sequence[str]) -> int:
    """Show a plan, ask what must be asked, queue it, wait out the grace and send what is due now."""
    if not face.as_json:
        deliveries.tell_findings(face, plan.findings, plan.texts)
    try:
        accept.refuse_stopped(desk, plan)
        answer = Answer() if plan.stopping else ask(face, plan, confirmed)
    except errors.SocialGuardError as problem:
        if plan.candidates[0].act is not Act.DELETE:  # a deletion has no text to keep
            problem.fields.setdefault("draft", plan.draft_id)
        raise
    try:
        queued = accept.accept(desk, plan, answer)
    except errors.ConfirmationRequired as problem:
        if plan.candidates[0].act is not Act.DELETE:
            raise
        unconfirmed = DeletionUnconfirmed()
        unconfirmed.fields = {name: value for name, value in problem.fields.items() if name != "draft"}
        raise unconfirmed from None
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
    return prompts.confirm(plan.challenge, plan.draft_id, face.printer)


def tell_results(face: Face, plan: Plan, results: Sequence[Result]) -> None:
    """Print what became of each delivery."""
    deliveries.name_drafts(results)

    def people() -> None:
        for result in results:
            deliveries.tell_result(face, result)

    face.printer.answer(deliveries.results_document(results, plan.findings), people)


def _tell_queued(face: Face, desk: Desk, plan: Plan, queued: Sequence[Delivery]) -> int:
    from socialguard.daemon import status

    with desk.database.read() as connection:
        is_sent_by_itself = status.read(connection).alive
    accounts = {item.account.id: item.account for item in plan.candidates}
    results = [Result(value, accounts[value.account_id], _awaits(value)) for value in queued]

    def people() -> None:
        for result in results:
            if result.delivery.state is State.AWAITING:
                face.printer.say("It waits for an approval: socialguard approve {id}", id=result.delivery.id)
            if result.delivery.state is State.AWAITING and result.delivery.not_before is None:
                deliveries.tell_result(face, result)  # at once, when it is approved: it has no time yet
            else:
                face.printer.line(deliveries.scheduled_line(result.delivery, result.account))
        if not is_sent_by_itself and any(one.state is State.QUEUED for one in queued):
            face.printer.note("No daemon works now: start one, or run socialguard queue run when it is due.")

    face.printer.answer(deliveries.results_document(results, plan.findings), people)
    return exit_code(results)


def _awaits(value: Delivery) -> errors.SocialGuardError | None:
    """What keeps a delivery that waits for an approval, on whatever machine and for whatever time."""
    return (
        errors.Held(detail=f"{value.id} waits for an approval", fix="") if value.state is State.AWAITING else None
    )


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
                error = _awaits(value)
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
