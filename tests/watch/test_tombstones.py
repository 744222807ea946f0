"""A deletion is known only after two looks, a day apart, each with another post that is shown."""

import pytest

from tests.cli import shapes
from tests.cli.shapes import shown as shown_item
from tests.office import Office
from tests.watch.world import happen, ready, watch

BOTH = pytest.mark.parametrize("name", ["x:@acme", "facebook:@acme"])
SOON, LATER, LATEST = "+23h", "+25h", "+50h"


def posted(office: Office, name: str, count: int = 3) -> list[str]:
    """Publish some posts and keep them; return their ids."""
    ready(office, name)
    ids = [str(office.post(f"Post {number}", name).deliveries[0]["network_id"]) for number in range(count)]
    assert watch(office, name).sightings == 0
    return ids


def item(office: Office, name: str, network_id: str) -> shapes.WholeItem:
    """One item as the archive shows it."""
    return shown_item(office.cli("backup", "show", f"{name}/{network_id}", "--json"), shapes.OneItem).item


def buried(office: Office, name: str, at: str = "+0s") -> list[str]:
    """Look once; return the posts that got a tombstone."""
    (row,) = watch(office, name, SOCIALGUARD_CLOCK=at).accounts
    assert row.error is None, row.error
    return row.buried


@BOTH
def test_a_post_has_a_tombstone_after_the_second_look_a_day_later(office: Office, name: str) -> None:
    """The first look suspects, one too soon says nothing more, and what was kept stays to be read."""
    gone = posted(office, name)[0]
    happen(office, name, kind="delete", id=gone)
    assert watch(office, name).sightings == 1
    assert buried(office, name, SOON) == []
    assert not item(office, name, gone).deleted
    assert buried(office, name, LATER) == [gone]
    found = item(office, name, gone)
    assert (found.deleted, found.deleted_why, found.text) == (True, "gone", "Post 0")
    assert found.deleted_at is not None
    assert buried(office, name, LATEST) == []
    assert "deleted" in office.cli("backup", "search", "Post").stdout


@BOTH
def test_what_is_shown_again_is_no_deletion_and_can_be_suspected_again(office: Office, name: str) -> None:
    """A post that was hidden for an hour keeps no stain."""
    gone = posted(office, name)[0]
    happen(office, name, kind="delete", id=gone)
    assert watch(office, name).sightings == 1
    happen(office, name, kind="undelete", id=gone)
    (row,) = watch(office, name, SOCIALGUARD_CLOCK=LATER).accounts
    assert (row.buried, row.returned) == ([], [gone])
    happen(office, name, kind="delete", id=gone)
    assert watch(office, name, SOCIALGUARD_CLOCK=LATEST).sightings == 1
    assert not item(office, name, gone).deleted


def test_without_another_post_that_is_shown_nothing_is_buried(office: Office) -> None:
    """Where the network shows nothing at all, it may be the network."""
    first, *rest = posted(office, "x:@acme")
    happen(office, kind="delete", id=first)
    assert watch(office, "x:@acme").sightings == 1
    for one in rest:
        happen(office, kind="delete", id=one)
    done = office.cli("watch", "run", "x:@acme", "--json", SOCIALGUARD_CLOCK=LATER)
    assert done.document["accounts"][0]["error"]["name"] == "none_shown"
    assert done.document["accounts"][0]["buried"] == []
    assert not item(office, "x:@acme", first).deleted


def test_what_we_deleted_ourselves_needs_no_second_look(office: Office) -> None:
    """The network confirmed it."""
    ready(office)
    first = office.post("One").deliveries[0]
    office.post("Two")
    assert watch(office, "x:@acme").sightings == 0
    assert office.cli("delete", str(first["id"]), "--confirm", "x:@acme", "--json").code == 0
    assert buried(office, "x:@acme") == [first["network_id"]]
    assert item(office, "x:@acme", str(first["network_id"])).deleted_why == "by_us"


def test_an_index_made_anew_knows_the_tombstones(office: Office) -> None:
    """They stand in the segments."""
    gone = posted(office, "x:@acme")[0]
    happen(office, kind="delete", id=gone)
    watch(office, "x:@acme")
    assert buried(office, "x:@acme", LATER) == [gone]
    done = office.cli("backup", "rebuild", "--json")
    assert done.document["before"] == done.document["after"]
    assert item(office, "x:@acme", gone).deleted_why == "gone"
