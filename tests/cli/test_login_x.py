"""`account login x`: a browser, a phone, a PIN; whoever allows it is the account, and nothing secret is said."""

import json
import re
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pexpect
import pytest

from socialguard.cli import loopback
from tests.cli import shapes
from tests.cli.browsing import Browser, browser, consent, said_and_stored
from tests.cli.shapes import shown
from tests.office import Done, Office, finish, office

__all__ = ["browser", "office"]

PUBLIC = {"kind": "oauth2", "client_id": "public-client-4711"}
PRIVATE = {"kind": "oauth2", "client_id": "private-client-4711", "client_secret": secrets.token_hex(16)}


@pytest.fixture
def newcomer(office: Office) -> dict[str, Any]:
    """An account at the sandbox that the workspace does not know, whose app is a public client."""
    return add(office, "newcomer", PUBLIC)


def add(office: Office, handle: str, client: dict[str, str]) -> dict[str, Any]:
    """Add an account at the sandbox with an app of its own."""
    entry = {
        "network": "x",
        "handle": handle,
        "user_id": str(10**15 + secrets.randbelow(10**15)),
        "display_name": handle.title(),
        "credential": {**client, "access_token": secrets.token_hex(16)},
    }
    office.sandbox.add_account(entry)
    return entry


def login(office: Office, *words: str, app: dict[str, str] = PUBLIC, **environment: str) -> Done:
    """Log in with a browser on this screen."""
    keys = {name: value for name, value in app.items() if name != "kind"}
    where = ("--base-url", office.sandbox.x, "--port", "0", "--app", "-", "--json")
    return office.cli("account", "login", "x", *words, *where, stdin=json.dumps(keys), DISPLAY=":0", **environment)


def test_who_allows_it_in_the_browser_is_added_and_can_post(
    office: Office, newcomer: dict[str, Any], browser: Browser
) -> None:
    done = login(office, "x:@newcomer", "--client", "Newcomer Ltd", "--label", "fr", "--short", "newone")
    (row,) = shown(done, shapes.LoggedIn).accounts
    assert (row.account, row.outcome, row.generation) == ("x:@newcomer", "added", 1)
    account = office.cli("account", "show", "newone", "--json").document["account"]
    assert (account["user_id"], account["client"], account["labels"]) == (
        newcomer["user_id"],
        "Newcomer Ltd",
        ["fr"],
    )
    assert office.post("From the newcomer", "x:@newcomer").deliveries[0]["state"] == "sent"
    browser.join()
    assert "Close this page" in browser.pages[0]


def test_nothing_of_the_answer_is_said_or_stored(
    office: Office, newcomer: dict[str, Any], browser: Browser
) -> None:
    done = login(office, "x:@newcomer", "--debug")
    assert done.code == 0
    browser.join()
    code = parse_qs(urlsplit(browser.visited[-1]).query)["code"][0]
    (account,) = [one for one in office.sandbox.accounts() if one["handle"] == "newcomer"]
    issued = [
        one[name] for one in account["credentials"] for name in ("access_token", "refresh_token") if name in one
    ]
    assert len(issued) == 3
    left = said_and_stored(office, done)
    assert not any(value.encode() in left for value in (code, *issued))
    assert code not in browser.pages[0]


def test_without_a_name_whoever_logs_in_is_added(
    office: Office, newcomer: dict[str, Any], browser: Browser
) -> None:
    assert shown(login(office), shapes.LoggedIn).accounts[0].account == "x:@newcomer"


def test_another_account_than_named_is_refused(office: Office, newcomer: dict[str, Any], browser: Browser) -> None:
    add(office, "stranger", {**PUBLIC, "client_id": "other-client"})
    browser.change = lambda url: url + "&account=stranger"
    done = login(office, "x:@newcomer")
    assert (done.code, "@stranger" in done.error["message"]) == (14, True)
    assert office.cli("account", "show", "x:@newcomer").code == 5
    entries = office.cli("audit", "list", "--action", "account.login", "--json").document["entries"]
    assert [one["outcome"] for one in entries] == ["ok", "intent"]


def test_an_account_that_is_there_is_refused_before_the_browser_and_rotated_when_said(
    office: Office, browser: Browser
) -> None:
    office.sandbox.add_credential("x", "acme", {**PUBLIC, "access_token": secrets.token_hex(16)})
    refused = login(office, "x:@acme")
    assert refused.code == 2
    assert "--rotate" in refused.error["remedy"]
    assert "account rotate x:@acme" in refused.error["remedy"]
    assert browser.visited == []
    (row,) = shown(login(office, "acme", "--rotate"), shapes.LoggedIn).accounts
    assert (row.account, row.outcome, row.generation) == ("x:@acme", "rotated", 2)
    assert office.post("With the new one").deliveries[0]["state"] == "sent"


def test_a_place_that_cannot_be_had_is_refused_before_the_browser(
    office: Office, newcomer: dict[str, Any], browser: Browser
) -> None:
    for words in (["--client", "ACME"], ["--short", "acme"], ["--zone", "Nowhere/City"], ["--label", "a b"]):
        assert login(office, "x:@newcomer", *words).code == 2, words
    assert browser.visited == []


def test_a_private_client_proves_itself_by_its_secret(office: Office, browser: Browser) -> None:
    add(office, "private", PRIVATE)
    done = login(office, "x:@private", app=PRIVATE)
    assert done.code == 0
    assert PRIVATE["client_secret"].encode() not in said_and_stored(office, done)


def test_a_wrong_secret_is_refused_and_logged(office: Office, browser: Browser) -> None:
    add(office, "private", PRIVATE)
    wrong = secrets.token_hex(16)
    done = login(office, "x:@private", app={**PRIVATE, "client_secret": wrong})
    assert (done.code, done.error["name"]) == (6, "network_refused")
    assert wrong.encode() not in said_and_stored(office, done)
    entries = office.cli("audit", "list", "--action", "account.login", "--json").document["entries"]
    assert [one["outcome"] for one in entries] == ["network_refused", "intent"]


def test_a_person_who_says_no_is_believed(office: Office, newcomer: dict[str, Any], browser: Browser) -> None:
    def deny(url: str) -> str:
        asked = parse_qs(urlsplit(url).query)
        return f"{asked['redirect_uri'][0]}?error=access_denied&state={asked['state'][0]}"

    browser.change = deny
    done = login(office, "x:@newcomer")
    assert (done.code, "did not allow" in done.error["message"]) == (6, True)


def test_nobody_coming_back_ends_in_time_and_gives_the_port_back(
    office: Office, newcomer: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webbrowser.open", lambda url: True)
    monkeypatch.setattr(loopback, "LIMIT", 0.2)
    done = login(office, "x:@newcomer")
    assert (done.code, done.error["name"]) == (1, "login_timed_out")


def test_a_taken_port_is_an_error_before_anybody_is_asked(
    office: Office, newcomer: dict[str, Any], browser: Browser
) -> None:
    with loopback.Listener.open() as taken:
        done = office.cli(
            "account", "login", "x", "--client-id", "public-client-4711", "--base-url", office.sandbox.x,
            "--port", str(taken.port), "--json", DISPLAY=":0",
        )  # fmt: skip
    assert (done.code, str(taken.port) in done.error["message"]) == (1, True)
    assert browser.visited == []


def scripted(office: Office, app: dict[str, str], answer: Callable[[str], str], tmp_path: Path) -> Done:
    """Run a login in a process without terminal: its keys from a file, the answer on stdin when it asks."""
    keys = tmp_path / "app.json"
    keys.write_text(json.dumps(app))
    process = office.start(
        "account", "login", "x", "x:@newcomer", "--no-browser", "--app", str(keys), "--base-url", office.sandbox.x,
        "--json",
    )  # fmt: skip
    assert process.stderr is not None
    url = ""
    while not url.strip().startswith("http"):
        url = process.stderr.readline()
        assert url, finish(process)
    return finish(process, answer(url.strip()) + "\n")


def test_a_script_pastes_the_address_that_the_browser_came_to(
    office: Office, newcomer: dict[str, Any], tmp_path: Path
) -> None:
    pasted: list[str] = []

    def answer(url: str) -> str:
        pasted.append(consent(url))
        return pasted[0]

    done = scripted(office, {"client_id": PUBLIC["client_id"]}, answer, tmp_path)
    assert shown(done, shapes.LoggedIn).accounts[0].outcome == "added"
    code = parse_qs(urlsplit(pasted[0]).query)["code"][0]
    assert code.encode() not in said_and_stored(office, done)


def test_an_address_of_another_login_is_refused_without_repeating_it(
    office: Office, newcomer: dict[str, Any], tmp_path: Path
) -> None:
    def answer(url: str) -> str:
        came = consent(url)
        return came.replace("state=", "state=X")

    done = scripted(office, {"client_id": PUBLIC["client_id"]}, answer, tmp_path)
    assert (done.code, "not the answer" in done.error["message"]) == (2, True)
    assert "code=" not in done.stdout + done.stderr.partition("\n  http")[0]


def pin_app(office: Office) -> dict[str, str]:
    """Return the keys of an app of OAuth 1.0a that the sandbox knows."""
    app = {"consumer_key": "pin-app-4711", "consumer_secret": secrets.token_hex(16)}
    token = {"access_token": secrets.token_hex(8), "access_token_secret": secrets.token_hex(8)}
    office.sandbox.add_credential("x", "newcomer", {"kind": "oauth1", **app, **token})
    return app


def test_a_pin_makes_oauth1_keys(office: Office, newcomer: dict[str, Any], tmp_path: Path) -> None:
    app = pin_app(office)

    def answer(url: str) -> str:
        match = re.search(r"<code>(\d+)</code>", consent(url))
        assert match is not None
        return match.group(1)

    done = scripted(office, app, answer, tmp_path)
    assert shown(done, shapes.LoggedIn).accounts[0].account == "x:@newcomer"
    assert app["consumer_secret"].encode() not in said_and_stored(office, done)
    assert office.post("By PIN", "x:@newcomer").deliveries[0]["state"] == "sent"


def test_a_wrong_pin_is_refused(office: Office, newcomer: dict[str, Any], tmp_path: Path) -> None:
    app = pin_app(office)
    done = scripted(office, app, lambda url: consent(url) and "0000000", tmp_path)
    assert done.code in (2, 6)
    assert office.cli("account", "show", "x:@newcomer").code == 5


def test_in_a_terminal_the_secret_is_asked_for_and_does_not_show(office: Office) -> None:
    add(office, "newcomer", PRIVATE)
    child = office.terminal(
        "account", "login", "x", "x:@newcomer", "--no-browser", "--client-id", PRIVATE["client_id"], "--base-url",
        office.sandbox.x,
    )  # fmt: skip
    child.expect_exact("Client secret of the app")
    child.sendline(PRIVATE["client_secret"])
    child.expect(r"(http://\S+)\r\n")
    came = consent(str(child.match.group(1)))
    child.expect_exact("Paste the whole address")
    child.sendline(came)
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0, child.before
    assert "Added x:@newcomer" in child.before
    assert parse_qs(urlsplit(came).query)["code"][0] not in child.before
    assert PRIVATE["client_secret"] not in child.before


@pytest.mark.parametrize(
    ("words", "stdin"),
    [
        ((), ""),
        (("--client-id", "a", "--app", "-"), "{}"),
        (("--app", "-"), "no json"),
        (("--app", "-"), '["a"]'),
        (("--app", "-"), '{"client_id": 3}'),
        (("--app", "-"), '{"client_id": "a", "access_token": "b"}'),
        (("--client-id", "a b"), ""),
        (("--client-id", "a", "--redirect-uri", "https://example.org/"), ""),
        (("facebook:@acme", "--client-id", "a"), ""),
    ],
)
def test_what_is_no_app_or_no_way_is_a_usage_error(office: Office, words: tuple[str, ...], stdin: str) -> None:
    done = office.cli("account", "login", "x", *words, "--base-url", office.sandbox.x, "--json", stdin=stdin)
    assert done.code == 2, done
    assert office.sandbox.requests().get("x", {}).get("token", 0) == 0
