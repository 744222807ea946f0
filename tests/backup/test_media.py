"""Files of own posts: whole or not there, gone on with where they broke off, and never in the way of the rest."""

import shutil
from collections.abc import Callable
from typing import NamedTuple

import pytest
from sqlalchemy import select

from socialguard.backup import media
from socialguard.store.archive_tables import attachment
from tests.backup.world import back_up, seeded
from tests.office import Office


class Usage(NamedTuple):
    """A disk as `shutil.disk_usage` tells of it."""

    total: int
    used: int
    free: int


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Make a disk of which so many per cent are free."""

    def leave(percent: int) -> None:
        monkeypatch.setattr(
            shutil, "disk_usage", lambda _path: Usage(100 << 30, (100 - percent) << 30, percent << 30)
        )

    return leave


def asked(office: Office) -> int:
    """How many files X was asked for."""
    return office.sandbox.requests().get("x", {}).get("media", 0)


def test_a_file_that_is_gone_is_counted_once_and_not_asked_for_again(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=4, media=3))
    office.sandbox.faults([{"network": "x", "operation": "media", "kind": "status", "code": 404}])
    row = back_up(office)
    assert (row["files_new"], row["files_failed"], row["error"]) == (2, 1, None)
    before = asked(office)
    row = back_up(office)
    assert (row["files_new"], row["files_failed"], asked(office) - before) == (0, 0, 0)


def test_a_file_that_cannot_be_had_now_is_asked_for_by_the_next_run(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=8, media=6))
    office.sandbox.faults([{"network": "x", "operation": "media", "kind": "status", "code": 503, "times": None}])
    row = back_up(office)
    assert (row["files_new"], row["files_failed"], asked(office)) == (0, 3, 3)  # its host is given up for now
    office.sandbox.faults([])
    assert back_up(office)["files_new"] == 6
    assert office.cli("backup", "verify", "--json").document["files"] == 6


def test_files_that_can_never_be_had_keep_no_other_from_being_fetched(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The newest three are too large; a host is left alone after three files, but not after the same ones."""
    seed = seeded(office, posts=6, media=6)
    (past,) = [entry["posts"] for entry in seed["accounts"] if entry.get("posts")]
    for post in past[-3:]:
        post["media"] = [{"bytes": 9_000}]
    office.sandbox.reset(seed)
    monkeypatch.setattr(media, "MAX_BYTES", 5_000)
    runs = [back_up(office) for _ in range(20)]
    assert sum(row["files_new"] for row in runs) == 3
    assert max(row["files_failed"] for row in runs) == 3


def test_a_file_that_broke_off_is_gone_on_with(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=1, media=1))
    office.sandbox.faults([{"network": "x", "operation": "media", "kind": "cut", "bytes": 700}])
    assert back_up(office)["files_failed"] == 1
    (part,) = (office.home / "archive" / "parts").iterdir()
    held = part.read_bytes()
    assert 0 < len(held) <= 700
    assert back_up(office)["files_new"] == 1
    (blob,) = (office.home / "archive" / "blobs").glob("*/*")
    assert blob.read_bytes().startswith(held)
    assert office.cli("backup", "verify", "--json").document["problems"] == []
    assert list((office.home / "archive" / "parts").iterdir()) == []


def test_a_file_whose_address_is_another_meanwhile_begins_anew(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=1, media=1))
    office.sandbox.faults([{"network": "x", "operation": "media", "kind": "cut", "bytes": 700}])
    assert back_up(office)["files_failed"] == 1
    (part,) = (office.home / "archive" / "parts").iterdir()
    part.write_bytes(b"of another file" * 20)
    with office.entered() as workspace, workspace.archive.database.write() as connection:
        (other,) = connection.execute(select(attachment.c.url)).scalars()
        connection.execute(attachment.update().values(url=f"{other}.jpg"))  # the sandbox's answers to that, too
    assert back_up(office)["files_new"] == 1
    (blob,) = (office.home / "archive" / "blobs").glob("*/*")
    assert not blob.read_bytes().startswith(b"of another file")
    assert list((office.home / "archive" / "parts").iterdir()) == []


def test_files_of_other_people_are_not_fetched(office: Office) -> None:
    seed = seeded(office, posts=1)
    for entry in seed["accounts"]:
        if (entry["network"], entry["handle"]) == ("x", "acme"):
            entry["mentions"] = [{"text": "Look @acme", "from": "fan", "media": [{"bytes": 900}]}]
    office.sandbox.reset(seed)
    row = back_up(office)
    assert (row["items_new"], row["files_new"], asked(office)) == (2, 0, 0)
    (item,) = office.cli("backup", "search", "look", "--json").document["items"]
    (file,) = office.cli("backup", "show", item["item"], "--json").document["item"]["files"]
    assert file["url"] is not None
    assert file["sha256"] is None


def test_on_a_disk_that_fills_up_files_wait_first_then_all_of_it_and_posts_go_on(
    office: Office, disk: Callable[[int], None]
) -> None:
    office.sandbox.reset(seeded(office, posts=120, media=2))
    disk(4)
    row = back_up(office)
    assert (row["items_new"], row["files_new"], row["files_wait"], row["error"]) == (120, 0, True, None)
    office.sandbox.foreign({"network": "x", "account": "acme", "text": "One more"})
    disk(2)
    row = back_up(office, code=1)
    assert (row["items_new"], row["error"]["name"]) == (0, "disk_low")
    passed = ("--override", "affinity", "--reason", "unlike the many seeded posts, on purpose")
    assert office.cli(*office.post_words("Still here", "x:@acme"), *passed).code == 0
    disk(50)
    row = back_up(office)
    assert (row["items_total"], row["files_new"], row["files_wait"], row["gaps_open"]) == (122, 2, False, 0)
