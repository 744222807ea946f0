"""A workspace whose database is PostgreSQL: the same commands, from the founding to the proof of the log."""

from pathlib import Path

import pytest

from tests.office import Office, found, headquarters
from tests.people import apply_policy, joined, waiting


@pytest.fixture
def office(tmp_path: Path, postgresql_url: str) -> Office:
    """A founded office that keeps its books in PostgreSQL."""
    base = headquarters()
    base.sandbox.reset(base.seed)
    home = tmp_path / "office" / "workspace"
    home.mkdir(mode=0o700, parents=True)
    (home / "socialguard.toml").write_text(f'database = "{postgresql_url}"\n', encoding="utf-8")
    return found(tmp_path / "office", base.sandbox, base.seed)


def test_a_day_of_work_on_postgresql(office: Office, tmp_path: Path) -> None:
    """Two people, four eyes, a scheduled post, a freeze, a backup: each as on SQLite, and the log is whole."""
    assert not office.database.exists()
    jonas = joined(office, "Jonas", "publisher", tmp_path / "jonas", grants=("x:@acme",))
    assert jonas.post("From Jonas").deliveries[0]["state"] == "queued"
    assert office.post("From Marie", "facebook:@acme").deliveries[0]["state"] == "sent"
    words = ("--to", "x:@globex", "--confirm", "x:@globex", "--at", "in 1 hour", "--json")
    assert office.cli("post", "Later", *words).code == 0
    apply_policy(office, '[account."x:@globex"]\napprovals = 1\n')
    assert office.cli("freeze", "x:@acme", "--reason", "odd", "--json").code == 0
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+1m").code == 11
    assert office.cli("thaw", "x:@acme", "--confirm", "x:@acme", "--reason", "fine", "--json").code == 0
    assert office.cli("queue", "run", "--json", SOCIALGUARD_CLOCK="+2m").code == 0
    assert sorted(office.published()) == ["From Jonas", "From Marie"]
    delivery = waiting(office, "Four eyes", "x:@globex")
    assert office.cli("approve", delivery, "--reason", "mine", "--json").code == 11
    assert office.cli("backup", "run", "--max-cost", "20", "--json").code == 0
    assert office.cli("status", "--json").code == 0
    done = office.cli("audit", "verify", "--deep", "--json")
    assert (done.code, done.document["problems"]) == (0, [])


def test_the_kit_brings_a_workspace_on_postgresql_back(office: Office, tmp_path: Path) -> None:
    """All keys of this machine are lost; the database stands."""
    kit = tmp_path / "kit.txt"
    assert office.cli("vault", "recovery", "new", "--out", str(kit), "--json").code == 0
    assert office.post("Before").code == 0
    office.identity.rename(tmp_path / "lost")
    office.identity.mkdir(mode=0o700)
    words = ("--key-file", str(tmp_path / "kek2"), "--reason", "laptop stolen", "--confirm", "Marie", "--json")
    done = office.cli("vault", "recovery", "restore", str(kit), *words)
    assert done.code == 0, done
    assert office.post("Frozen").code == 11
    assert office.cli("thaw", "--all", "--confirm", "all", "--reason", "looked through", "--json").code == 0
    assert office.cli("audit", "verify", "--deep", "--json").code == 0
    assert office.published() == ["Before"]
