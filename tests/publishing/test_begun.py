"""A sender that was killed: what provably sent nothing goes out by itself, and nothing else is sent again."""

import signal
from pathlib import Path

import pytest

from socialguard.publishing import crash
from tests.attacker import sql
from tests.office import Office

TEXT = "Once"


def _killed(office: Office, point: str, account: str = "x:@acme") -> None:
    office.sandbox.settings(refuse_duplicates=False)
    done = office.process(*office.post_words(TEXT, account), **{crash.VARIABLE: point})
    assert done.code == -signal.SIGKILL


def _notes(office: Office) -> Path:
    (pins,) = office.identity.rglob("pins")
    return pins.parent / "begun"


def _attempt(office: Office) -> str:
    (row,) = sql(office, "select attempt_id from delivery")
    return str(row[0])


@pytest.mark.parametrize("account", ["x:@acme", "facebook:@acme"])
@pytest.mark.parametrize("point", ["after_claim", "after_pin", "before_publish"])
def test_what_provably_sent_nothing_goes_out_with_the_next_run(office: Office, account: str, point: str) -> None:
    _killed(office, point, account)
    done = office.cli("queue", "run", "--json")
    assert (done.code, [one["state"] for one in done.deliveries]) == (0, ["sent"]), done
    assert office.published() == [TEXT]
    assert office.cli("audit", "verify", "--json").code == 0


def test_what_may_have_begun_is_looked_for_and_not_sent(office: Office) -> None:
    _killed(office, "before_publish")
    notes = _notes(office)
    notes.mkdir(exist_ok=True)
    (notes / _attempt(office)).touch()
    done = office.cli("queue", "run", "--json")
    assert (done.code, [one["state"] for one in done.deliveries]) == (12, ["unknown"]), done
    assert office.published() == []


def test_after_another_boot_a_missing_note_proves_nothing(office: Office) -> None:
    _killed(office, "before_publish")
    sql(office, "update attempt set boot_id = '00000000-0000-0000-0000-000000000000'")
    done = office.cli("queue", "run", "--json")
    assert (done.code, [one["state"] for one in done.deliveries]) == (12, ["unknown"]), done
    assert office.published() == []


def test_in_another_space_of_pids_nobody_is_provably_dead(office: Office) -> None:
    _killed(office, "before_publish")
    sql(office, "update attempt set boot_id = substr(boot_id, 1, 36) || '/1'")
    done = office.cli("queue", "run", "--json")
    assert done.deliveries == []
    assert [one["state"] for one in office.queue()] == ["sending"]
    assert office.published() == []


def test_a_post_that_was_sent_is_not_opened_again_by_a_row_that_says_sending(office: Office) -> None:
    assert office.post(TEXT).code == 0
    assert office.published() == [TEXT]
    assert not list(_notes(office).iterdir()), "a note is forgotten when the outcome is recorded"
    sql(office, "delete from receipt")
    sql(office, "update delivery set state = 'sending'")
    sql(office, "update attempt set pid = 999999, outcome = null, finished_at = null")
    for _ in range(2):
        office.cli("queue", "run", "--json")
    assert office.published() == [TEXT]
    assert [one["state"] for one in office.queue()] != ["queued"]


def test_a_page_post_that_was_never_made_is_tried_three_times(office: Office) -> None:
    fault = {
        "network": "facebook",
        "operation": "publish",
        "kind": "status",
        "code": 500,
        "body": "{}",
        "times": 9,
    }
    office.sandbox.faults([fault])
    assert office.post(TEXT, "facebook:@acme").code == 12
    assert [one["state"] for one in office.queue()] == ["unknown"]
    office.cli("queue", "run", "--json")
    assert [one["state"] for one in office.queue()] == ["queued"], "not again at once"
    later = {"SOCIALGUARD_CLOCK": "+31s"}
    office.cli("queue", "run", "--json", **later)
    done = office.cli("queue", "run", "--json", **later)
    assert [one["state"] for one in office.queue()] == ["failed"], done
    requests = office.sandbox.requests()["facebook"]["publish"]
    assert requests == 3
    assert office.published() == []
