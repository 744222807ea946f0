"""`socialguard queue …`, `undo`, `delete`: moving what waits, and taking back what went out."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

import click

from socialguard import clock, errors
from socialguard.cli import composing, deliveries, output, unsaved
from socialguard.cli.commands.listing import found, gone
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace, session_of
from socialguard.cli.options import command, confirm, override, reason, stopping_reason
from socialguard.cli.sending import carry_out
from socialguard.cli.times_told import instant
from socialguard.cli.waiting import behind
from socialguard.ledger import due, reader
from socialguard.ledger.states import WAITING
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Delivery, State
from socialguard.publishing import prepare, resolve, send, takeback, threads
from socialguard.publishing.interface import Plan, Request, Result, exit_code
from socialguard.workspace import stopping
from socialguard.workspace.opened import Workspace


@command("edit")
@click.argument("delivery")
@click.argument("text", required=False)
@override
@confirm
def edit(
    face: Face,
    delivery: str,
    text: str | None,
    overrides: tuple[str, ...],
    reason: str | None,
    confirmed: tuple[str, ...],
) -> int:
    """Replace the text of a waiting delivery; it is checked and confirmed anew."""
    passed = composing.overrides(overrides, reason)
    with open_workspace(face) as workspace:
        value, account = found(workspace, delivery)
        if value.state not in WAITING:
            raise gone(value, account, "edited")
        if value.act is not Act.PUBLISH:
            raise errors.UsageError(detail=f"Delivery {value.id} deletes a post; it has no text.")
        if text is None and face.has_terminal:
            text = unsaved.edited(face, value.content.text)
        else:
            text = composing.text(face, text, None)
        return queue_again(
            face, workspace, value, account, confirmed, text=text, at=_when(value), overrides=passed
        )


@command("resume")
@click.argument("delivery")
@click.option("--text", "text", metavar="TEXT", help="Another text for the part that it goes on with.")
@click.option("--at", "at", metavar="WHEN", help="Go on at this time; without it now.")
@override
@confirm
def resume(
    face: Face,
    delivery: str,
    text: str | None,
    at: str | None,
    overrides: tuple[str, ...],
    reason: str | None,
    confirmed: tuple[str, ...],
) -> int:
    """Go on with a thread that stopped, from the part that was not sent; it asks as a switch does."""
    passed = composing.overrides(overrides, reason)
    with open_workspace(face) as workspace:
        value, account = found(workspace, delivery)
        with workspace.database.read() as connection:
            rest = threads.rest_of(connection, value)
        if text is not None:
            rest = rest.beginning(text)
        return _go_on(face, workspace, account, rest, confirmed, at=at, overrides=passed)


@command("release")
@click.argument("delivery")
@click.option("--now", "now", is_flag=True, help="Send it now.")
@click.option("--at", "at", metavar="WHEN", help="Send it at this time.")
@override
@confirm
def release(
    face: Face,
    delivery: str,
    now: bool,
    at: str | None,
    overrides: tuple[str, ...],
    reason: str | None,
    confirmed: tuple[str, ...],
) -> int:
    """Let a held delivery go, now or at a time; it asks as a switch does."""
    if now == (at is not None):
        raise errors.UsageError(detail="Say when: --now or --at TIME.")
    passed = composing.overrides(overrides, reason)
    with open_workspace(face) as workspace:
        value, account = found(workspace, delivery)
        if value.state is not State.HELD:
            if value.state is State.CANCELLED:
                raise gone(value, account, "released")
            raise errors.UsageError(detail=f"Delivery {value.id} is {value.state.value}, not held.")
        if value.act is Act.PUBLISH and value.content.thread_position is not None:
            with workspace.database.read() as connection:
                rest = threads.rest_of(connection, value)
            return _go_on(face, workspace, account, rest, confirmed, at=at, overrides=passed)
        if value.act is Act.DELETE:
            return _delete_again(face, workspace, value, account, confirmed, at)
        text = value.content.text
        return _again(face, workspace, value, account, confirmed, text=text, at=at, overrides=passed)


@command("cancel")
@click.argument("delivery", nargs=-1, required=True)
@stopping_reason()
def cancel(face: Face, delivery: tuple[str, ...], reason: str | None) -> int:
    """Cancel waiting deliveries; their drafts are kept. It never asks."""
    return _cancel(face, delivery, reason or "")


@command("settle")
@click.argument("delivery")
@click.option("--sent", "url", metavar="URL", help="It is there: this is the post.")
@click.option("--not-sent", "not_sent", is_flag=True, help="It is not there; needs --reason.")
@reason(required=False)
def settle(face: Face, delivery: str, url: str | None, not_sent: bool, reason: str | None) -> int:
    """Say what became of a delivery whose outcome is unknown."""
    if not_sent == (url is not None):
        raise errors.UsageError(detail="Say which: --sent URL, or --not-sent --reason TEXT.")
    if not_sent and not reason:
        raise errors.UsageError(detail="--not-sent needs --reason: it stands in the log.")
    with open_workspace(face) as workspace:
        result = takeback.settle(workspace.desk, delivery, url=url, reason=reason or "a person saw the post")
    face.printer.answer(deliveries.results_document([result]), lambda: deliveries.tell_result(face, result))
    return 0


@command("reconcile")
@click.argument("delivery", nargs=-1)
def reconcile(face: Face, delivery: tuple[str, ...]) -> int:
    """Look at the networks for deliveries whose outcome is unknown. It sends nothing."""
    with open_workspace(face) as workspace:
        for one in delivery:
            found(workspace, one)
        results = resolve.reconcile(workspace.desk, delivery or None)
    _tell(face, results, {})
    return exit_code(results)


@command("run")
def run(face: Face) -> int:
    """Send every delivery that is due, after finding out what is unknown."""
    from socialguard.workspace import acknowledging

    with open_workspace(face) as workspace:
        acknowledging.acknowledge(workspace)  # where a timer sends, no daemon does
        looked = [one for one in resolve.reconcile(workspace.desk) if one.delivery.state is not State.QUEUED]
        results = [*looked, *send.run_due(workspace.desk)]
        waiting: dict[str, str] = {}
        # Whatever is wrong now: what went out must still be told.
        with suppress(errors.SocialGuardError), workspace.database.read() as connection:
            waiting = behind(workspace, connection, due.accounts(connection, clock.now()))
    _tell(face, results, waiting)
    return exit_code(results)


@command("undo")
@click.argument("delivery")
def undo(face: Face, delivery: str) -> int:
    """Take back a delivery that is not public yet. It never asks."""
    return _cancel(face, [delivery], "undo")


@command("delete")
@click.argument("delivery")
@confirm
def delete(face: Face, delivery: str, confirmed: tuple[str, ...]) -> int:
    """Delete the public post of a delivery; it asks as a switch does."""
    with open_workspace(face) as workspace:
        plan = prepare.prepare_deletion(workspace.desk, delivery, session_of(face))
        return carry_out(face, workspace.desk, plan, confirmed)


def queue_again(
    face: Face,
    workspace: Workspace,
    value: Delivery,
    account: Account,
    confirmed: Sequence[str],
    *,
    text: str,
    at: str | None,
    overrides: Mapping[str, str],
) -> int:
    """Queue a waiting delivery anew with this text and time, and with it what follows it in a thread. Whoever
    stops that, or is stopped, is told that it still goes out as it was."""
    try:
        if value.content.thread_position is not None:
            rest = threads.rest_behind(workspace.database, value, text)
            return _go_on(face, workspace, account, rest, confirmed, at=at, overrides=overrides)
        return _again(face, workspace, value, account, confirmed, text=text, at=at, overrides=overrides)
    except errors.SocialGuardError:
        with suppress(errors.SocialGuardError):
            if found(workspace, value.id)[0].state is State.QUEUED:
                when = instant(value.due, value.zone or account.zone)
                face.printer.note("{id} stays as it was: it goes out on {when}.", id=value.id, when=when)
        raise


def _again(
    face: Face,
    workspace: Workspace,
    value: Delivery,
    account: Account,
    confirmed: Sequence[str],
    *,
    text: str,
    at: str | None,
    overrides: Mapping[str, str],
) -> int:
    """Queue a waiting delivery anew, with its media, under a new fingerprint that is confirmed anew."""
    request = Request(
        text=text,
        selectors=[str(account)],
        overrides=overrides,
        kept_media=value.content.media,
        link=value.content.link,
        reply_to=value.content.reply_to,
        at=at,
        replaces=value.id,
        campaign=value.campaign_id,
    )
    plan: Plan = prepare.prepare(workspace.desk, request, session_of(face))
    face.written = ""  # the draft has it
    return carry_out(face, workspace.desk, plan, confirmed)


def _go_on(
    face: Face,
    workspace: Workspace,
    account: Account,
    rest: threads.Rest,
    confirmed: Sequence[str],
    *,
    at: str | None,
    overrides: Mapping[str, str],
) -> int:
    """Queue what is left of a thread anew, under new fingerprints that are confirmed anew."""
    plan = prepare.prepare_parts(
        workspace.desk,
        account,
        rest.contents,
        session_of(face),
        after=rest.after,
        replaces=rest.waiting,
        at=at,
        overrides=overrides,
        campaign=rest.campaign,
    )
    face.written = ""  # the draft has it
    return carry_out(face, workspace.desk, plan, confirmed)


def _delete_again(
    face: Face,
    workspace: Workspace,
    value: Delivery,
    account: Account,
    confirmed: Sequence[str],
    at: str | None,
) -> int:
    """Queue a held deletion anew: what it would do is delete, never publish what it was to delete."""
    if at is not None:
        raise errors.UsageError(detail=f"Delivery {value.id} deletes a post: release it --now, or cancel it.")
    plan = prepare.plan_deletion(workspace.desk, value, account, session_of(face), replaces=value.id)
    return carry_out(face, workspace.desk, plan, confirmed)


def _when(value: Delivery) -> str | None:
    return None if value.not_before is None else value.not_before.isoformat()


def _tell(face: Face, results: Sequence[Result], waiting: Mapping[str, str]) -> None:
    """Tell what became of each delivery, and which wait behind another that keeps its place."""
    deliveries.name_drafts(results)

    def people() -> None:
        if not results and not waiting:
            face.printer.say("Nothing to do.")
        for result in results:
            deliveries.tell_result(face, result)
        for waits, other in waiting.items():
            face.printer.say("{waits} waits for its turn, behind {other}: socialguard queue show {other}",
                             waits=waits, other=other)  # fmt: skip

    face.printer.answer(deliveries.results_document(results), people)


def _cancel(face: Face, ids: Sequence[str], reason: str) -> int:
    """Cancel deliveries with whatever still works: a locked vault or a full disk does not stop it."""
    with open_workspace(face, may_ask=False) as workspace:
        done, problems = _each(workspace, _with_what_follows(workspace, ids), reason)
    if problems and not done:
        code = errors.gravest(problem.exit_code for problem in problems)
        raise next(problem for problem in problems if problem.exit_code == code)
    results = [result for result in done.values() if result is not None]
    noted = [one for one, result in done.items() if result is None]

    def people() -> None:
        for result in results:
            face.printer.say(
                "Stopped. {id} for {account} was not sent. Draft {draft} kept.",
                id=result.delivery.id,
                account=result.account,
                draft=result.delivery.draft_id,
            )
        for one in noted:
            face.printer.say("{id} is noted in the emergency file; it will not be sent.", id=one)

        for problem in problems:
            output.tell_lines(problem, face)

    document = deliveries.results_document(results, problems=problems)
    face.printer.answer({**document, "noted": noted}, people)
    return errors.gravest(problem.exit_code for problem in problems)


def _with_what_follows(workspace: Workspace, ids: Sequence[str]) -> list[str]:
    """Return the ids with those of the parts that follow in their threads and still wait: none goes out without
    the one before it. Where the database cannot be read, they are never sent either."""
    wanted = dict.fromkeys(ids)
    for one in ids:
        with suppress(errors.SocialGuardError), workspace.database.read() as connection:
            parts = threads.following(connection, reader.get(connection, one))
            wanted.update(dict.fromkeys(threads.waiting_of(parts)))
    return list(wanted)


def _each(
    workspace: Workspace, ids: Sequence[str], reason: str
) -> tuple[dict[str, Result | None], list[errors.SocialGuardError]]:
    """Cancel each: one that cannot be cancelled any more does not keep the others."""
    done: dict[str, Result | None] = {}
    problems = []
    for one in ids:
        try:
            done[one] = stopping.cancel(workspace, one, reason)
        except errors.SocialGuardError as problem:
            problems.append(problem)
    return done, problems
