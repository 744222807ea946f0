"""No token, secret, code or proof is found in anything that the Facebook adapter raises, logs or shows."""

import hashlib
import hmac
import logging
import traceback
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from socialguard import errors
from socialguard.model.activity import Stream
from socialguard.model.credential import Credential
from socialguard.networks import facebook_login
from socialguard.networks.facebook import FacebookAdapter
from socialguard.networks.interface import Outgoing, Session
from socialguard.sandbox.process import Running, start

TOKEN = "EAAtoken-of-the-page-4711"
USER_TOKEN = "EAAUtoken-of-a-person-4712"
SECRET = "0123456789abcdef-app-secret"
DOCUMENT = {"kind": "page", "page_token": TOKEN, "app_id": "100200300", "app_secret": SECRET}
PAGE = {
    "network": "facebook",
    "handle": "acme",
    "user_id": "777001",
    "display_name": "Acme Ltd",
    "credential": DOCUMENT,
    "user_token": USER_TOKEN,
}
SEED = {"accounts": [PAGE]}
WORDS = [
    *(TOKEN, USER_TOKEN, SECRET),
    *(hmac.new(SECRET.encode(), word.encode(), hashlib.sha256).hexdigest() for word in (TOKEN, USER_TOKEN)),
]
ECHO = {"error": {"code": 190, "message": f"Malformed access token {TOKEN}, {USER_TOKEN} or {SECRET}"}}

FAULTS: dict[str, dict[str, Any]] = {
    "refuse": {"kind": "refuse"},
    "drop_before": {"kind": "drop_before"},
    "accept_then_drop": {"kind": "accept_then_drop"},
    "500": {"kind": "status", "code": 500, "body": "{}"},
    "502 of HTML": {"kind": "status", "code": 502, "body": f"<html>{TOKEN} {SECRET}"},
    "429": {"kind": "status", "code": 429, "body": {"error": {"code": 4, "message": TOKEN}}},
    "402": {"kind": "status", "code": 402, "body": {"error": {"code": 10, "message": SECRET}}},
    "an echoed token": {"kind": "status", "code": 400, "body": ECHO},
    "an echo in broken JSON": {"kind": "status", "code": 200, "body": f'{{"id": "{TOKEN}'},
    "an echo in a wrong form": {"kind": "status", "code": 200, "body": {"id": [TOKEN], "data": {"x": SECRET}}},
    "redirect": {"kind": "redirect", "location": f"https://attacker.example/?access_token={TOKEN}"},
    "expired_token": {"kind": "expired_token"},
}
AT = '[1780000000,"c",false,1780000000,[],50]'
CALLS: dict[str, Callable[[Session, str], object]] = {
    "identity": lambda session, _: session.identity(),
    "publish": lambda session, _: session.publish(Outgoing("Hello"), lambda _: None),
    "resume": lambda session, _: session.publish(Outgoing("Hello", resume="777001_5"), lambda _: None),
    "delete": lambda session, _: session.delete("777001_5"),
    "timeline": lambda session, _: list(session.timeline(datetime(2026, 1, 1, tzinfo=UTC))),
    "find": lambda session, _: session.find("777001_5"),
    "posts": lambda session, _: session.activity(Stream.POSTS, since=None, at=AT),
    "mentions": lambda session, _: session.activity(Stream.MENTIONS, since=None, at=AT),
    "metrics": lambda session, _: session.metrics(["777001_5"]),
    "profile": lambda session, _: session.profile(),
    "inspect": lambda session, _: session.inspect(),
    "pages": lambda _, origin: facebook_login.pages(person(), origin),
    "exchange": lambda _, origin: facebook_login.exchange(person(), origin),
}


def person() -> Credential:
    """Return the credential of a person who logged in."""
    fields = {"access_token": USER_TOKEN, "app_id": DOCUMENT["app_id"], "app_secret": SECRET}
    return Credential("facebook", "user", fields)


def reachable(value: object, depth: int = 0, seen: set[int] | None = None) -> Iterator[str]:
    """Yield the text of everything that hangs on an exception: a debugger or a reporter would show it."""
    seen = set() if seen is None else seen
    if id(value) in seen or depth > 8 or isinstance(value, type):
        return
    seen.add(id(value))
    yield f"{value!r} {value}"
    inside: list[object] = []
    if isinstance(value, dict):
        inside += [*value.keys(), *value.values()]
    elif isinstance(value, (list, tuple, set, frozenset)):
        inside += value
    elif not isinstance(value, (str, bytes, int, float)) and not callable(value):
        inside.append(getattr(value, "__dict__", {}))
        inside += [getattr(value, name, None) for name in ("args", "__cause__", "__context__", "__notes__")]
        inside += [getattr(value, name, None) for name in ("request", "response", "content", "text", "url")]
    for part in inside:
        yield from reachable(part, depth + 1, seen)


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """One sandbox for all tests of this file."""
    with start(SEED) as running:
        yield running


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", FAULTS)
def test_no_secret_hangs_on_an_error(
    server: Running, kind: str, call: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    server.reset(SEED)
    server.faults([{"network": "facebook", "operation": "any", "times": None, **FAULTS[kind]}])
    adapter = FacebookAdapter()
    session = adapter.open(adapter.credential(DOCUMENT), server.facebook, "facebook:@acme")
    caught: errors.SocialGuardError | None = None
    try:
        CALLS[call](session, server.facebook)
    except errors.SocialGuardError as raised:
        caught = raised
    assert caught is not None
    shown = "\n".join([*reachable(caught), "".join(traceback.format_exception(caught)), caught.what_to_do()])
    shown += f"{session!r} {adapter!r} {caplog.text} {capfd.readouterr()}"
    assert [word for word in WORDS if word in shown] == []
    assert caught.__cause__ is None
    assert caught.__context__ is None


def test_the_search_finds_a_secret_that_is_hidden_deep() -> None:
    """The test above means nothing if its search is blind."""

    class Reply:
        def __init__(self) -> None:
            self.headers = {"Authorization": f"Bearer {TOKEN}"}

    error = ValueError("outer")
    error.__context__ = OSError("inner")
    error.__context__.response = Reply()  # type: ignore[attr-defined]
    assert any(TOKEN in text for text in reachable(error))


@pytest.mark.parametrize(
    "document",
    [
        {**DOCUMENT, "kind": TOKEN},
        {**DOCUMENT, "page_token": [TOKEN]},
        {**DOCUMENT, "page_token": TOKEN + "\r\nX-Evil: 1"},
        {**DOCUMENT, "page_token": ""},
        {**DOCUMENT, "app_id": SECRET},
        {**DOCUMENT, "app_secret": SECRET + " "},
        {**DOCUMENT, "extra": SECRET},
        {"kind": "page", "app_secret": SECRET},
        {"kind": "oauth1", "access_token": TOKEN},
        {},
    ],
)
def test_a_wrong_document_is_told_by_field_and_never_by_value(document: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"page|app|kind|extra") as caught:
        FacebookAdapter().credential(document)
    shown = "\n".join(reachable(caught.value))
    assert [word for word in (TOKEN, SECRET) if word in shown] == []


def test_a_credential_document_comes_back_as_it_was_given() -> None:
    assert FacebookAdapter().credential(DOCUMENT).document() == DOCUMENT
    small = {"kind": "page", "page_token": TOKEN}
    assert FacebookAdapter().credential(small | {"app_id": None, "app_secret": None}).document() == small
