"""`socialguard approve`, `reject`: a second pair of eyes on exactly what will be public."""

import difflib
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from socialguard import errors
from socialguard.canon import jcs
from socialguard.cli import deliveries, review_page, terminal
from socialguard.cli.face import Face
from socialguard.cli.opening import open_workspace
from socialguard.cli.options import INDEX, command, reason
from socialguard.cli.words import _, later
from socialguard.publishing.interface import exit_code

if TYPE_CHECKING:
    from socialguard.ledger.approvals import Word
    from socialguard.model.delivery import Delivery
    from socialguard.publishing.deciding import Matter
    from socialguard.publishing.interface import Result
    from socialguard.workspace.mailed import Asked
    from socialguard.workspace.opened import Workspace

_WORDS = (later("approved"), later("rejected"), later("attested"))
MAX_EVIDENCE = 64 << 20
MAX_REQUEST = 64 << 20  # a request holds every manifest since the approver's own


@command("approve")
@click.argument("delivery", metavar="ID|FILE")
@reason(required=False)
@click.option("--on-behalf", metavar="NAME", help="Attest that this person, who has no keys, approved.")
@click.option(
    "--evidence",
    type=click.Path(dir_okay=False, path_type=Path),
    help="What shows it, a mail for example: its hash is kept.",
)
def approve(face: Face, delivery: str, reason: str | None, on_behalf: str | None, evidence: Path | None) -> int:
    """Show exactly what will be public, and sign that it may go out; nobody approves their own."""
    from socialguard.publishing import deciding

    if delivery == "-" or Path(delivery).is_file():
        return _sign(face, delivery)
    if (on_behalf is None) != (evidence is None):
        raise errors.UsageError(detail="--on-behalf and --evidence go together.")
    if not reason and on_behalf is None:
        raise errors.UsageError(detail="--reason is missing: it stands in the log.")
    with open_workspace(face) as workspace:
        found = deciding.matter(workspace.desk, delivery)
        show(face, found)
        _ask(face, found)
        if on_behalf is not None and evidence is not None:
            digest = _hash_of(workspace, evidence, found.value)
            result = deciding.attest(workspace.desk, delivery, on_behalf, digest, reason or "")
        else:
            result = deciding.approve(workspace.desk, delivery, reason or "")
        told = deciding.matter(workspace.desk, delivery)
    tell(face, result, told)
    return exit_code([result])


@command("reject")
@click.argument("delivery", metavar="ID")
@reason()
def reject(face: Face, delivery: str, reason: str) -> int:
    """Say that a waiting delivery may not go out; it is held, and its author may edit it."""
    from socialguard.publishing import deciding

    with open_workspace(face) as workspace:
        found = deciding.matter(workspace.desk, delivery)
        show(face, found)
        result = deciding.reject(workspace.desk, delivery, reason)
        told = deciding.matter(workspace.desk, delivery)
    tell(face, result, told)
    return exit_code([result])


@command("request")
@click.argument("delivery", metavar="ID")
@click.option("--since", type=INDEX, metavar="EPOCH", help="The manifest that the approver has seen.")
def request(face: Face, delivery: str, since: int | None) -> None:
    """Print a file by which somebody who is not on this machine can approve a waiting delivery."""
    from socialguard.workspace import mailed

    with open_workspace(face) as workspace:
        file = mailed.request(workspace, delivery, since)
    face.printer.answer({"request": file.strip()}, lambda: face.printer.lines(file.splitlines()))


@command("accept")
@click.argument("file", metavar="FILE")
@reason(required=False)
def accept(face: Face, file: str, reason: str | None) -> int:
    """Take in an approval that came as a file."""
    from socialguard.cli.commands.member import read_file
    from socialguard.publishing import deciding
    from socialguard.workspace import mailed

    source = read_file(file)
    with open_workspace(face) as workspace:
        result = mailed.accept(workspace, source, reason or "")
        told = deciding.matter(workspace.desk, result.delivery.id)
    tell(face, result, told)
    return exit_code([result])


def show(face: Face, found: "Matter") -> None:
    """Show a person what is to be decided on."""
    if face.as_json:
        return
    value, content = found.value, found.value.content
    pairs: list[tuple[str, object]] = [
        (_("delivery"), value.id),
        (_("author"), found.author),
        (_("account"), found.account),
        (_("client"), found.account.client),
        (_("what"), _(value.act.value)),
        (_("due"), _("at once") if value.not_before is None else jcs.timestamp(value.not_before)),
        (_("text"), content.text),
        (_("link"), content.link or ""),
    ]
    pairs += [(_("media"), f"{item.file_name}: {item.alt or _('no alt text')}") for item in content.media]
    kept = [face.home / "media" / item.sha256 for item in content.media]
    pairs += [(_("look at"), path) for path in kept]  # the bytes that are sent: their name tells nothing
    face.printer.facts([pair for pair in pairs if pair[1]])
    deliveries.tell_findings(face, found.findings)
    if found.before is not None:
        face.printer.say("What changed since {id} was approved:", id=found.before.id)
        face.printer.lines(changes(found.before.content.text, content.text))


def changes(before: str, after: str) -> list[str]:
    """Return the lines that differ, those that are gone with `-` and new ones with `+`."""
    lines = difflib.ndiff(before.splitlines(), after.splitlines())
    return [line for line in lines if not line.startswith("?")]


def tell(face: Face, result: "Result", told: "Matter") -> None:
    """Say what a decision did."""
    document = {**deliveries.results_document([result], told.findings), "approval": document_of(told)}

    def people() -> None:
        face.printer.say(
            "{id} is {state}; {given} of {needed} approvals count now.",
            id=result.delivery.id,
            state=_(result.delivery.state.value),
            given=told.given,
            needed=told.needed,
        )
        if isinstance(result.error, errors.SocialGuardError):
            deliveries.tell_result(face, result)

    face.printer.answer(document, people)


def _sign(face: Face, place: str) -> int:
    """Show what a request would publish, and print the approval of it; needs the keys and no workspace."""
    from socialguard import settings
    from socialguard.cli.commands.member import read_file
    from socialguard.cli.opening import passphrase_asker
    from socialguard.vault.identity import open_identity
    from socialguard.workspace import mailed

    source = read_file(place, MAX_REQUEST)
    identity = open_identity(settings.identity_base(), mailed.org_of(source))
    ask = passphrase_asker(face)
    asked = mailed.verified(identity, ask, source)
    if not face.as_json:
        _card(face, asked)
    if face.has_terminal and terminal.ask(_("To approve, type {name}: ").format(name="yes")).strip() != "yes":
        raise NothingDecided
    file = mailed.answer(identity, ask, asked)
    document = {"approval": file.strip(), "account": asked.account, "text": asked.text}
    face.printer.answer(document, lambda: face.printer.lines(file.splitlines()))
    return 0


def _card(face: Face, asked: "Asked") -> None:
    """Show all that is signed, on stderr: stdout takes the approval."""
    face.printer.card([f"{_('account')}: {asked.account}", f"{_('text')}: {asked.text}"])
    shown = ("act", "link", "reply_to", "warning", "language", "visibility", "not_before", "target")
    face.printer.card([f"{name}: {asked.body[name]}" for name in shown if asked.body.get(name)])
    media = asked.body.get("media")
    for item in media if isinstance(media, list) else ():
        face.printer.card([f"{_('media')}: {item}"])
    face.printer.card(asked.findings)


def document_of(told: "Matter") -> dict[str, object]:
    """Return where a delivery stands with its approvals, as scripts read it."""
    before = told.before
    return {
        "needed": told.needed,
        "given": told.given,
        "words": [word_document(word) for word in told.words],
        "changes": None if before is None else changes(before.content.text, told.value.content.text),
    }


def word_document(word: "Word") -> dict[str, object]:
    """Return one decision as scripts read it."""
    return {
        "decision": word.decision,
        "member": word.member,
        "at": jcs.timestamp(word.given_at),
        "expires": jcs.timestamp(word.expires_at),
        "reason": word.reason,
        "on_behalf": word.on_behalf,
        "evidence_sha256": word.evidence_sha256,
    }


def _ask(face: Face, found: "Matter") -> None:
    """In a terminal, let the account be typed: what was shown is what is approved."""
    if not face.has_terminal:
        return
    typed = terminal.ask(_("To approve, type {name}: ").format(name=found.account.short_name))
    if typed.strip() != found.account.short_name:
        raise NothingDecided


class NothingDecided(errors.Cancelled):
    """Stopped. Nothing was decided."""


class OtherVersion(errors.UsageError):
    """{file} is about {found}, and this post is {code} now. Nothing was recorded."""

    remedy = "If the post was changed since, send them the page as it is now: socialguard review export"


def _hash_of(workspace: "Workspace", path: Path, value: "Delivery") -> str:
    """Return the hash of what shows an approval; raises OtherVersion where it names codes of review pages, and
    none of them is this content's."""
    from socialguard.ledger import reader

    try:
        with path.open("rb") as file:
            data = file.read(MAX_EVIDENCE + 1)
    except OSError as problem:
        raise errors.Unreadable(path=path, detail=problem.strerror or "it cannot be opened.") from None
    if len(data) > MAX_EVIDENCE:
        raise errors.UsageError(detail=f"{path} is larger than {MAX_EVIDENCE >> 20} MB.")
    codes, code = review_page.codes_in(data), review_page.code_of(value)
    with workspace.database.read() as connection:  # other words of a mail look like codes, too
        known = {row.id for row in reader.page(connection, ids=set(codes.values()), limit=len(codes))}
    named = [one for one, delivery_id in codes.items() if delivery_id in known]
    if named and code not in named:
        raise OtherVersion(file=path, found=", ".join(named), code=code)
    return hashlib.sha256(data).hexdigest()
