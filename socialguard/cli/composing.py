"""What a person gives to compose a post, taken from where they gave it and refused in one sentence where it cannot
be used: text, link, reasons for passing a check."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from socialguard import errors
from socialguard.cli import unsaved
from socialguard.cli.face import Face
from socialguard.model.text import has_hidden
from socialguard.publishing import draft_file
from socialguard.publishing.addresses import post_id
from socialguard.publishing.interface import Attached, Divide, Request
from socialguard.publishing.prepare import MAX_TEXT
from socialguard.workspace.opened import Workspace


@dataclass(frozen=True, slots=True)
class Given:
    """What the options of a command give beside the text; it counts instead of what a draft says."""

    to: tuple[str, ...] = ()
    media: tuple[Attached, ...] = ()
    link: str | None = None
    reply_to: str | None = None
    at: str | None = None
    then: tuple[str, ...] = ()
    thread: bool = False
    numbered: bool = False
    campaign: str | None = None


def written(face: Face, given: str | None, file: Path | None, options: Given) -> Request:
    """Return the request of a text or a file, be it a draft's or a plain text.

    Raises as `text`, and DraftInvalid."""
    if options.reply_to is not None:
        post_id(options.reply_to)  # refused before the editor opens, so that nothing is written in vain
    found = text(face, given, file)
    if file is None or not draft_file.is_draft(found):
        if file is not None:
            draft_file.require_no_other_head(found, file)
        return _with(Request(text=found, selectors=()), options)
    if options.then:
        raise errors.UsageError(detail="--then goes with a text, not with a draft: write --- between its parts.")
    written_there = draft_file.parse(found, file)
    return _with(replace(written_there, link=link(written_there.link)), options)


def kept(workspace: Workspace, draft_id: str, given: str | None, file: Path | None, options: Given) -> Request:
    """Return the request of a draft that was kept; NotFound."""
    from socialguard.ledger import drafts

    if given is not None or file is not None or options.then:
        raise errors.UsageError(detail="Give the text, --file or --draft, only one of them.")
    with workspace.database.read() as connection:
        found = drafts.get(connection, draft_id)
    return _with(draft_file.from_kept(found.text, found.payload, found.id), options)


def media(files: Sequence[Path], alts: Sequence[str]) -> tuple[Attached, ...]:
    """Return files with what they show; UsageError where there are more words than files."""
    if len(alts) > len(files):
        raise errors.UsageError(detail="There are more --alt than --media.")
    shown = (*alts, *[""] * (len(files) - len(alts)))
    return tuple(Attached(path, alt) for path, alt in zip(files, shown, strict=True))


def _with(request: Request, options: Given) -> Request:
    """Return a request with what the options say instead."""
    divide = request.divide
    if options.then and divide is Divide.NOWHERE:
        divide = Divide.LINES
    reply_to = request.reply_to if options.reply_to is None else options.reply_to
    if reply_to is not None:
        post_id(reply_to)  # refused before anything is kept
    return replace(
        request,
        text="\n---\n".join((request.text, *options.then)),
        selectors=options.to or request.selectors,
        media=options.media or request.media,
        link=request.link if options.link is None else options.link,
        reply_to=reply_to,
        at=request.at if options.at is None else options.at,
        divide=Divide.SENTENCES if options.thread else divide,
        numbered=options.numbered or request.numbered,
        campaign=request.campaign if options.campaign is None else options.campaign,
    )


def text(face: Face, given: str | None, file: Path | None) -> str:
    """Return the text from the argument, stdin (`-`), a file, or the person's editor.

    Raises UsageError where there is none or it is no UTF-8 text, Unreadable."""
    if given is not None and file is not None:
        raise errors.UsageError(detail="Give the text or --file, not both.")
    if file is not None:
        try:
            with file.open("rb") as opened:
                return _bounded(opened.read(4 * MAX_TEXT + 1))
        except OSError as problem:
            raise errors.Unreadable(
                path=file, detail=problem.strerror or "it cannot be opened.", remedy="Check --file."
            ) from None
    if given == "-":
        return _bounded(sys.stdin.buffer.read(4 * MAX_TEXT + 1))
    if given is not None:
        return given
    if not face.has_terminal:
        raise errors.UsageError(
            detail="There is no text.", remedy="Give it as an argument, with --file, or - for stdin."
        )
    written = unsaved.edited(face, "")
    if not written:
        raise errors.UsageError(detail="The editor left no text. Nothing was sent.")
    return written


def _bounded(data: bytes) -> str:
    if len(data) > 4 * MAX_TEXT:
        raise errors.UsageError(detail=f"The text has more than {MAX_TEXT} characters; no network takes that.")
    try:
        text = data.decode("utf-8").removeprefix("\ufeff").replace("\r\n", "\n").strip("\r\n")
    except UnicodeDecodeError:
        raise errors.UsageError(detail="The text is not UTF-8.", remedy="Save it as UTF-8.") from None
    if "\0" in text:
        raise errors.UsageError(detail="The text holds zero bytes: it is not a text.")
    return text


def link(given: str | None) -> str | None:
    """Return a link if a browser would open it as one; raises UsageError."""
    from urllib.parse import urlsplit

    if given is None:
        return None
    try:
        parts = urlsplit(given)
        good = parts.scheme in ("https", "http") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or has_hidden(given) or any(char.isspace() for char in given):
        raise errors.UsageError(detail=f"{given} is not a link.", remedy="Write it as https://example.org/page.")
    return given


def overrides(checks: Sequence[str], reason: str | None) -> Mapping[str, str]:
    """Return the reason for each check that is passed; UsageError for one that does not exist, or without why."""
    if checks and not reason:
        raise errors.UsageError(detail="--override needs --reason.", remedy="Say why: it stands in the log.")
    if reason and not checks:
        raise errors.UsageError(detail="--reason needs --override CHECK.")
    from socialguard.guard.checks import CHECKS

    for check in checks:
        if check not in CHECKS:
            known = ", ".join(CHECKS)
            raise errors.UsageError(detail=f"There is no check {check}; there are: {known}.")
    return dict.fromkeys(checks, reason or "")
