"""`socialguard post`, `use`: the way of a post, as a person or a script goes it."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from socialguard import errors
from socialguard.cli import deliveries, prompts, terminal
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace, session_of
from socialguard.cli.options import command, confirm, selectors
from socialguard.cli.words import _, price, say
from socialguard.model.delivery import Delivery
from socialguard.publishing import accept, prepare, resolve, send, takeback
from socialguard.publishing.interface import Answer, Desk, Plan, Request, Result, exit_code
from socialguard.publishing.prepare import MAX_TEXT


@command("post")
@click.argument("text", required=False)
@selectors("--to", "to")
@click.option("--file", "file", type=click.Path(path_type=Path, dir_okay=False), help="Take the text from a file.")
@click.option("--media", "media", multiple=True, type=click.Path(path_type=Path, dir_okay=False), help="An image.")
@click.option("--alt", "alts", multiple=True, help="What the image shows; one for each --media, in order.")
@click.option("--link", help="A link to show with the post.")
@click.option("--at", "at", metavar="WHEN", help="When: 2026-11-27T09:00, 'friday 9am', 'vendredi 9h'.")
@click.option("--reply-to", "reply_to", metavar="URL", help="The post to answer: its URL or id.")
@click.option("--grace", type=click.IntRange(0, 3600), metavar="SECONDS", help="Time to take it back.")
@click.option("--override", "overrides", multiple=True, metavar="CHECK", help="Pass this check; needs --reason.")
@click.option("--reason", metavar="TEXT", help="Why a check is passed; it stands in the log.")
@confirm
@click.option("--dry-run", is_flag=True, help="Check and show everything; queue nothing.")
def post(
    face: Face,
    text: str | None,
    to: tuple[str, ...],
    file: Path | None,
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
    if len(alts) > len(media):
        raise errors.UsageError(detail="There are more --alt than --media.")
    request = Request(
        text=_text(face, text, file),
        selectors=to,
        media=[(path, alt) for path, alt in zip(media, (*alts, *[""] * len(media)), strict=False)],
        link=link,
        reply_to=None if reply_to is None else post_id(reply_to),
        at=at,
        grace=grace,
        overrides=_overrides(overrides, reason),
    )
    with open_workspace(face) as workspace:
        plan = prepare.prepare(workspace.desk, request, session_of(face), keep=not dry_run)
        if dry_run:
            return show_plan(face, plan)
        return carry_out(face, workspace.desk, plan, confirmed)


def carry_out(face: Face, desk: Desk, plan: Plan, confirmed: Sequence[str]) -> int:
    """Show a plan, ask what must be asked, queue it, wait out the grace and send what is due now."""
    if not face.as_json:
        deliveries.tell_findings(face, plan.findings)
    answer = Answer() if plan.stopping else ask(face, plan, confirmed)
    queued = accept.accept(desk, plan, answer)
    later = [value for value in queued if value.not_before is not None]
    if later:
        return _tell_queued(face, plan, later)
    _wait(face, desk, plan, queued)
    results = list(send.send_now(desk, [value.id for value in queued]))
    results = [_looked_for(desk, result) for result in results]
    tell_results(face, plan, results)
    return exit_code(results)


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
            "length": item.length,
            "limit": item.limit,
            "price_micros": item.price,
        }
        for item in plan.candidates
    ]
    document = {
        "dry_run": True,
        "needs": [] if plan.challenge is None else [str(item.account) for item in plan.candidates],
        "candidates": candidates,
        "findings": [deliveries.finding_document(item) for item in plan.findings],
    }

    def people() -> None:
        deliveries.tell_findings(face, plan.findings)
        for item in plan.candidates:
            cost = price(item.price) if item.price else _("free")
            face.printer.say(
                "{account}: {length}/{limit}, {price}. Nothing was sent.",
                account=item.account,
                length=item.length,
                limit=item.limit,
                price=cost,
            )

    face.printer.answer(document, people)
    return errors.Held.exit_code if plan.stopping else 0


def post_id(url: str) -> str:
    """Return the id of the post that a URL ends with; an id stays as it is."""
    return url.rstrip("/").rpartition("/")[2].partition("?")[0]


def _text(face: Face, text: str | None, file: Path | None) -> str:
    """The text from the argument, stdin, a file, or the person's editor: the shell eats `$` and `'`."""
    if text is not None and file is not None:
        raise errors.UsageError(detail="Give the text or --file, not both.")
    if file is not None:
        try:
            return _bounded(file.read_bytes())
        except OSError as problem:
            raise errors.Unreadable(path=file, detail=problem.strerror or "it cannot be opened.") from None
    if text == "-":
        return _bounded(sys.stdin.buffer.read(4 * MAX_TEXT + 1))
    if text is not None:
        return text
    if not face.has_terminal:
        raise errors.UsageError(
            detail="There is no text.", remedy="Give it as an argument, with --file, or - for stdin."
        )
    written = terminal.editor("")
    if not written:
        raise errors.UsageError(detail="The editor left no text. Nothing was sent.")
    return written


def _bounded(data: bytes) -> str:
    if len(data) > 4 * MAX_TEXT:
        raise errors.UsageError(detail=f"The text has more than {MAX_TEXT} characters; no network takes that.")
    try:
        return data.decode("utf-8").removeprefix("\ufeff").strip("\r\n")
    except UnicodeDecodeError:
        raise errors.UsageError(detail="The text is not UTF-8.", remedy="Save it as UTF-8.") from None


def _overrides(checks: Sequence[str], reason: str | None) -> Mapping[str, str]:
    if checks and not reason:
        raise errors.UsageError(detail="--override needs --reason.", remedy="Say why: it stands in the log.")
    if reason and not checks:
        raise errors.UsageError(detail="--reason needs --override CHECK.")
    return dict.fromkeys(checks, reason or "")


def _tell_queued(face: Face, plan: Plan, queued: Sequence[Delivery]) -> int:
    accounts = {item.account.id: item.account for item in plan.candidates}
    results = [Result(value, accounts[value.account_id]) for value in queued]

    def people() -> None:
        for result in results:
            face.printer.line(deliveries.scheduled_line(result.delivery, result.account))
        face.printer.note("No daemon sends it by itself: run socialguard queue run when it is due.")

    face.printer.answer(deliveries.results_document(results, plan.findings), people)
    return 0


def _wait(face: Face, desk: Desk, plan: Plan, queued: Sequence[Delivery]) -> None:
    """Let the grace pass, where a person can still take the post back: Ctrl-C, a hang-up, `undo`."""
    from socialguard import clock

    seconds = max((value.due - clock.now()).total_seconds() for value in queued)
    if seconds <= 0:
        return

    def tick(left: int) -> None:
        if face.has_terminal:
            sys.stderr.write(f"\r{prompts.countdown_line(left)} ")
            sys.stderr.flush()

    try:
        terminal.countdown(seconds, tick)
    except errors.Interrupted:
        for value in queued:
            account = next(item.account for item in plan.candidates if item.account.id == value.account_id)
            takeback.cancel(
                desk.database, desk.log, desk.person, account, value.id, "taken back in the grace period"
            )
        drafts = ", ".join(sorted({value.draft_id for value in queued}))
        raise errors.Interrupted(detail=say("Nothing was sent. Draft {draft} kept.", draft=drafts)) from None
    finally:
        if face.has_terminal:
            sys.stderr.write("\n")


def _looked_for(desk: Desk, result: Result) -> Result:
    """A post whose outcome is unknown is looked for at once; what is found out replaces the result."""
    if not isinstance(result.error, errors.OutcomeUnknown):
        return result
    found = resolve.look_for(desk, result.delivery.id) or result
    if found.delivery.state.value != "queued":
        return found
    again = send.send_now(desk, [found.delivery.id])  # proved not public: its second step may be repeated
    return again[0] if again else found


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
        names = prepare.confirm_only(
            workspace.desk, [*accounts, *to], session_of(face), lambda plan: ask(face, plan, ())
        )
    document = {"confirmed": names}
    face.printer.answer(
        document, lambda: face.printer.say("Confirmed here: {accounts}.", accounts=", ".join(names))
    )
    return 0
