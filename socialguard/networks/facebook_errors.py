"""What a failed Graph call means, as one of this program's errors.

A write is refused for certain only by a 4xx in which Graph itself says so; codes 1 and 2, `is_transient`, a
5xx, a page of HTML or a cut body leave its outcome unknown. Error codes: Graph API, Error Handling.
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from socialguard import clock, errors
from socialguard.model.credential import redact

if TYPE_CHECKING:
    from socialguard.networks.facebook_graph import GraphProblem
    from socialguard.networks.facebook_replies import Trouble

TITLE: Final = "Facebook"

_TOKEN_CODES: Final = frozenset({102, 190})
_RATE_CODES: Final = frozenset({4, 17, 32, 341, 613, 80001, 80002})
_TRANSIENT_CODES: Final = frozenset({1, 2})
# Graph counts over a sliding hour; calling earlier only makes the wait longer.
_WINDOW: Final = timedelta(hours=1)
_LONGEST: Final = timedelta(hours=24)
_NO_SUCH_ID: Final = 803
_MAX_SAID: Final = 300

_SUBCODES: Final = {
    458: "the person removed the app (458).",
    459: "Facebook asks the person to log in on facebook.com first (checkpoint, 459).",
    460: "the person changed the password (460).",
    463: "it has expired (463).",
    464: "the person's Facebook account is not confirmed (464).",
    467: "it is invalid or was logged out (467).",
    492: "the person no longer has a role on the Page (492).",
}
_REASONS: Final = {
    3: ("permission", "the app may not make this call (3)."),
    10: ("permission", "the app lacks the permission for this (10)."),
    100: ("invalid", "a parameter is invalid (100)."),
    368: ("blocked", "the Page is blocked for now because of its content or behaviour (368)."),
    506: ("duplicate", "it is a duplicate of the newest post (506)."),
}


def meaning(problem: "GraphProblem", account: str, *, write: bool) -> errors.SocialGuardError:
    """Return the error to raise.

    RateLimited carries `until` (ISO 8601) and the same instant as `fields["reset"]`; AuthenticationNeeded the
    `subcode`; NetworkRefused a stable word in `fields["reason"]` (`duplicate`, `blocked`, `permission`,
    `invalid`, `gone`, `refused`, `unavailable`), and `gone` as a truth value too."""
    if write and not _is_definite(problem):
        return errors.OutcomeUnknown(network=TITLE, account=account, detail=f"it answered {_words(problem)}")
    if problem.code in _TOKEN_CODES:
        return _rejected(account, problem.code or 0, problem.subcode, _said(problem.message))
    if problem.code in _RATE_CODES or problem.status == 429:
        return _limited(problem, account)
    code, subcode = problem.code or 0, problem.subcode
    reason, detail = _reason(code, subcode)
    if problem.understood:
        detail += _said(problem.message)
        if problem.transient or problem.code in _TRANSIENT_CODES:
            reason = "unavailable"
    else:
        reason, detail = "unavailable", f"it answered {_words(problem)}."
    return errors.NetworkRefused(
        network=TITLE,
        account=account,
        detail=detail,
        reason=reason,
        gone=reason == "gone",
        code=code,
        subcode=subcode,
    )


def invalid_token(trouble: "Trouble | None", account: str) -> errors.AuthenticationNeeded:
    """Return the error for a token that debug_token calls invalid; `trouble` is the reason that it gives."""
    if trouble is None:
        return _rejected(account, 190, None, "")
    subcode = trouble.subcode or trouble.error_subcode
    return _rejected(account, trouble.code or 190, subcode, _said(redact(trouble.message)[:_MAX_SAID]))


def not_understood(account: str, *, write: bool) -> errors.SocialGuardError:
    """Return the error for an answer of a form that Graph does not document."""
    detail = "its answer could not be understood"
    if write:
        return errors.OutcomeUnknown(network=TITLE, account=account, detail=detail)
    return errors.NetworkRefused(network=TITLE, account=account, detail=detail + ".")


def _rejected(account: str, code: int, subcode: int | None, said: str) -> errors.AuthenticationNeeded:
    detail = _SUBCODES.get(subcode or 0, f"it is invalid ({code}).") + said
    return errors.AuthenticationNeeded(network=TITLE, account=account, detail=detail, code=code, subcode=subcode)


def _is_definite(problem: "GraphProblem") -> bool:
    """Whether it proves that nothing was done: a documented 4xx, or 429."""
    if problem.status == 429:
        return True
    documented = problem.understood and not problem.transient and problem.code not in _TRANSIENT_CODES
    rate_limited = problem.code in _RATE_CODES  # Graph marks these transient: they pass, but did nothing
    return 400 <= problem.status < 500 and problem.status != 408 and (documented or rate_limited)


def _limited(problem: "GraphProblem", account: str) -> errors.RateLimited:
    minutes = problem.regain_minutes
    wait = _WINDOW if minutes is None else min(timedelta(minutes=minutes), _LONGEST)
    reset = clock.now() + wait
    until = reset.isoformat(timespec="seconds").replace("+00:00", "Z")
    return errors.RateLimited(network=TITLE, account=account, until=until, reset=reset, code=problem.code)


def _said(message: str) -> str:
    return f" Facebook says: {message}" if message else ""


def _reason(code: int, subcode: int | None) -> tuple[str, str]:
    if (code, subcode) == (100, 33) or code == _NO_SUCH_ID:
        return "gone", f"it does not exist, or the Page cannot see it ({code})."
    if 200 <= code <= 299:
        return "permission", f"a permission is missing ({code})."
    return _REASONS.get(code, ("refused", f"error {code}."))


def _words(problem: "GraphProblem") -> str:
    code = f", code {problem.code}" if problem.code is not None else ""
    form = "" if problem.understood else " without a document of Graph"
    return f"HTTP {problem.status}{code}{form}"
