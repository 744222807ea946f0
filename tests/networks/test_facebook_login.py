"""A login at Facebook, from the dialog to the Pages, against the sandbox and through the real listener."""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from socialguard import errors
from socialguard.cli.loopback import Listener
from socialguard.networks import facebook_login
from socialguard.networks.facebook import FacebookAdapter
from socialguard.sandbox.process import Running, start

APP, SECRET = "100200300", "0123456789abcdef-app-secret"
REDIRECT = "http://127.0.0.1:8765/callback"


def pages(count: int) -> dict[str, Any]:
    """Return a seed of Pages that one person owns."""
    return {
        "accounts": [
            {
                "network": "facebook",
                "handle": f"page{number}",
                "user_id": str(777000 + number),
                "display_name": f"Page {number}",
                "owner_id": "42",
                "credential": {
                    "kind": "page",
                    "page_token": f"EAAtoken-{number:04}",
                    "app_id": APP,
                    "app_secret": SECRET,
                },
            }
            for number in range(count)
        ]
    }


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    """One sandbox for all tests of this file."""
    with start(pages(3)) as running:
        yield running


@pytest.fixture
def sandbox(server: Running) -> Running:
    """The sandbox, as new."""
    server.reset(pages(3))
    return server


class _Stay(urllib.request.HTTPRedirectHandler):
    """A browser that stops at the redirect."""

    def redirect_request(self, *args: Any, **more: Any) -> None:
        """Follow nothing."""


def allowed(started: facebook_login.Started) -> str:
    """Let the person allow the login; return the address that the browser is sent to."""
    try:
        urllib.request.build_opener(_Stay).open(started.url, timeout=10).close()
    except urllib.error.HTTPError as redirect:
        with redirect:
            return redirect.headers["Location"]
    raise AssertionError("the dialog did not send the browser back")


def test_a_login_in_the_browser_leads_to_every_page(sandbox: Running) -> None:
    with Listener.open() as listener, ThreadPoolExecutor(1) as pool:
        started = facebook_login.begin(APP, listener.redirect_uri, sandbox.facebook)
        waiting = pool.submit(listener.wait, started.state, "Done.", limit=20)
        with urllib.request.urlopen(started.url, timeout=10) as landed:
            assert b"Done." in landed.read()
        user = facebook_login.finish(started, SECRET, waiting.result(5).reveal())
    found = facebook_login.pages(facebook_login.exchange(user, sandbox.facebook), sandbox.facebook)
    assert [page.identity.handle for page in found] == ["page0", "page1", "page2"]
    assert [page.credential.document() for page in found] == [
        {"kind": "page", "page_token": f"EAAtoken-{number:04}", "app_id": APP, "app_secret": SECRET}
        for number in range(3)
    ]
    first = FacebookAdapter().open(found[0].credential, sandbox.facebook, "facebook:@page0")
    assert first.identity() == found[0].identity


def test_more_pages_than_fit_in_one_answer_are_all_listed(sandbox: Running) -> None:
    sandbox.reset(pages(230))
    started = facebook_login.begin(APP, REDIRECT, sandbox.facebook)
    user = facebook_login.finish(started, SECRET, allowed(started))
    assert len(facebook_login.pages(user, sandbox.facebook)) == 230


def test_the_dialog_is_facebooks_own_and_asks_for_what_posting_needs() -> None:
    started = facebook_login.begin(APP, REDIRECT)
    parts = urllib.parse.urlsplit(started.url)
    query = urllib.parse.parse_qs(parts.query)
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "www.facebook.com", "/v26.0/dialog/oauth")
    assert query["redirect_uri"] == [REDIRECT]
    assert query["scope"] == [
        "pages_manage_posts,pages_read_engagement,pages_read_user_content,pages_show_list,read_insights"
    ]
    assert query["state"] == [started.state]
    assert query["code_challenge"] == [facebook_login.challenge(started.verifier)]


def test_pkce_is_that_of_rfc_7636() -> None:
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert facebook_login.challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_every_login_has_its_own_state_and_shows_none_of_it() -> None:
    one, two = facebook_login.begin(APP, REDIRECT), facebook_login.begin(APP, REDIRECT)
    assert one.state != two.state
    assert one.verifier != two.verifier
    assert one.state not in repr(one)
    assert one.verifier not in repr(one)


@pytest.mark.parametrize(
    "change",
    [
        lambda url, s: url.replace(s.state, "another-state"),
        lambda url, s: url.replace("state=", "stat="),
        lambda url, s: f"{url}&state={s.state}",
        lambda url, s: url.replace("127.0.0.1", "localhost"),
        lambda url, s: url.replace("/callback", "/other"),
        lambda url, s: url.replace("http://", "https://"),
        lambda url, s: "http://[bad",
        lambda url, s: "",
        lambda url, s: url + "&x=" + "a" * 20_000,
        lambda url, s: url + "&x=" * 40,
    ],
)
def test_an_address_that_is_not_the_answer_to_this_login_is_refused(sandbox: Running, change: Any) -> None:
    started = facebook_login.begin(APP, REDIRECT, sandbox.facebook)
    returned = change(f"{REDIRECT}?code=a-code-of-the-dialog&state={started.state}", started)
    with pytest.raises(errors.UsageError, match="not the answer to this login") as caught:
        facebook_login.finish(started, SECRET, returned)
    assert "a-code-of-the-dialog" not in str(caught.value)
    assert "token" not in sandbox.requests().get("facebook", {})


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("error=access_denied&error_description=%1b[31mhostile", "not allowed"),
        ("error=server", "error"),
        ("", "code"),
    ],
)
def test_a_login_that_was_not_allowed_says_so(query: str, words: str) -> None:
    started = facebook_login.begin(APP, REDIRECT)
    with pytest.raises(errors.NetworkRefused, match=words) as caught:
        facebook_login.finish(started, SECRET, f"{REDIRECT}?{query}&state={started.state}")
    assert "hostile" not in str(caught.value)


def test_a_code_buys_one_token_only(sandbox: Running) -> None:
    started = facebook_login.begin(APP, REDIRECT, sandbox.facebook)
    returned = allowed(started)
    facebook_login.finish(started, SECRET, returned)
    with pytest.raises(errors.NetworkRefused, match="has been used"):
        facebook_login.finish(started, SECRET, returned)


def test_a_wrong_app_secret_buys_nothing(sandbox: Running) -> None:
    started = facebook_login.begin(APP, REDIRECT, sandbox.facebook)
    with pytest.raises(errors.NetworkRefused, match="client secret"):
        facebook_login.finish(started, "not-the-secret-of-the-app", allowed(started))


def test_a_dead_user_token_lists_no_pages(sandbox: Running) -> None:
    started = facebook_login.begin(APP, REDIRECT, sandbox.facebook)
    user = facebook_login.finish(started, SECRET, allowed(started))
    sandbox.clock(3 * 3600)
    with pytest.raises(errors.AuthenticationNeeded, match="expired"):
        facebook_login.pages(user, sandbox.facebook)
