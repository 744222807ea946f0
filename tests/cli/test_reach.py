"""The checks that need more than a text, through the whole program: files, archive, queue, servers, crisis."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from PIL import Image

from tests.office import Office
from tests.office import office as office
from tests.wrong_account.firm import apply_policy

CONFIRM = ("--confirm", "x:@acme", "--json")


def findings(office: Office, *words: str, to: str = "x:@acme") -> dict[str, str]:
    """Return what a dry run says: severity by check."""
    done = office.cli("post", *words, "--to", to, "--confirm", to, "--dry-run", "--json")
    assert done.document.get("findings") is not None, done
    return {one["check"]: one["severity"] for one in done.document["findings"]}


def photo(path: Path) -> Path:
    exif = Image.Exif()
    exif[0x010F] = "Leica of Marie"
    exif.get_ifd(0x8825)[1] = "N"
    Image.new("RGB", (64, 200), (9, 9, 9)).save(path, exif=exif, format="JPEG")
    return path


def test_a_photo_of_a_phone_is_sent_clean_and_the_person_is_told(office: Office, tmp_path: Path) -> None:
    path = photo(tmp_path / "lake.png")
    found = findings(office, "The lake", "--media", str(path), "--alt", "A lake")
    assert found == {"metadata": "note", "crop": "note", "filetype": "warn"}


def test_a_crisis_holds_a_new_post_until_a_reason_is_given(office: Office) -> None:
    office.cli("crisis", "on", "client:acme", "--reason", "earthquake")
    assert findings(office, "Sale!") == {"crisis": "hold"}
    assert findings(office, "Sale!", to="x:@globex") == {}
    held = office.post("We are with you")
    assert held.code == 11
    passed = office.cli(*office.post_words("We are with you"), "--override", "crisis", "--reason", "about it")
    assert passed.code == 0, passed
    assert office.published() == ["We are with you"]


def test_what_a_crisis_holds_is_released_while_it_lasts_with_a_reason(office: Office) -> None:
    apply_policy(office, "[defaults]\ngrace = 0\n")  # nobody waits here to take it back
    words = ("post", "We are open", "--to", "x:@acme", "--at", "in 1 hour")
    held = office.cli(*words, *CONFIRM).deliveries[0]["id"]
    office.cli("crisis", "on", "--reason", "earthquake")
    assert office.cli("queue", "release", held, "--now", *CONFIRM).code == 11
    reason = ("--override", "crisis", "--reason", "we are")
    assert office.cli("queue", "release", held, "--now", *reason, *CONFIRM).code == 0
    assert office.published() == ["We are open"]


def test_an_account_whose_policy_does_not_heed_a_crisis_goes_on(office: Office) -> None:
    apply_policy(office, '[account."x:@acme".checks]\ncrisis = "off"\n')
    words = ("post", "Road closed", "--to", "x:@acme", "--at", "in 1 hour")
    office.cli(*words, *CONFIRM)
    begun = office.cli("crisis", "on", "--reason", "earthquake", "--json").document
    assert begun["held"] == 0
    assert findings(office, "Road open") == {}
    office.cli("queue", "run", SOCIALGUARD_CLOCK="+3605s")
    assert office.published() == ["Road closed"]


def test_the_same_text_on_two_accounts_of_x_is_warned_of_also_in_one_command(office: Office) -> None:
    text = "Our Christmas market opens at ten"
    both = ("post", text, "--to", "x:@acme", "--to", "x:@globex", "--confirm", "x:@acme", "--confirm", "x:@globex")
    done = office.cli(*both, "--dry-run", "--json")
    assert [one["check"] for one in done.document["findings"]] == ["copies", "copies"]
    office.post(text)
    assert findings(office, text, to="x:@globex") == {"copies": "warn"}
    assert findings(office, text, to="facebook:@globex") == {}


def test_a_scheduled_post_beside_a_queued_one_is_warned_of(office: Office) -> None:
    office.cli("post", "One", "--to", "x:@acme", "--at", "in 3 hours", *CONFIRM)
    assert findings(office, "Two", "--at", "in 3 hours") == {"spacing": "warn"}
    assert findings(office, "Two", "--at", "in 4 hours") == {}


def test_the_price_of_a_link_is_noted_on_x_and_not_on_facebook(office: Office) -> None:
    assert findings(office, "See acme.com") == {"link_price": "note"}
    assert findings(office, "See acme.com", to="facebook:@acme") == {}


def test_what_the_archive_holds_counts_as_said(office: Office) -> None:
    office.sandbox.foreign({"network": "x", "account": "acme", "text": "Our Christmas market opens at ten"})
    office.cli("backup", "run", "x:@acme")
    assert findings(office, "Our Christmas market opens at ten!") == {"near_duplicate": "warn"}
    assert findings(office, "Our Christmas market opens at ten") == {"duplicate": "hold"}


@pytest.mark.parametrize("url", ["http://127.0.0.1:80/", "http://localhost/", "http://10.0.0.1/", "http://[::1]/"])
def test_a_link_to_this_machine_or_a_private_one_is_never_asked_for(office: Office, url: str) -> None:
    assert "unreachable" not in findings(office, f"See {url}", "--link", url)
    apply_policy(office, '[defaults.checks]\nunreachable = "warn"\n')
    found = office.cli("post", "See", "--link", url, "--to", "x:@acme", "--dry-run", *CONFIRM).document["findings"]
    (said,) = [one for one in found if one["check"] == "unreachable"]
    assert "not of the public internet" in said["message"]


def test_an_embargo_holds_what_was_queued_before_it_unless_a_person_passed_it(office: Office) -> None:
    always = '[defaults.checks.embargo]\nwindows = ["2020-01-01/2099-12-31 before the results"]\n'
    office.cli("post", "Early", "--to", "x:@acme", "--at", "in 1 hour", *CONFIRM)
    apply_policy(office, always)
    assert findings(office, "Late") == {"embargo": "hold"}
    passing = ("--override", "embargo", "--reason", "agreed")
    office.cli("post", "Agreed", "--to", "x:@acme", "--at", "in 1 hour", *passing, *CONFIRM)
    office.cli("queue", "run", SOCIALGUARD_CLOCK="+3605s")
    assert office.published() == ["Agreed"]
    (held,) = office.queue("held")
    alerts = office.cli("alerts", "list", "--json").document["alerts"]
    assert [(one["kind"], one["delivery"]) for one in alerts] == [("embargoed", held["id"])]


def test_an_embargo_that_only_warns_holds_nothing(office: Office) -> None:
    office.cli("post", "Early", "--to", "x:@acme", "--at", "in 1 hour", *CONFIRM)
    apply_policy(office, '[defaults.checks.embargo]\nlevel = "warn"\nwindows = ["2020-01-01/2099-12-31"]\n')
    assert findings(office, "Late") == {"embargo": "warn"}
    office.cli("queue", "run", SOCIALGUARD_CLOCK="+3605s")
    assert office.published() == ["Early"]


def test_the_links_of_a_calendar_are_looked_up_where_policy_wants_it(office: Office) -> None:
    path = office.base / "calendar.csv"
    day = datetime.now(UTC).date() + timedelta(days=40)
    rows = [
        "account,when,text,link",
        *(f"x:@acme,{day} {n}:00,Post {n},http://127.0.0.1/{n}" for n in (1, 2)),
    ]
    path.write_text("\n".join(rows), encoding="utf-8")

    def told() -> list[tuple[int, str]]:
        done = office.cli("plan", "import", str(path), "--dry-run", "--json")
        return [(one["line"], one["check"]) for one in done.document["findings"] if one["check"] == "unreachable"]

    assert told() == []
    apply_policy(office, '[defaults.checks]\nunreachable = "warn"\n')
    assert told() == [(2, "unreachable"), (3, "unreachable")]


def test_a_handle_that_nobody_has_is_told_of_where_policy_wants_it(office: Office) -> None:
    text = "Thank you @globex and @nobody_here_1, from @acme"
    assert "missing_handle" not in findings(office, text)
    apply_policy(office, '[defaults.checks]\nmissing_handle = "hold"\n')
    done = office.cli("check", text, "--to", "x:@acme", "--json")
    said = [one for one in done.document["findings"] if one["check"] == "missing_handle"]
    assert [(one["message"], one["severity"]) for one in said] == [
        ("nobody has the handle @nobody_here_1", "hold")
    ]
    assert "missing_handle" not in findings(office, text, to="facebook:@acme")


def test_looking_up_a_handle_is_logged_and_booked(office: Office) -> None:
    office.sandbox.add_account(
        {"network": "x", "handle": "partner", "user_id": "4242", "display_name": "Partner", "posts": []}
    )
    apply_policy(office, '[defaults.checks]\nmissing_handle = "warn"\n')
    before = _booked(office)
    assert "missing_handle" not in findings(office, "Thank you @Partner")
    entries = office.cli("audit", "list", "--action", "handles.read", "--json").document["entries"]
    assert sorted(one["outcome"] for one in entries) == ["intent", "ok"]
    assert _booked(office) - before == office.sandbox.costs()[-1]["micros"] > 0


def _booked(office: Office) -> int:
    micros: int = office.cli("costs", "--json").document["total"]["amount_micros"]
    return micros


def test_a_handle_that_could_not_be_looked_up_is_noted_and_stops_nothing(office: Office) -> None:
    apply_policy(office, '[defaults.checks]\nmissing_handle = "warn"\n')
    office.sandbox.faults([{"network": "x", "operation": "identity", "kind": "status", "code": 429, "times": 1}])
    done = office.cli("check", "Thank you @someone_else", "--to", "x:@acme", "--json")
    (said,) = [one for one in done.document["findings"] if one["check"] == "missing_handle"]
    assert "could not be looked up" in said["message"]
    assert done.code == 0


def test_what_was_cancelled_or_failed_on_another_account_is_no_copy(office: Office) -> None:
    text = "Our Christmas market opens at ten"
    words = ("post", text, "--to", "x:@acme", "--at", "in 1 hour", "--json")
    delivery = office.cli(*words, *CONFIRM).deliveries[0]["id"]
    assert findings(office, text, to="x:@globex") == {"copies": "warn"}
    assert office.cli("queue", "cancel", delivery, "--reason", "another day", "--json").code == 0
    assert findings(office, text, to="x:@globex") == {}
