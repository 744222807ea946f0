"""`account login facebook`: one login, the Pages that are picked, each with a token of its own."""

import json
import secrets
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pexpect
import pytest

from socialguard.cli.commands.login import numbers
from tests.cli import shapes
from tests.cli.browsing import Browser, browser, consent, said_and_stored
from tests.cli.shapes import shown
from tests.office import Done, Office, office

__all__ = ["browser", "office"]

APP = {"app_id": "4711471147114711", "app_secret": secrets.token_hex(16)}
OWNER = "900471100000001"
PAGES = ("paris", "lyon", "nantes")


@pytest.fixture
def pages(office: Office) -> list[dict[str, Any]]:
    """Three Pages of one person, who lets one app manage them."""
    entries = []
    for handle in PAGES:
        entry = {
            "network": "facebook",
            "handle": handle,
            "user_id": str(10**15 + secrets.randbelow(10**15)),
            "display_name": f"Ville de {handle.title()}",
            "owner_id": OWNER,
            "credential": {"kind": "page", "page_token": "EAA" + secrets.token_hex(20), **APP},
        }
        office.sandbox.add_account(entry)
        entries.append(entry)
    return entries


def login(office: Office, *words: str, app: dict[str, str] = APP) -> Done:
    """Log in with a browser on this screen."""
    where = ("--base-url", office.sandbox.facebook, "--port", "0", "--app", "-", "--json")
    return office.cli("account", "login", "facebook", *words, *where, stdin=json.dumps(app), DISPLAY=":0")


def test_named_pages_are_added_and_can_post(office: Office, pages: list[dict[str, Any]], browser: Browser) -> None:
    done = login(office, "--pages", "--page", "paris", "--page", "facebook:@lyon", "--client", "Villes")
    rows = shown(done, shapes.LoggedIn).accounts
    assert [(row.account, row.outcome) for row in rows] == [
        ("facebook:@paris", "added"),
        ("facebook:@lyon", "added"),
    ]
    listed = shown(office.cli("account", "list", "--json"), shapes.Accounts).accounts
    assert {one.account for one in listed if one.client == "Villes"} == {"facebook:@paris", "facebook:@lyon"}
    assert office.post("Bonjour Lyon", "facebook:@lyon").deliveries[0]["state"] == "sent"
    assert "Bonjour Lyon" in office.published("facebook", "lyon")


def test_no_code_token_or_secret_is_said_or_stored(
    office: Office, pages: list[dict[str, Any]], browser: Browser
) -> None:
    done = login(office, "--page", "paris", "--debug")
    assert done.code == 0
    browser.join()
    code = parse_qs(urlsplit(browser.visited[-1]).query)["code"][0]
    left = said_and_stored(office, done)
    held = [entry["credential"]["page_token"] for entry in pages]
    assert not any(value.encode() in left for value in (code, APP["app_secret"], *held))


def test_without_a_name_and_without_a_terminal_the_pages_are_listed_and_none_is_taken(
    office: Office, pages: list[dict[str, Any]], browser: Browser
) -> None:
    for words in ([], ["--pages"]):
        done = login(office, *words)
        assert done.code == 2
        assert all(f"--page {name}" in done.error["remedy"] for name in PAGES)
    listed = shown(office.cli("account", "list", "--json"), shapes.Accounts).accounts
    assert not {one.handle for one in listed} & set(PAGES)


def test_a_page_that_the_login_does_not_allow_is_not_found(
    office: Office, pages: list[dict[str, Any]], browser: Browser
) -> None:
    done = login(office, "--page", "globex")
    assert (done.code, "--page paris" in done.error["remedy"]) == (5, True)


def test_what_fails_for_one_page_leaves_the_others(
    office: Office, pages: list[dict[str, Any]], browser: Browser
) -> None:
    assert login(office, "--page", "paris").code == 0
    done = login(office, "--page", "paris", "--page", "lyon")
    rows = shapes.LoggedIn.model_validate(done.document).accounts
    assert [row.outcome for row in rows] == ["failed", "added"]
    assert done.code == 2
    assert rows[0].error is not None
    assert "--rotate" in rows[0].error.remedy
    again = shown(login(office, "--page", "paris", "--page", "nantes", "--rotate"), shapes.LoggedIn).accounts
    assert [(row.outcome, row.generation) for row in again] == [("rotated", 2), ("added", 1)]


def test_a_wrong_secret_of_the_app_is_refused(
    office: Office, pages: list[dict[str, Any]], browser: Browser
) -> None:
    wrong = secrets.token_hex(16)
    done = login(office, "--page", "paris", app={**APP, "app_secret": wrong})
    assert done.code == 6
    assert wrong.encode() not in said_and_stored(office, done)


def test_a_script_without_the_secret_is_told_where_it_goes(office: Office) -> None:
    done = office.cli("account", "login", "facebook", "--client-id", "4711", "--page", "paris", "--json")
    assert (done.code, "--app -" in done.error["remedy"]) == (2, True)


def test_in_a_terminal_the_person_types_numbers(office: Office, pages: list[dict[str, Any]]) -> None:
    child = office.terminal(
        "account", "login", "facebook", "--pages", "--no-browser", "--client-id", APP["app_id"], "--base-url",
        office.sandbox.facebook,
    )  # fmt: skip
    child.expect_exact("Secret of the app:")
    child.sendline(APP["app_secret"])
    child.expect(r"(http://\S+)\r\n")
    came = consent(str(child.match.group(1)))
    child.expect_exact("Paste the whole address")
    child.sendline(came)
    child.expect(r"(\d+)  @paris")
    paris = int(str(child.match.group(1)))
    child.expect_exact("Enter stops:")
    child.sendline("9")
    child.expect_exact("These are not numbers of the list.")
    child.expect_exact("Enter stops:")
    child.sendline(f"{paris} {paris + 1}")
    child.expect(pexpect.EOF)
    child.wait()
    assert child.exitstatus == 0, child.before
    assert child.before.count("Added facebook:@") == 2
    listed = shown(office.cli("account", "list", "--json"), shapes.Accounts).accounts
    assert len({one.handle for one in listed} & set(PAGES)) == 2


def test_enter_adds_nothing(office: Office, pages: list[dict[str, Any]]) -> None:
    child = office.terminal(
        "account", "login", "facebook", "--no-browser", "--client-id", APP["app_id"], "--base-url",
        office.sandbox.facebook,
    )  # fmt: skip
    child.expect_exact("Secret of the app:")
    child.sendline(APP["app_secret"])
    child.expect(r"(http://\S+)\r\n")
    came = consent(str(child.match.group(1)))
    child.expect_exact("Paste the whole address")
    child.sendline(came)
    child.expect_exact("Enter stops:")
    child.sendline("")
    child.expect(pexpect.EOF)
    child.wait()
    assert (child.exitstatus, "Nothing was added" in child.before) == (3, True)


@pytest.mark.parametrize(
    ("typed", "places"),
    [
        ("1", [1]),
        ("1 3", [1, 3]),
        ("1,3", [1, 3]),
        ("2-4 3", [2, 3, 4]),
        ("0", []),
        ("5", []),
        ("3-2", []),
        ("-1", []),
        ("1-", []),
        ("all", []),
        ("²", []),
        ("1 x", []),
        ("99999999", []),
        (",", []),
    ],
)
def test_numbers_are_numbers_of_the_list_or_nothing(typed: str, places: list[int]) -> None:
    assert numbers(typed, 4) == places
