"""Faults on demand: which of the next requests shall go wrong, and how.

A fault is `{"network", "operation", "kind", "times"}` plus optional `account` (handle or user id), `after` (let
so many matching requests through first), and what its kind needs. `times` is 1 unless given; null = until lifted.
A new list replaces the old one; an empty list lifts everything.

| kind | what happens | also takes |
| --- | --- | --- |
| refuse | the network's listener is closed and its connections are cut: connects are refused | seconds, after |
| drop_before | the request is read, nothing is done, the connection closes without a byte | |
| accept_then_drop | it is done, then the connection closes without a byte | |
| status | this answer instead of the real one | code, body, headers, when: before (nothing done) or after |
| redirect | 307 to `location`, nothing done | location |
| slow | it is done, the answer comes late | seconds, when: before or after (the doing) |
| expired_token | the network says that the token has expired (an OAuth 2 token then has) | |
| cut | it is done, the connection breaks within the answer's body, after `bytes` (default: half) | bytes |
| late_visible | a post made now shows in timelines only `seconds` of sandbox time later; by id at once | seconds |

An OAuth 1 or Page token that is `expired_token` is so for this answer only.

`refuse`: connects that are refused cannot be counted, so `times` means nothing there; the listener stays closed
until `seconds` of real time have passed or the faults are replaced. With an `operation` and `after: n` it closes
with the answer to the n-th such request. `slow` and `late_visible` combine with one other kind.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from socialguard.sandbox.words import words

OPERATIONS = words(
    "publish publish_step edit upload delete timeline read identity token revoke inspect authorize comment "
    "media any"
)
KINDS = words("refuse drop_before accept_then_drop status redirect slow expired_token late_visible cut")
COMBINING = frozenset({"slow", "late_visible"})
ALLOWED = words("network operation kind times account after code body headers seconds when location bytes")


class FaultError(ValueError):
    """A fault that control cannot take; the message says which part."""


@dataclass(slots=True)
class Fault:
    """One fault that waits for its requests."""

    network: str
    operation: str
    kind: str
    times: int | None = 1
    account: str = ""
    after: int = 0
    code: int = 500
    body: str | None = None
    headers: dict[str, str] | None = None
    seconds: float | None = None
    when: str = ""
    location: str = ""
    bytes: int | None = None

    def matches(self, network: str, operation: str, names: tuple[str, ...]) -> bool:
        """Tell whether a request of this operation, by an account of these names, is meant."""
        return (
            self.network in (network, "any")
            and self.operation in (operation, "any")
            and (not self.account or self.account.removeprefix("@").casefold() in names)
        )

    @property
    def is_spent(self) -> bool:
        """True when it has happened as often as asked."""
        return self.times is not None and self.times <= 0


@dataclass(frozen=True, slots=True)
class Chosen:
    """The faults of one request: at most one of each combining kind, and one other."""

    main: Fault | None = None
    slow: Fault | None = None
    late_visible: Fault | None = None
    closes: tuple[Fault, ...] = ()


class FaultBook:
    """The faults that wait; `take` uses them up."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []

    def replace(self, faults: list[Fault]) -> None:
        """Forget the old faults and wait with these."""
        self.waiting = faults

    def take(self, network: str, operation: str, names: tuple[str, ...]) -> Chosen:
        """Choose and count the faults for one request; `names` are its account's handle and user id."""
        found: dict[str, Fault] = {}
        closes: list[Fault] = []
        for fault in self.waiting:
            if fault.is_spent or not fault.matches(network, operation, names):
                continue
            if fault.kind == "refuse":
                fault.after -= 1
                if fault.after == 0:
                    closes.append(fault)
                    fault.times = 0
                continue
            if fault.after > 0:
                fault.after -= 1
                continue
            slot = fault.kind if fault.kind in COMBINING else "main"
            if slot not in found:
                found[slot] = fault
                fault.times = None if fault.times is None else fault.times - 1
        self.waiting = [fault for fault in self.waiting if not fault.is_spent]
        return Chosen(found.get("main"), found.get("slow"), found.get("late_visible"), tuple(closes))


def parse_fault(entry: object) -> Fault:
    """Return the fault of one control entry; FaultError where it is wrong."""
    if not isinstance(entry, Mapping):
        raise FaultError("a fault is an object")
    unknown = set(entry) - ALLOWED
    if unknown:
        raise FaultError(f"a fault has no {sorted(unknown)[0]!r}")
    network, operation = entry.get("network", "any"), entry.get("operation", "any")
    kind = entry.get("kind")
    if network not in ("x", "facebook", "any"):
        raise FaultError(f"unknown network {network!r}")
    if operation not in OPERATIONS:
        raise FaultError(f"unknown operation {operation!r}: one of {', '.join(sorted(OPERATIONS))}")
    if kind not in KINDS:
        raise FaultError(f"unknown kind {kind!r}: one of {', '.join(sorted(KINDS))}")
    times = entry.get("times", 1)
    if times is not None and (not isinstance(times, int) or isinstance(times, bool) or times < 1):
        raise FaultError("`times` is a number from 1, or null for always")
    return _with_details(Fault(str(network), str(operation), str(kind), times), entry)


def _with_details(fault: Fault, entry: Mapping[str, Any]) -> Fault:
    fault.account = str(entry.get("account", "")).rpartition(":")[2]
    fault.after = int(entry.get("after", 0))
    fault.code = int(entry.get("code", 500))
    if (body := entry.get("body")) is not None:
        fault.body = body if isinstance(body, str) else json.dumps(body)
    if (headers := entry.get("headers")) is not None:
        fault.headers = {str(name): str(value) for name, value in headers.items()}
    seconds = entry.get("seconds")
    fault.seconds = None if seconds is None else float(seconds)
    fault.when = str(entry.get("when", ""))
    fault.location = str(entry.get("location", ""))
    fault.bytes = None if entry.get("bytes") is None else int(entry["bytes"])
    if fault.kind in COMBINING and fault.seconds is None:
        raise FaultError(f"{fault.kind} needs `seconds`")
    if fault.kind == "redirect" and not fault.location:
        raise FaultError("redirect needs `location`")
    if fault.when not in ("", "before", "after"):
        raise FaultError("`when` is before or after")
    if fault.kind == "status" and not 200 <= fault.code <= 599:
        raise FaultError("`code` is an HTTP status from 200 to 599")
    return fault


def usual_body(network: str, code: int) -> str:
    """Return what a network's answer of this status usually says; `{}` where nothing is known."""
    if code in (502, 503, 504):
        return f"<html><head><title>{code}</title></head><body><h1>{code} Bad Gateway</h1></body></html>"
    if network == "facebook":
        error = _GRAPH_ERRORS.get(code)
        return json.dumps({"error": {**error, "fbtrace_id": "AsandboxFault"}}) if error else "{}"
    problem = _X_PROBLEMS.get(code)
    return json.dumps({**problem, "status": code}) if problem else "{}"


_X_PROBLEMS = {
    401: {"title": "Unauthorized", "type": "about:blank", "detail": "Unauthorized"},
    402: {
        "title": "CreditsDepleted",
        "type": "https://api.twitter.com/2/problems/credits",
        "detail": "Your enrolled account does not have any credits to fulfill this request.",
    },
    403: {"title": "Forbidden", "type": "about:blank", "detail": "Forbidden"},
    429: {"title": "Too Many Requests", "type": "about:blank", "detail": "Too Many Requests"},
}
_GRAPH_ERRORS = {
    400: {
        "message": "(#4) Application request limit reached",
        "type": "OAuthException",
        "code": 4,
        "is_transient": True,
    },
    403: {
        "message": "(#10) Application does not have permission for this action",
        "type": "OAuthException",
        "code": 10,
    },
    429: {
        "message": "(#4) Application request limit reached",
        "type": "OAuthException",
        "code": 4,
        "is_transient": True,
    },
}
