"""The watch on another host: keys, archive and a credential of its own that can only read."""

import json
import secrets
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from socialguard.daemon.run import warm
from socialguard.networks import scopes
from tests.office import Office
from tests.people import Colleague, joined
from tests.shapes import ReadingCredential, WatchRun, failed, shown
from tests.watch.world import alerts, happen, ready

X_READS = ("tweet.read", "users.read", "offline.access")
FACEBOOK_READS = ("pages_read_engagement", "pages_read_user_content", "pages_show_list", "read_insights")


def reading(office: Office, name: str, *, may: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """A second credential of an account at the sandbox, which may do that much."""
    network, _, handle = name.partition(":@")
    app = next(
        one["credential"]
        for one in office.seed["accounts"]
        if (one["network"], one["handle"]) == (network, handle)
    )
    made: dict[str, Any]
    if network == "x":
        granted = list(may or X_READS)
        made = {"kind": "oauth2", "client_id": secrets.token_hex(8), "access_token": secrets.token_hex(20)}
        made |= {"scope": granted, **more}
    else:
        granted = list(may or FACEBOOK_READS)
        made = {**app, "page_token": "EAA" + secrets.token_hex(30), **more}
    office.sandbox.add_credential(network, handle, made, scopes=granted)
    return made


def give(host: Office, name: str, credential: dict[str, Any], *words: str) -> Any:
    """Hand a reading credential to a host."""
    return host.cli(
        "watch", "credential", name, "--credential", "-", *words, "--json", stdin=json.dumps(credential)
    )


@pytest.fixture
def host(office: Office, tmp_path: Path) -> Colleague:
    """Another host: a worker that is granted nothing, a directory of its own, the same database."""
    there = joined(office, "Watcher", "worker", tmp_path / "host")
    home = tmp_path / "host" / "workspace"
    home.mkdir(mode=0o700)
    shutil.copy(office.home / "org", home / "org")
    (home / "socialguard.toml").write_text(f'database = "sqlite:///{office.database}"\n', encoding="utf-8")
    return replace(there, seed={**there.seed, "home": str(home)})


def look(host: Office, name: str, **environment: str) -> Any:
    """Look from that host; return what came of it."""
    (row,) = shown(host.cli("watch", "run", name, "--json", **environment), WatchRun).accounts
    assert row.error is None, row.error
    return row


@pytest.mark.parametrize("name", ["x:@acme", "facebook:@acme"])
def test_another_host_finds_what_the_worker_did_and_logged_nowhere(
    office: Office, host: Colleague, name: str
) -> None:
    """It holds no wrap of the credential that publishes, and keeps an archive of its own."""
    done = give(host, name, reading(office, name))
    kept = shown(done, ReadingCredential)
    assert (kept.kept, kept.scopes != []) == (True, True)
    assert office.post("Ours", name).code == 0
    row = look(host, name)
    assert (row.sightings, row.asked) == ([], 1)
    happen(office, name, text="Posted with the worker's token")
    row = look(host, name)
    assert [one.kind for one in row.sightings] == ["post"]
    assert [one.kind for one in alerts(office).alerts] == ["watch.foreign"]
    assert (host.home / "archive" / "MANIFEST.jsonl").exists()
    assert not (office.home / "archive" / "MANIFEST.jsonl").exists()


def test_a_host_that_only_watches_says_which_manifest_it_knows(office: Office, host: Colleague) -> None:
    """No daemon runs there, and a removal waits for its word."""
    with host.entered() as workspace:
        worker = workspace.identity.worker_id
    assert worker not in acknowledged(office)
    host.cli("watch", "run", "x:@acme", "--json")
    assert worker in acknowledged(office)


def test_a_host_whose_timer_sends_says_which_manifest_it_knows(office: Office, host: Colleague) -> None:
    """`queue run` from cron needs no daemon."""
    with host.entered() as workspace:
        worker = workspace.identity.worker_id
    assert host.cli("queue", "run", "--json").code == 0
    assert worker in acknowledged(office)


def test_a_host_without_the_key_of_the_log_says_that_it_signed_nothing(office: Office, host: Colleague) -> None:
    done = host.cli("audit", "checkpoint", "--json")
    assert (done.code, done.document["signed"]) == (0, False)
    assert host.cli("audit", "checkpoint").stdout.startswith("Not signed: ")
    assert office.cli("audit", "checkpoint", "--json").document["signed"] is True


def acknowledged(office: Office) -> set[str]:
    """Return who said that they know a manifest."""
    done = office.cli("audit", "list", "--action", "manifest.acknowledge", "--json")
    return {one["actor"]["id"] for one in done.document["entries"]}


def test_a_daemon_of_another_worker_needs_no_log_key_and_none_runs_for_one_that_was_removed(
    office: Office, host: Colleague
) -> None:
    with host.entered() as workspace:
        warm(workspace)
    assert office.cli("member", "remove", "Watcher", "--reason", "gone", "--json").code in (0, 18)
    error = failed(host.process("daemon", "run", "--json"), 11, "not_allowed")
    assert "no worker of this workspace any more" in error.message


def test_an_archive_that_the_worker_keeps_clean_blinds_nobody_else(office: Office, host: Colleague) -> None:
    """The worker's own watch is told nothing of a post that its backup leaves out."""
    assert give(host, "x:@acme", reading(office, "x:@acme")).code == 0
    ready(office)
    look(host, "x:@acme")
    happen(office, text="Hidden by the worker")
    assert [one.kind for one in look(host, "x:@acme").sightings] == ["post"]


def test_two_watches_do_not_disturb_each_other(office: Office, host: Colleague) -> None:
    """What one has told the other does not tell again, and each goes on where it was."""
    ready(office)
    assert give(host, "x:@acme", reading(office, "x:@acme")).code == 0
    look(host, "x:@acme")
    happen(office, text="One")
    assert len(look(host, "x:@acme").sightings) == 1
    assert look(office, "x:@acme").sightings == []
    happen(office, text="Two")
    assert len(look(office, "x:@acme").sightings) == 1
    assert look(host, "x:@acme").sightings == []
    assert len(alerts(office).alerts) == 1


def test_without_a_credential_of_its_own_the_host_can_look_at_nothing(office: Office, host: Colleague) -> None:
    """The one that publishes is not sealed to it."""
    done = host.cli("watch", "run", "x:@acme", "--json")
    assert done.document["accounts"][0]["error"] is not None


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("x:@acme", (*X_READS, "tweet.write")),
        ("x:@acme", (*X_READS, "something.new")),
        ("facebook:@acme", (*FACEBOOK_READS, "pages_manage_posts")),
    ],
)
def test_a_credential_that_can_write_is_refused(
    office: Office, host: Colleague, name: str, may: tuple[str, ...]
) -> None:
    """So is one with a scope that nobody here knows."""
    done = give(host, name, reading(office, name, may=may))
    assert (done.code, done.error["name"]) == (2, "can_write")
    assert may[-1] in done.error["message"]
    assert not (host.identity / office.home.joinpath("org").read_text().strip() / "readers").exists()


def test_a_credential_that_nothing_tells_of_needs_a_word(office: Office, host: Colleague) -> None:
    """X says nothing of the scopes of an OAuth 2 token; where the document does not either, a person must."""
    credential = reading(office, "x:@acme")
    del credential["scope"]
    done = give(host, "x:@acme", credential)
    assert (done.code, done.error["name"]) == (2, "scopes_unknown")
    assert give(host, "x:@acme", credential, "--unproven").code == 0
    assert look(host, "x:@acme").sightings == []


def test_the_credential_of_another_account_is_refused(office: Office, host: Colleague) -> None:
    """The network says whose it is."""
    assert give(host, "x:@acme", reading(office, "x:@globex")).code == 14


def test_a_reading_credential_is_renewed_before_it_ends_and_forgotten_on_demand(
    office: Office, host: Colleague
) -> None:
    """X's tokens live two hours."""
    soon = (datetime.now(UTC) + timedelta(minutes=2)).isoformat()
    made = reading(office, "x:@acme", refresh_token=secrets.token_hex(20), expires_at=soon)
    assert give(host, "x:@acme", made).code == 0
    assert look(host, "x:@acme").sightings == []
    renewed = host.cli("audit", "list", "--action", "watch.renew", "--json").document["entries"]
    assert sorted(one["outcome"] for one in renewed) == ["intent", "ok"]
    assert look(host, "x:@acme").sightings == []
    done = host.cli("watch", "credential", "x:@acme", "--remove", "--json")
    assert shown(done, ReadingCredential).forgotten
    assert host.cli("watch", "credential", "x:@acme", "--json").code == 2


def test_a_reading_credential_that_somebody_put_there_is_refused(
    office: Office, host: Colleague, tmp_path: Path
) -> None:
    """It is signed with this machine's keys, and no word of it can be read."""
    made = reading(office, "x:@acme")
    assert give(host, "x:@acme", made).code == 0
    (place,) = (host.identity).glob("*/readers/*")
    assert made["access_token"].encode() not in place.read_bytes()
    document = json.loads(place.read_bytes())
    place.write_text(json.dumps({**document, "signature": "A" * 86 + "=="}), encoding="utf-8")
    done = host.cli("watch", "run", "x:@acme", "--json")
    assert "tampered" in json.dumps(done.document) or done.code == 13


@pytest.mark.parametrize("known", [*X_READS, *FACEBOOK_READS, "read"])
def test_what_is_known_to_read_is_no_more(known: str) -> None:
    """Each scope that the networks' documents name for reading."""
    assert scopes.beyond_reading([known]) == ()


@pytest.mark.parametrize(
    "other", ["write", "tweet.write", "dm.read.write", "pages_messaging", "read-write", "READ", ""]
)
def test_everything_else_may_write(other: str) -> None:
    """An unknown scope is no reading scope."""
    assert scopes.beyond_reading([other]) == (other,)


def test_the_key_of_the_log_is_changed_where_it_is(office: Office, host: Colleague, tmp_path: Path) -> None:
    """An owner elsewhere is told so, and nothing is changed."""
    there = joined(office, "Eva", "owner", tmp_path / "eva")
    error = failed(there.cli("vault", "log-key", "--reason", "yearly", "--json"), 2, "log_key_elsewhere")
    assert "on another machine" in error.message
    assert "vault log-key --offer" in error.remedy
    assert office.post("After").code == 0
    assert office.cli("audit", "verify", "--deep", "--json").code == 0
