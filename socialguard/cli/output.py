"""How a failure leaves the program: one sentence and what to do, or one JSON document, and the exit code.

No secret leaves with it: message, remedy and traceback go through `redact`, and no local variable is shown."""

import errno
import sys
from typing import Final

import click

from socialguard import errors
from socialguard.cli.face import Face
from socialguard.cli.phrases import GIVEN, phrase
from socialguard.cli.words import _, later
from socialguard.model.credential import redact
from socialguard.model.text import visible

_TRACE_LINE: Final = 1000
_FULL: Final = (errno.ENOSPC, errno.EDQUOT)


class Unexpected(errors.SocialGuardError):
    """The program failed where it should not have ({kind})."""

    remedy = "Look at what is known: socialguard queue list. Then repeat the command with --debug and report it."


class SystemRefused(errors.SocialGuardError):
    """The system refused: {reason}."""

    remedy = "Check permissions and free space, then look at what is known: socialguard queue list."


def tell(problem: BaseException, face: Face) -> int:
    """Tell the person, or the script, what happened and what to do, and return the exit code."""
    error = as_error(problem)
    if face.as_json and not face.printer.has_answered:
        face.printer.json_out({"error": error_document(error)})
    else:
        tell_lines(error, face)
    if face.debug:
        _show_trace(problem, face)
    return error.exit_code


def tell_lines(error: errors.SocialGuardError, face: Face) -> None:
    """Tell the person: a line for what happened and one for what to do; without a terminal one line that begins
    with the exit code. Each further problem of a file, and the draft that keeps a text, has its own line."""
    message, remedy = sentences(error)
    others = [sentences(one)[0] for one in _problems(error)[1:]]
    if face.has_terminal:
        for line in (message, *others, remedy):
            if line:
                face.printer.note_line(line)
    else:
        face.printer.note_line(
            f"{error.exit_code} {_ended(message)} {remedy}".rstrip() if remedy else f"{error.exit_code} {message}"
        )
        for line in others:
            face.printer.note_line(line)
    draft = draft_of(error)
    if draft is not None and draft not in message and not face.as_json:
        face.printer.note("Draft {draft} kept.", draft=draft)


def _ended(message: str) -> str:
    """Return a message that another sentence can follow; a URL at its end stays one that can be copied."""
    last = message.split()[-1:]
    is_open = bool(last) and "://" not in last[0] and last[0][-1] not in ".!?:…"
    return f"{message}." if is_open else message


def sentences(error: errors.SocialGuardError) -> tuple[str, str]:
    """Return what happened and what to do, in the person's language, details included, secrets removed."""
    given = error.fields
    error.fields = {
        name: phrase(value) if isinstance(value, str) and name not in GIVEN else value
        for name, value in given.items()
    }
    try:
        message = error.message(_)
        remedy = error.what_to_do(lambda text: _(text) if _(text) != text else phrase(text))
    finally:
        error.fields = given
    return redact(message.strip()), redact(remedy.strip())


def as_error(problem: BaseException) -> errors.SocialGuardError:
    """Return `problem` as an error that can be told: ours as it is, click's as a usage error."""
    if isinstance(problem, errors.SocialGuardError):
        return problem
    if isinstance(problem, (KeyboardInterrupt, click.Abort)):
        return errors.Interrupted(detail="")
    if isinstance(problem, click.ClickException):
        context = getattr(problem, "ctx", None)
        path = context.command_path if isinstance(context, click.Context) else "socialguard"
        detail = " ".join(problem.format_message().replace("\\n", " ").replace("\\t", " ").split())
        remedy = later("Look at: {command} --help")
        if isinstance(problem, click.NoSuchOption) and not problem.option_name.strip("-")[:1].isalpha():
            remedy = later("A text that begins with a hyphen stands last, after -- alone.")
        return errors.UsageError(detail=detail, command=path, remedy=remedy)
    if isinstance(problem, OSError):
        return SystemRefused(reason=_reason(problem))
    return Unexpected(kind=type(problem).__name__)


def _reason(problem: OSError) -> str:
    said = "the disk is full" if problem.errno in _FULL else problem.strerror or type(problem).__name__
    return f"{said}: {visible(problem.filename)}" if problem.filename else said


def _blamed(problem: BaseException, face: Face) -> BaseException:
    """A value of the database that no program of ours wrote, where a failure of ours may come from it."""
    if isinstance(problem, errors.SocialGuardError) or not face.opened:
        return problem
    from socialguard.store.odd import STUMBLES, blame

    if not isinstance(problem, STUMBLES):
        return problem
    return next(filter(None, (blame(workspace.database) for workspace in face.opened)), None) or problem


def error_document(error: errors.SocialGuardError) -> dict[str, object]:
    """Return an error as scripts read it."""
    message, remedy = sentences(error)
    document: dict[str, object] = {
        "code": error.exit_code,
        "name": error.name,
        "message": message,
        "remedy": remedy,
    }
    draft = draft_of(error)
    if draft is not None:
        document["draft"] = draft
    needs = error.fields.get("needs")
    if isinstance(needs, (list, tuple)):
        document["needs"] = [str(item) for item in needs]
    findings = error.fields.get("findings")
    if isinstance(findings, list):
        from socialguard.cli.deliveries import finding_document

        document["findings"] = [finding_document(item) for item in findings]
    problems = _problems(error)
    if problems:
        document["problems"] = [{"line": one.fields["line"], "message": sentences(one)[0]} for one in problems]
    return document


def _problems(error: errors.SocialGuardError) -> list[errors.SocialGuardError]:
    """Each thing that is wrong in a file, where an error is for all of them; the error itself tells the first."""
    found = error.fields.get("problems")
    return found if isinstance(found, list) else []


def draft_of(error: errors.SocialGuardError) -> str | None:
    """Return the draft that keeps the text of what was stopped; a dry run keeps none."""
    draft = error.fields.get("draft")
    return draft if isinstance(draft, str) and draft.startswith("d-") else None


def _show_trace(problem: BaseException, face: Face) -> None:
    import traceback

    for part in traceback.TracebackException.from_exception(problem, capture_locals=False).format():
        for line in redact(part).rstrip("\n").split("\n"):
            face.printer.note_line(visible(line, _TRACE_LINE))


def flush() -> None:
    """Hand everything printed to the system while its refusal can still be told."""
    sys.stdout.flush()
    sys.stderr.flush()


def abandon_stdout() -> None:
    """Stop writing to a reader that has gone, so that the interpreter's own last flush finds no fault."""
    import os

    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def tell_last(problem: BaseException, face: Face) -> int:
    """As `tell`, where even telling may fail: a reader that has gone, a full disk behind stdout."""
    problem = _blamed(problem, face)
    try:
        return tell(problem, face)
    except OSError:
        abandon_stdout()
        return as_error(problem).exit_code
