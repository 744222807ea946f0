"""What X means when it says no: its statuses and problem types as this program's errors, in plain words."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from socialguard import clock, errors
from socialguard.model.credential import redact
from socialguard.model.text import marked

TITLE: Final = "X"

# The 4xx that X documents: whoever gets one knows that nothing was done. 408 and a gateway's own are not here.
PROVEN: Final = frozenset({400, 401, 402, 403, 404, 405, 406, 409, 410, 413, 414, 415, 422, 429, 431})

_WINDOW: Final = timedelta(minutes=15)
_LONGEST: Final = timedelta(hours=24)
_MAX_SAID: Final = 300
# Error codes of API 1.1: X knows no such token, and a signature is of another time than its own.
_NO_TOKEN: Final = 89
_OUT_OF_BOUNDS: Final = 135
_SIGNED_WITHIN: Final = timedelta(minutes=5)
_OUT_OF_TIME: Final = marked("X found the time of the signature wrong (401). Look whether the clock is right.")
_APART: Final = marked(
    "this machine's clock differs from X's by {minutes} min, and X takes no signature of another time (401). "
    "Set the clock."
)

# Problem types of API 2 that stay as they are until somebody does something.
_CLOSED: Final = frozenset(
    {"disallowed-resource", "not-authorized-for-resource", "resource-not-found", "resource-unavailable"}
)
_CAPPED: Final = "usage-capped"
_BY_TYPE: Final = {
    "oauth1-permissions": (
        "read_only",
        "the app may only read; allow it to write in the developer console, then make new access tokens.",
    ),
    "unsupported-authentication": (
        "wrong_kind",
        "this kind of credential cannot make this call; it needs a user's tokens, not the app's own.",
    ),
    "client-forbidden": (
        "client_forbidden",
        "the app is not in a project that may use this call; see the developer console.",
    ),
    _CAPPED: ("usage_capped", "the app has used up what its plan allows for this month."),
}


def refusal(
    status: int,
    body: Mapping[str, object] | None,
    headers: Mapping[str, str],
    server_time: datetime | None,
    account: str,
    *,
    signed: bool = False,
) -> errors.SocialGuardError:
    """Return the error for a status outside 2xx of a call that has, for certain, done nothing; `signed` says that
    it bore a time, as OAuth 1.0a wants it.

    RateLimited carries `until` (ISO 8601) and the same instant as `fields["reset"]`; NetworkRefused carries a
    stable word in `fields["reason"]`: `duplicate`, `credits`, `read_only`, `clock`, `refused` and so on."""
    if status == 429 and _kind(body) != _CAPPED:
        reset = reset_time(headers, server_time)
        until = reset.isoformat(timespec="seconds").replace("+00:00", "Z")
        return errors.RateLimited(network=TITLE, account=account, until=until, reset=reset)
    if status == 401 and signed and (wrong := _about_clock(body, server_time)):
        return errors.NetworkRefused(network=TITLE, account=account, detail=wrong, reason="clock")
    if status == 401:
        words = said(body).removesuffix(".")
        detail = f"the token has expired, was revoked, or is wrong (401{words})."
        return errors.AuthenticationNeeded(network=TITLE, account=account, detail=detail)
    reason, detail = _words(status, body)
    return errors.NetworkRefused(network=TITLE, account=account, detail=detail, reason=reason)


def reset_time(headers: Mapping[str, str], server_time: datetime | None) -> datetime:
    """Return when calls are allowed again, by our clock: 15 minutes from now where X does not say.

    The reset is X's time, so the wait is counted from X's `Date`. The limits of 24 hours have headers of
    their own, and count only when they are used up."""
    daily = [
        headers.get(f"x-{whose}-limit-24hour-reset")
        for whose in ("user", "app")
        if headers.get(f"x-{whose}-limit-24hour-remaining") == "0"
    ]
    given = daily or [headers.get("x-rate-limit-reset")]
    stamps = [seconds for value in given if (seconds := _seconds(value)) is not None]
    now = server_time or clock.now()
    if stamps:
        wait = timedelta(seconds=min(max(stamps) - now.timestamp(), _LONGEST.total_seconds()))
    else:
        retry = _seconds(headers.get("retry-after"))
        wait = _WINDOW if retry is None else timedelta(seconds=min(retry, _LONGEST.total_seconds()))
    return (clock.now() + max(wait, timedelta(seconds=1))).astimezone(UTC)


def said(body: Mapping[str, object] | None) -> str:
    """Return `: ` and what X says in words, or nothing; bounded, and free of secrets."""
    words = " ".join(dict.fromkeys(_sentences(body or {})))
    return f": {redact(words)[:_MAX_SAID]}" if words else ""


def is_closed(body: Mapping[str, object]) -> bool:
    """Return whether an answer says of what was asked for that it is gone, suspended or not for this account."""
    return any(_kind(entry) in _CLOSED for entry in _entries(body))


def codes(body: Mapping[str, object] | None) -> tuple[int, ...]:
    """Return the error codes (of API 1.1) in an answer."""
    return tuple(code for entry in _entries(body or {}) if isinstance(code := entry.get("code"), int))


def _about_clock(body: Mapping[str, object] | None, server_time: datetime | None) -> str:
    """Return what to say where the time of a signed call was wrong, which proves nothing about its token."""
    found = codes(body)
    apart = abs(clock.machine() - server_time) if server_time else timedelta(0)
    if apart <= _SIGNED_WITHIN:
        is_told = _OUT_OF_BOUNDS in found
        return _OUT_OF_TIME if is_told else ""
    if _NO_TOKEN in found and _OUT_OF_BOUNDS not in found:
        return ""
    return _APART.format(minutes=round(apart.total_seconds() / 60))


def _words(status: int, body: Mapping[str, object] | None) -> tuple[str, str]:
    words = said(body).removeprefix(": ").rstrip(".")
    if status == 402:
        # tweepy has no class for it; X's pay-per-use answers 402 when the balance is empty.
        return "credits", "credits exhausted (402): buy credits for the app in X's developer console."
    if status == 403 and "duplicate content" in words.lower():
        return "duplicate", "the account has posted this text before, and X takes no duplicates (403)."
    if (kind := _kind(body)) in _BY_TYPE:
        return _BY_TYPE[kind]
    if status >= 500:
        return "unavailable", f"X is not available now ({status})."
    return "refused", f"{words or 'it gave no reason'} ({status})."


def _sentences(body: Mapping[str, object]) -> list[str]:
    """Return X's sentences, the most exact first: 400s say nothing in `detail` and everything in `errors`."""
    found = [entry.get("message") or entry.get("detail") for entry in _entries(body)]
    found += [body.get("detail"), body.get("error_description")] if not any(found) else []
    found += [body.get("title"), body.get("error")] if not any(found) else []
    return [text for text in found if isinstance(text, str) and text]


def _entries(body: Mapping[str, object]) -> list[dict[str, object]]:
    listed = body.get("errors")
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _kind(body: Mapping[str, object] | None) -> str:
    return str((body or {}).get("type", "")).rpartition("/")[2]


def _seconds(value: str | None) -> int | None:
    is_number = value is not None and value.isascii() and value.isdigit() and len(value) <= 12
    return int(value or "0") if is_number else None
