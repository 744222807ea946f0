"""`socialguard post`, `use`: the way of a post, as a person or a script goes it. What sends is imported where
something is sent: `--dry-run` is waited for."""

from dataclasses import replace
from pathlib import Path

import click

from socialguard import errors
from socialguard.cli import composing, deliveries
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace, session_of
from socialguard.cli.options import command, confirm, override, selectors
from socialguard.cli.times_told import instant
from socialguard.cli.words import _, price
from socialguard.model.campaign import campaign_name
from socialguard.publishing import prepare
from socialguard.publishing.interface import Plan


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
@click.option("--campaign", metavar="NAME", help="What it belongs to.")
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
    campaign: str | None,
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
    given = composing.Given(
        to=to,
        media=composing.media(media, alts),
        link=composing.link(link),
        reply_to=reply_to,
        at=at,
        then=then,
        thread=thread,
        numbered=numbered,
        campaign=None if campaign is None else campaign_name(campaign),
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
        face.written = ""  # the draft has it
        from socialguard.cli.sending import carry_out

        return carry_out(face, workspace.desk, plan, confirmed)


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
    from socialguard.cli.sending import ask

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
