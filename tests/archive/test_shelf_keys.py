"""The keys of what others wrote, in a workspace: who can open them, what an attacker on the database can do, and
how a month is destroyed by command."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from socialguard import errors
from socialguard.archive.archive import Archive
from socialguard.model.activity import Stream
from tests.archive.test_sealing import found_in
from tests.archive.world import Network, back_up, ids, item
from tests.cli import shapes
from tests.cli.shapes import shown
from tests.office import Office, office  # noqa: F401
from tests.people import joined

WORDS = "quixotic marmalade"


def fill(archive: Archive, account: str, first: int, words: str = WORDS) -> None:
    """Keep an own post, and what another person wrote in February, and close it."""
    network = Network()
    network.post(first - 1)
    network.items += [
        item(first, "Ours"),
        item(first + 1, words, own=False, author_id="7", created_at=datetime(2026, 2, 3, tzinfo=UTC)),
    ]
    back_up(archive, network, Stream.POSTS, account)
    archive.close_pages()


def account_of(office: Office) -> str:  # noqa: F811
    """The id of x:@acme."""
    with office.entered() as workspace:
        return next(one.id for one in workspace.accounts() if str(one) == "x:@acme")


@pytest.fixture
def account(office: Office) -> str:  # noqa: F811
    """An account with two items."""
    found = account_of(office)
    with office.entered() as workspace:
        fill(workspace.archive, found, 1)
    return found


def rows(office: Office, query: str) -> list[tuple[object, ...]]:  # noqa: F811
    """What the database holds."""
    with closing(sqlite3.connect(office.database)) as connection, connection:
        return connection.execute(query).fetchall()


def attack(office: Office, *statements: str) -> None:  # noqa: F811
    """Write into the database as somebody who has no key."""
    with closing(sqlite3.connect(office.database)) as connection, connection:
        for statement in statements:
            connection.execute(statement)


def problems(office: Office) -> list[str]:  # noqa: F811
    """What a verification says."""
    return [one["what"] for one in office.cli("backup", "verify", "--json").document["problems"]]


def test_an_index_is_made_anew_with_the_keys_of_the_database(office: Office, account: str) -> None:  # noqa: F811
    """The worker opens what it sealed, and an owner could, too."""
    done = shown(office.cli("backup", "rebuild", "--json"), shapes.ArchiveRebuilt)
    assert done.before == done.after
    verified = shown(office.cli("backup", "verify", "--json"), shapes.ArchiveVerified)
    assert (verified.unopened, verified.plain, verified.destroyed) == (0, 0, [])
    assert found_in(office.home / "archive", b"marmalade") == []


def test_a_month_is_destroyed_by_command_and_no_byte_of_it_is_left(office: Office, account: str) -> None:  # noqa: F811
    """Also in the write-ahead logs and free pages of both databases."""
    ((sealed,),) = rows(office, "select sealed from shelf_key")
    assert isinstance(sealed, bytes)
    refused = office.cli("backup", "shred", "x:@acme", "--month", "2026-02", "--reason", "asked by M.", "--json")
    assert (refused.code, refused.error["needs"]) == (10, ["x:@acme"])
    words = ("--month", "2026-02", "--reason", "asked by M.", "--confirm", "x:@acme", "--json")
    done = shown(office.cli("backup", "shred", "x:@acme", *words), shapes.MonthDestroyed)
    assert (done.items, done.copies) == (1, [])
    assert found_in(office.home, b"marmalade", sealed) == []
    verified = shown(office.cli("backup", "verify", "--json"), shapes.ArchiveVerified)
    assert [(one.account, one.month) for one in verified.destroyed] == [("x:@acme", "2026-02")]
    assert "was destroyed" in office.cli("backup", "verify").stdout
    rebuilt = shown(office.cli("backup", "rebuild", "--json"), shapes.ArchiveRebuilt)
    assert rebuilt.before == rebuilt.after
    logged = office.cli("audit", "list", "--action", "archive.shred", "--json").document["entries"]
    assert sorted(one["outcome"] for one in logged) == ["intent", "ok"]


def test_a_person_types_account_and_month_before_anything_is_destroyed(office: Office, account: str) -> None:  # noqa: F811
    """Enter stops."""
    child = office.terminal("backup", "shred", "x:@acme", "--month", "2026-02", "--reason", "asked")
    child.expect("Nothing brings it back")
    child.expect("Type x:@acme 2026-02")
    child.sendline("")
    child.expect("Nothing was destroyed")
    child.wait()
    assert len(rows(office, "select 1 from shelf_key")) == 1


def test_a_month_that_is_none_is_refused(office: Office) -> None:  # noqa: F811
    """Nothing is guessed."""
    for month in ("2026-13", "2026", "february", "2026-2"):
        assert office.cli("backup", "shred", "x:@acme", "--month", month, "--reason", "x", "--json").code == 2


def test_only_an_owner_destroys(office: Office, account: str, tmp_path: Path) -> None:  # noqa: F811
    """Whoever may publish may not."""
    jonas = joined(office, "Jonas", "publisher", tmp_path / "jonas")
    words = ("--month", "2026-02", "--reason", "why not", "--confirm", "x:@acme", "--json")
    done = jonas.cli("backup", "shred", "x:@acme", *words)
    assert (done.code, done.error["name"]) == (11, "owners_destroy")
    assert len(rows(office, "select 1 from shelf_key")) == 1


def test_an_auditor_proves_the_bytes_and_reads_nothing(office: Office, account: str, tmp_path: Path) -> None:  # noqa: F811
    """No key is sealed to an auditor."""
    vera = joined(office, "Vera", "auditor", tmp_path / "vera")
    done = shown(vera.cli("backup", "verify", "--json"), shapes.ArchiveVerified)
    assert (done.status, done.unopened) == ("whole", 1)


def test_who_was_removed_has_no_key_to_what_is_kept_after(office: Office, account: str, tmp_path: Path) -> None:  # noqa: F811
    """The root is another one, what is kept of the same month gets another key, and the old one still opens."""
    other = joined(office, "Otto", "owner", tmp_path / "otto")
    before = rows(office, "select gen from shelf_root")
    assert office.cli("member", "remove", "Otto", "--reason", "left", "--json").code == 0
    after = rows(office, "select gen, statement from shelf_root")
    assert after[0][0] != before[0][0]
    ((key_id, shelf),) = rows(office, "select id, shelf from shelf_key")
    with other.entered() as workspace, pytest.raises(errors.NotFound):
        workspace.archive_files.keys.of(str(shelf), str(key_id))
    with office.entered() as workspace:
        fill(workspace.archive, account, 3, "later words")
        assert workspace.archive.rebuild().before == workspace.archive.root()
    assert len(rows(office, "select id from shelf_key where shelf like 'others/%/2026-02'")) == 2


def test_a_new_owner_can_open_what_was_kept_before(office: Office, account: str, tmp_path: Path) -> None:  # noqa: F811
    """Or nobody could take over."""
    other = joined(office, "Otto", "owner", tmp_path / "otto")
    ((key_id, shelf),) = rows(office, "select id, shelf from shelf_key")
    with other.entered() as workspace:
        assert workspace.archive_files.keys.of(str(shelf), str(key_id)) is not None


def test_an_older_root_that_is_put_back_is_refused(office: Office, account: str, tmp_path: Path) -> None:  # noqa: F811
    """A removed member could open it, and what would be sealed under it."""
    ((gen, statement, signer, signature),) = rows(
        office, "select gen, statement, signer, signature from shelf_root"
    )
    joined(office, "Otto", "owner", tmp_path / "otto")
    with closing(sqlite3.connect(office.database)) as connection, connection:
        connection.execute("delete from shelf_root")
        connection.execute("insert into shelf_root values (?, ?, ?, ?)", (gen, statement, signer, signature))
    assert any("rolled back" in what for what in problems(office))


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("update shelf_key set shelf = replace(shelf, '2026-02', '2026-03')", "its key is lost"),
        ("update shelf_key set sealed = zeroblob(60)", "does not open"),
        ("update shelf_key set made_in = 9", "does not open"),
        ("update shelf_root set signature = zeroblob(64)", "its signature"),
        ("update shelf_root set signer = '00'", "no owner or worker"),
        ("delete from shelf_root", "it is gone"),
        ("delete from shelf_key", "its key is lost"),
    ],
)
def test_who_writes_the_database_without_a_key_is_found_out(
    office: Office,  # noqa: F811
    account: str,
    statement: str,
    what: str,
) -> None:
    """They can destroy, which is said; they can put no key of their own in."""
    attack(office, statement)
    done = office.cli("backup", "verify", "--json")
    assert done.code == 13
    assert any(what in one["what"] for one in done.document["problems"]), done


def test_an_archive_of_before_is_filled_further(office: Office, account: str) -> None:  # noqa: F811
    """Another run of another process finds the same keys."""
    with office.entered() as workspace:
        fill(workspace.archive, account, 3)
        assert len(ids(workspace.archive)) == 4
    assert len(rows(office, "select 1 from shelf_key")) == 1


def test_a_month_whose_key_is_lost_can_be_let_go_without_an_index(office: Office, account: str) -> None:  # noqa: F811
    """As after a restore of an older database: the rest of the archive opens then."""
    attack(office, "delete from shelf_key")
    (office.home / "archive.db").unlink()
    done = office.cli("backup", "status", "--json")
    assert (done.code, "2026-02" in done.error["message"]) == (13, True)
    words = ("--month", "2026-02", "--reason", "its key is lost", "--confirm", "x:@acme", "--json")
    assert shown(office.cli("backup", "shred", "x:@acme", *words), shapes.MonthDestroyed).items == 0
    assert shown(office.cli("backup", "verify", "--json"), shapes.ArchiveVerified).status == "whole"
    with office.entered() as workspace:
        assert ids(workspace.archive) == ["1"]


def test_a_new_recovery_kit_can_open_what_was_kept_before(office: Office, account: str, tmp_path: Path) -> None:  # noqa: F811
    """The root is sealed to it."""
    done = office.cli("vault", "recovery", "new", "--out", str(tmp_path / "kit.txt"), "--json")
    assert done.code == 0, done
    with office.entered() as workspace, workspace.database.read() as connection:
        (kit,) = workspace.signed.books(connection).manifest.recovery
    ((statement,),) = rows(office, "select statement from shelf_root")
    assert isinstance(statement, bytes)
    assert kit.sealing_id.encode() in statement
    assert problems(office) == []
