"""How deliveries and findings look: one shape for scripts, a few lines for people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from socialguard import errors
from socialguard.canon import jcs
from socialguard.cli.face import Face
from socialguard.cli.times_told import instant
from socialguard.cli.words import _, language, local_price, say
from socialguard.model.account import Account
from socialguard.model.delivery import Act, Content, Delivery, State
from socialguard.model.finding import Finding

if TYPE_CHECKING:
    from socialguard.publishing.interface import Result

_NO_THREAD: Final = '"thread_position": null'
_OURS: Final = ("state", "secret")
"""Fields of findings that hold words of this program; the others hold what a person or a network wrote."""


def finding_document(finding: Finding) -> dict[str, object]:
    """Return a finding as scripts read it."""
    return {
        "check": finding.check,
        "severity": finding.severity.value,
        "account": finding.account,
        "message": finding.message(),
        "part": finding.part,
        "span": None if finding.span is None else list(finding.span),
        "remedy": finding.remedy.format_map(dict(finding.fields)),
        "overridden": finding.overridden,
    }


def tell_held(face: Face, held: Iterable[str], unknown: Iterable[str]) -> None:
    """Print what became of the queue where the log does not tell any more what went out."""
    for delivery in held:
        face.printer.say("Held: {delivery}. Look at the account: it may be public already.", delivery=delivery)
    for delivery in unknown:
        face.printer.say("Unknown: {delivery}. Run: socialguard queue reconcile", delivery=delivery)


def finding_told(finding: Finding) -> str:
    """Return a finding in the person's language, with the words of ours among its fields."""
    ours = {name: _(str(value)) for name, value in finding.fields.items() if name in _OURS}
    if "price" in finding.fields:
        ours["price"] = local_price(str(finding.fields["price"]))
    return replace(finding, fields={**finding.fields, **ours}).message(_(finding.template))


def delivery_document(value: Delivery, account: Account, findings: Iterable[Finding] = ()) -> dict[str, object]:
    """Return a delivery as scripts read it (docs/cli.md, Deliveries)."""
    return {
        "id": value.id,
        "account": str(account),
        "state": value.state.value,
        "act": value.act.value,
        "fingerprint": value.fingerprint,
        "network_id": value.network_id,
        "url": value.url,
        "due": jcs.timestamp(value.due),
        "reason": value.state_reason,
        "draft": value.draft_id,
        "campaign": value.campaign_id,
        "thread": thread_document(value.content, value.after_id),
        "findings": [
            finding_document(item)
            for item in findings
            if item.account == str(account) and item.part in (None, value.content.part)
        ],
    }


def row_document(row: Any, account: str) -> dict[str, object]:  # Any: a row of ledger.reader.page
    """Return a row of a listing in the same shape, without parsing what is not shown."""
    return {
        "id": row.id,
        "account": account,
        "state": row.state,
        "act": row.act,
        "fingerprint": row.fingerprint,
        "network_id": row.network_id,
        "url": row.url,
        "due": row.due,
        "reason": row.state_reason,
        "draft": f"d-{row.draft_id}",
        "campaign": row.campaign_id,
        "thread": thread_document(content_of_part(row.content), row.after_id),
        "findings": [],
    }


def thread_document(content: Content | None, after: str | None) -> dict[str, object] | None:
    """Return the place of a delivery in its thread, None outside one."""
    if content is None or content.thread_position is None:
        return None
    return {"part": content.thread_position + 1, "of": content.thread_size, "after": after}


def content_of_part(stored: str) -> Content | None:
    """Return the content of a row that is a part of a thread, None for any other, which needs no parsing."""
    from socialguard.ledger.rows import to_content

    return None if _NO_THREAD in stored else to_content(stored)


def part_mark(content: Content | None) -> str:
    """Return how a part of a thread is marked in a list: 2/3."""
    if content is None or content.thread_position is None:
        return ""
    return f"{content.thread_position + 1}/{content.thread_size}"


def results_document(
    results: Sequence["Result"],
    findings: Iterable[Finding] = (),
    problems: Sequence[errors.SocialGuardError] = (),
) -> dict[str, object]:
    """Return what became of deliveries; `error` is the gravest, where something did not go well. `problems` are
    those of deliveries that there is no result for."""
    from socialguard.cli.output import error_document

    kept = tuple(findings)
    document: dict[str, object] = {
        "deliveries": [delivery_document(item.delivery, item.account, kept) for item in results]
    }
    found = [item.error for item in results if isinstance(item.error, errors.SocialGuardError)]
    if found or problems:
        told = [*problems, *found]
        code = errors.gravest(problem.exit_code for problem in told)
        gravest = next(problem for problem in told if problem.exit_code == code)
        document["error"] = error_document(gravest)
    return document


def name_drafts(results: Iterable["Result"]) -> None:
    """Let the error of a post that failed name the draft that keeps its text. What waits, or may be public, is not
    to be posted again and names none."""
    for result in results:
        failed = result.delivery.state is State.FAILED and result.delivery.act is Act.PUBLISH
        if failed and isinstance(result.error, errors.SocialGuardError):
            result.error.fields.setdefault("draft", result.delivery.draft_id)


def tell_findings(
    face: Face,
    findings: Sequence[Finding],
    texts: Mapping[tuple[str, int | None], str] = MappingProxyType({}),
    *,
    beside: bool = True,
) -> None:
    """Show findings to a person, all together, before anything is asked; `beside` the result, or as the result.

    `texts` are what would be public by account and part of a thread: what a finding is about is shown, marked."""
    for finding in findings:
        word = _("overridden") if finding.overridden is not None else _(finding.severity.value)
        fields = dict(finding.fields)
        remedy = _(finding.remedy).format_map(fields) if finding.remedy else ""
        colon = " :" if language() == "fr" else ":"
        line = f"{word}  {finding.account}{colon} {finding_told(finding)}. {remedy}".rstrip()
        if beside:
            face.printer.note_line(line)
        else:
            face.printer.line(line)
        text = texts.get((finding.account, finding.part), "")
        if finding.span is not None and _is_a_part(finding.span, text):
            face.printer.marked(text, finding.span, beside=beside, hide=finding.check == "secrets")


def _is_a_part(span: tuple[int, int], text: str) -> bool:
    """Whether a span marks less than the whole text: what is said of all of it needs no mark."""
    return 0 <= span[0] < span[1] <= len(text) and span != (0, len(text))


def tell_result(face: Face, result: "Result") -> None:
    """Say what became of one delivery, and how it is taken back."""
    value, account = result.delivery, result.account
    if value.state is State.SENT and value.act is Act.DELETE:
        face.printer.say("Deleted on {account}.", account=account)
    elif value.state is State.SENT:
        face.printer.say("{account}  {url}", account=account, url=value.url or "")
        face.printer.say("To take it back: socialguard delete {id}", id=value.id)
    elif value.state is State.UNKNOWN:
        _tell_unknown(face, result)
    elif isinstance(result.error, errors.SocialGuardError):
        from socialguard.cli.output import tell_lines

        tell_lines(result.error, face)
    else:
        face.printer.say(
            "{account}: delivery {id} is {state}.", account=account, id=value.id, state=_(value.state)
        )


def _tell_unknown(face: Face, result: "Result") -> None:
    from socialguard.cli import prompts

    if not face.has_terminal:
        face.printer.note_line(f"12 {prompts.outcome_unknown([result.delivery.id])}")
        return
    fields = result.error.fields if isinstance(result.error, errors.SocialGuardError) else {}
    look = str(fields.get("look", "")) or str(result.account)
    network = str(fields.get("network", result.account.network))
    for line in prompts.unknown(network, look, result.delivery.id, None):
        face.printer.note_line(line)


def scheduled_line(value: Delivery, account: Account) -> str:
    """Return the echo of a scheduled delivery: weekday, time, zone and instant."""
    when = instant(value.due, value.zone or account.zone)
    return say("{account}: delivery {id} goes out on {when}.", account=account, id=value.id, when=when)
