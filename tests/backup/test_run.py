"""`backup run`: what is new comes in, once, and what is known is not fetched again."""

from tests.backup.world import item_ids, seeded
from tests.office import Office


def test_a_backup_brings_everything_and_the_next_one_nothing(office: Office) -> None:
    office.sandbox.reset(seeded(office, posts=150, mentions=30))
    done = office.cli("backup", "run", "x:@acme", "--json")
    assert done.code == 0, done
    (row,) = done.document["accounts"]
    assert (row["items_new"], row["items_total"], row["gaps_open"], row["error"]) == (180, 180, 0, None)
    (again,) = office.cli("backup", "run", "x:@acme", "--json").document["accounts"]
    assert (again["items_new"], again["items_total"]) == (0, 180)
    assert sorted(item_ids(office)) == sorted(set(item_ids(office)))
    assert office.cli("backup", "verify", "--json").document["status"] == "whole"
    rebuilt = office.cli("backup", "rebuild", "--json").document
    assert rebuilt["before"] == rebuilt["after"]
