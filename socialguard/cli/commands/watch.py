"""`socialguard watch …`: what happened on accounts and nobody here did."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from socialguard import errors
from socialguard.canon import jcs
from socialguard.cli.accounts import one_account, read_document
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import account_argument, command, selector_arguments
from socialguard.cli.times_told import minute
from socialguard.cli.words import _, counted, later, say
from socialguard.model.account import Account
from socialguard.workspace.opened import Workspace

if TYPE_CHECKING:
    from socialguard.watch.baseline import Baseline
    from socialguard.watch.interface import Outcome, Sighting

WORDS = (
    later("post"),
    later("reply"),
    later("repost"),
    later("deletion"),
    later("profile"),
    later("permission"),
    later("note"),
    later("warn"),
    later("critical"),
    later("source"),
    later("hour"),
    later("burst"),
)
"""What a sighting is about, how bad it looks, and why it stands out."""


@command("run")
@selector_arguments(required=False)
@click.option(
    "--newest", type=click.IntRange(1, 10_000), metavar="N", help="Ask whether the newest N posts are still there."
)
def run(face: Face, selectors: tuple[str, ...], newest: int | None) -> int:
    """Look for what nobody here did on accounts: posts, replies, deletions, profile changes."""
    from socialguard import clock
    from socialguard.workspace import acknowledging

    began = clock.now()
    with open_workspace(face) as workspace:
        acknowledging.acknowledge(workspace)  # no daemon runs where a host only watches
        outcomes = [workspace.watch.look(one, newest=newest) for one in _accounts(workspace, selectors)]
        workspace.backup.close()
        zone = workspace.zone
    documents = [_document(one) for one in outcomes]

    def people() -> None:
        rows = [
            (one.account, _(each.kind), minute(each.at, zone), _(each.severity), _why(each), each.url or each.what)
            for one in outcomes
            for each in one.sightings
        ]
        if rows:
            face.printer.table([_("account"), _("what"), _("at"), _("severity"), _("why"), _("where")], rows)
        else:
            face.printer.say("Nothing was seen that nobody here did.")
        for one in outcomes:
            if one.buried:
                face.printer.note_line(
                    counted(
                        "{account}: {count} post is deleted, as the archive says now.",
                        "{account}: {count} posts are deleted, as the archive says now.",
                        len(one.buried),
                        account=one.account,
                    )
                )
            if one.returned:
                face.printer.note_line(
                    counted(
                        "{account}: {count} post that was gone is shown again.",
                        "{account}: {count} posts that were gone are shown again.",
                        len(one.returned),
                        account=one.account,
                    )
                )
            if one.profile_at is not None and one.profile_at < began:
                face.printer.note(
                    "{account}: its profile was read at {time}; it costs money, so once a day.",
                    account=one.account,
                    time=minute(jcs.timestamp(one.profile_at), zone),
                )
            if one.waits:
                face.printer.note("{account} waits: the outcome of a send is not known yet.", account=one.account)
            if one.error is not None:
                face.printer.note(
                    "{account} was not looked at to the end: {problem}",
                    account=one.account,
                    problem=one.error.message(_),
                )

    face.printer.answer({"accounts": documents, "sightings": sum(len(one.sightings) for one in outcomes)}, people)
    return errors.gravest([one.error.exit_code for one in outcomes if one.error is not None])


@command("baseline")
@account_argument()
@click.option("--dry-run", is_flag=True, help="Only show what would be learned.")
@click.option("--forget", is_flag=True, help="Accept nothing by hand any more.")
def baseline(face: Face, account: str, dry_run: bool, forget: bool) -> None:
    """Accept that people also post by hand on an account: learn what is usual there."""
    if dry_run and forget:
        raise errors.UsageError(detail="Give --dry-run or --forget, not both.")
    with open_workspace(face) as workspace:
        one = _account(workspace, account)
        if forget:
            gone = workspace.watch.forget(one, workspace.log, workspace.actor)
            face.printer.answer(
                {"account": str(one), "accepted": False, "forgotten": gone, "learned": None},
                lambda: face.printer.say("Nothing by hand is usual on {account} any more.", account=one),
            )
            return
        if dry_run:
            usual = workspace.watch.learn(one)
        else:
            usual = workspace.watch.accept(one, workspace.log, workspace.actor)
    document = {"account": str(one), "accepted": not dry_run, "forgotten": False, "learned": _learned(usual)}
    face.printer.answer(document, lambda: _tell_baseline(face, one, usual, accepted=not dry_run))


@command("credential")
@account_argument()
@click.option("--credential", metavar="-|FILE", help="The credential's JSON document; - is stdin.")
@click.option("--unproven", is_flag=True, help="Nothing tells what it may do: you made sure that it only reads.")
@click.option("--remove", is_flag=True, help="Forget this machine's reading credential.")
def credential(face: Face, account: str, credential: str | None, unproven: bool, remove: bool) -> None:
    """Let this machine look at an account with a credential of its own that can only read."""
    from socialguard.workspace import readers

    if remove == (credential is not None):
        raise errors.UsageError(detail="Give --credential or --remove, one of them.")
    document = None if credential is None else read_document(credential)
    with open_workspace(face) as workspace:
        one = _account(workspace, account)
        if document is None:
            gone = readers.drop(workspace, one)
            face.printer.answer(
                {"account": str(one), "scopes": [], "kept": False, "forgotten": gone},
                lambda: face.printer.say("This machine has no reading credential of {account} now.", account=one),
            )
            return
        scopes = readers.take(workspace, one, document, unproven=unproven)
    face.printer.answer(
        {"account": str(one), "scopes": list(scopes), "kept": True, "forgotten": False},
        lambda: face.printer.say("This machine reads {account} with a credential of its own now.", account=one),
    )


def _account(workspace: Workspace, selector: str) -> Account:
    with workspace.database.read() as connection:
        return one_account(workspace, connection, selector)


def _accounts(workspace: Workspace, selectors: Sequence[str]) -> Sequence[Account]:
    if not selectors:
        return workspace.accounts()
    with workspace.database.read() as connection:
        return workspace.signed.books(connection).registry.resolve(connection, selectors)


def _tell_baseline(face: Face, account: Account, usual: "Baseline", *, accepted: bool) -> None:
    face.printer.line(
        counted(
            "{account}: learned from {count} post by hand.",
            "{account}: learned from {count} posts by hand.",
            usual.posts,
            account=account,
        )
    )
    face.printer.table([_("client"), _("posts")], [(name or "–", count) for name, count in usual.sources.items()])
    face.printer.table([_("hour"), _("posts")], [(f"{hour:02}", count) for hour, count in usual.hours.items()])
    face.printer.say("No burst: up to {count} within an hour.", count=usual.most_in_an_hour)
    if accepted:
        face.printer.say("What fits raises no alert from now on. To end it: socialguard watch baseline … --forget")
    else:
        face.printer.say("Nothing was changed.")


def _why(one: "Sighting") -> str:
    return ", ".join(_(reason) for reason in one.reasons)


def _learned(usual: "Baseline") -> dict[str, object]:
    return {
        "posts": usual.posts,
        "sources": [{"source": name, "posts": count} for name, count in usual.sources.items()],
        "hours": [{"hour": hour, "posts": count} for hour, count in usual.hours.items()],
        "most_in_an_hour": usual.most_in_an_hour,
    }


def _document(one: "Outcome") -> dict[str, object]:
    from socialguard.cli.output import error_document

    return {
        "account": str(one.account),
        "sightings": [sighting_document(each) for each in one.sightings],
        "waits": one.waits,
        "asked": one.asked,
        "buried": list(one.buried),
        "returned": list(one.returned),
        "profile_at": None if one.profile_at is None else jcs.timestamp(one.profile_at),
        "skipped": one.skipped,
        "error": None if one.error is None else error_document(one.error),
    }


def sighting_document(one: "Sighting") -> dict[str, object]:
    """Return a sighting as `--json` shows it."""
    return {
        "kind": one.kind.value,
        "severity": one.severity.value,
        "suspected": one.kind.value == "deletion",
        "network_id": one.subject if one.kind.value not in ("profile", "permission") else None,
        "url": one.url,
        "source": one.source,
        "at": one.at,
        "what": one.what,
        "reasons": list(one.reasons),
        "evidence": one.evidence,
    }


def listed(face: Face, found: "Sequence[Sighting]", zone: str) -> None:
    """Print the evidence of sightings for people."""
    head = [_("what"), _("at"), _("severity"), _("where"), _("evidence")]
    rows = [
        (_(one.kind), minute(one.at, zone), _(one.severity), one.url or one.what or say("–"), one.evidence[:16])
        for one in found
    ]
    face.printer.table(head, rows)
