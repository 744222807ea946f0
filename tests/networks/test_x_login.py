"""Logging in to X: PKCE and PIN on the sandbox, and every returned address that is not ours."""

import base64
import hashlib
import http.client
import re
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from socialguard import errors
from socialguard.model.credential import redact
from socialguard.networks import x_login
from socialguard.sandbox.process import Running

from .wire import Wire, close, leaked
from .wire import http as answer
from .x_world import CONFIDENTIAL, OAUTH1, PUBLIC, session

RETURN = "http://127.0.0.1:8765/callback"


def visit(url: str) -> tuple[str, str]:
    """Open a page as a browser would, without following; return where it leads, and its text."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    connection.request("GET", f"{parts.path}?{parts.query}", headers={"Connection": "close"})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.headers.get("Location", ""), text


@pytest.mark.parametrize("document", [PUBLIC, CONFIDENTIAL], ids=["public", "confidential"])
def test_a_login_by_pkce_gives_a_credential_that_works(sandbox: Running, document: dict[str, str]) -> None:
    secret = document.get("client_secret")
    started = x_login.begin(document["client_id"], secret, RETURN, sandbox.x, sandbox.x)
    returned, _ = visit(started.url)
    found = x_login.finish(started, returned)
    assert found.get("client_secret") == secret
    assert "offline.access" in (found.get("scope") or "").split()
    assert found.get("refresh_token")
    opened = session(sandbox.x, found.document())
    assert opened.identity().user_id == ("222" if document is PUBLIC else "333")
    # A code works once.
    with pytest.raises(errors.NetworkRefused):
        x_login.finish(started, returned)


def test_a_login_by_pin_gives_a_credential_that_works(sandbox: Running) -> None:
    started = x_login.begin_pin(OAUTH1["consumer_key"], OAUTH1["consumer_secret"], sandbox.x)
    _, text = visit(started.url)
    pin = re.search(r"<code>(\d+)</code>", text)
    assert pin is not None
    with pytest.raises(errors.NetworkRefused):
        x_login.finish_pin(started, "0000")
    found = x_login.finish_pin(started, f" {pin[1][:3]} {pin[1][3:]}\n")
    assert session(sandbox.x, found.document()).identity().handle == "acme"


def test_the_consent_page_is_asked_with_s256_and_all_scopes() -> None:
    started = x_login.begin("Client-1", None, RETURN)
    parts = urlsplit(started.url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://x.com/i/oauth2/authorize"
    digest = base64.urlsafe_b64encode(hashlib.sha256(started.verifier.encode()).digest()).rstrip(b"=").decode()
    assert query == {
        "response_type": "code",
        "client_id": "Client-1",
        "redirect_uri": RETURN,
        "scope": "tweet.read tweet.write users.read media.write offline.access",
        "state": started.state,
        "code_challenge": digest,
        "code_challenge_method": "S256",
    }
    assert 43 <= len(started.verifier) <= 128
    assert x_login.begin("Client-1", None, RETURN).state != started.state


def test_a_login_under_way_shows_nothing() -> None:
    started = x_login.begin("Client-1", "Secret-of-the-client", RETURN)
    shown = f"{started!r} {redact(started.verifier)} {redact(started.state)}"
    assert not any(secret in shown for secret in (started.state, started.verifier, "Secret-of-the-client"))


CODE = "Code-that-nobody-may-see"


@pytest.mark.parametrize(
    ("base", "query"),
    [
        (RETURN, {"code": CODE}),
        (RETURN, {"code": CODE, "state": "another"}),
        (RETURN, {"code": CODE, "state": "STATE", "twice": "state=x"}),
        (RETURN, {"code": CODE, "state": "st\u00e4te"}),
        (RETURN, {"state": "STATE"}),
        (RETURN, {"code": "", "state": "STATE"}),
        (RETURN + "/x", {"code": CODE, "state": "STATE"}),
        ("http://127.0.0.1:8766/callback", {"code": CODE, "state": "STATE"}),
        ("https://127.0.0.1:8765/callback", {"code": CODE, "state": "STATE"}),
        ("http://[::1/callback", {"code": CODE, "state": "STATE"}),
        ("", {}),
    ],
)
def test_an_address_of_another_login_is_refused_before_x_is_asked(
    wire: Wire, base: str, query: dict[str, str]
) -> None:
    started = x_login.begin("Client-1", None, RETURN, wire.origin)
    extra = query.pop("twice", "")
    query = {name: started.state if value == "STATE" else value for name, value in query.items()}
    with pytest.raises(errors.UsageError) as caught:
        x_login.finish(started, f"{base}?{urlencode(query)}&{extra}")
    assert wire.connections == 0
    assert leaked(caught.value, [CODE, started.state, started.verifier]) == []


def test_an_address_that_is_no_text_is_refused() -> None:
    started = x_login.begin("Client-1", None, RETURN)
    with pytest.raises(errors.UsageError):
        x_login.finish(started, f"{RETURN}?state=\udcff&code=1")


@pytest.mark.parametrize(
    ("word", "says"),
    [("access_denied", "did not allow"), ("<script>", "refused the login"), ("server_error", "error")],
)
def test_a_refusal_by_the_person_is_told_without_echo(word: str, says: str) -> None:
    started = x_login.begin("Client-1", None, RETURN)
    query = urlencode({"error": word, "error_description": CODE, "state": started.state})
    with pytest.raises(errors.NetworkRefused, match=says) as caught:
        x_login.finish(started, f"{RETURN}?{query}")
    assert leaked(caught.value, [CODE, "script"]) == []


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (close, errors.NotReached),
        (answer(b"{}", 400), errors.NetworkRefused),
        (answer(b"{}", 503), errors.NetworkRefused),
        (answer(b"{}", 200), errors.NetworkRefused),
        (answer(b"<html>", 200), errors.NetworkRefused),
        (answer(b"{}", 429), errors.RateLimited),
    ],
    ids=["closed", "400", "503", "no token", "html", "429"],
)
def test_a_login_that_breaks_says_so_and_shows_nothing(
    wire: Wire, reply: bytes, kind: type[errors.SocialGuardError]
) -> None:
    wire.answers = [reply]
    started = x_login.begin("Client-1", "Secret-of-the-client", RETURN, wire.origin)
    with pytest.raises(kind) as caught:
        x_login.finish(started, f"{RETURN}?{urlencode({'code': CODE, 'state': started.state})}")
    assert leaked(caught.value, [CODE, started.state, started.verifier, "Secret-of-the-client"]) == []
    with pytest.raises(kind):
        x_login.begin_pin("Key-1", "Secret-1", wire.origin)
    assert len(wire.requests) == 2


@pytest.mark.parametrize("pin", ["", "12a4567", "1", "1234567890123", "１２３４５６７"])
def test_what_is_no_pin_is_not_sent(wire: Wire, pin: str) -> None:
    started = x_login.StartedPin("", "Token-1", "Secret-1", "Key-1", "Secret-2", wire.origin)
    with pytest.raises(errors.UsageError):
        x_login.finish_pin(started, pin)
    assert wire.connections == 0


def test_keys_that_cannot_be_keys_are_refused_at_once() -> None:
    for bad in ("", "a b", "k\u00e9y"):
        with pytest.raises(errors.UsageError):
            x_login.begin(bad, None, RETURN)
        with pytest.raises(errors.UsageError):
            x_login.begin_pin("Key-1", bad)
