"""The schema: migrations make what the tables say, on every kind of database, and a newer one is refused."""

import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from socialguard import errors
from socialguard.store import migrate
from socialguard.store.database import Database, create_database, open_database, schema_version
from socialguard.store.tables import metadata
from socialguard.store.version import HEAD, KNOWN


def migrated(url: str, to: str = "head") -> Database:
    """A database whose tables come from the migrations alone."""
    database = Database(create_engine(url), url)
    migrate.run_migrations(database, to)
    return database


def differences(database: Database) -> list[object]:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with database.engine.connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        return list(compare_metadata(context, metadata))


def triggers(database: Database) -> list[str]:
    if database.engine.dialect.name == "sqlite":
        query = "select sql from sqlite_master where type = 'trigger' order by name"
    else:
        query = """select pg_get_triggerdef(t.oid) || pg_get_functiondef(t.tgfoid) from pg_trigger t
                   where not t.tgisinternal order by t.tgname"""
    with database.engine.connect() as connection:
        return [str(row[0]) for row in connection.execute(text(query))]


def test_the_migrations_make_the_schema_and_its_triggers(database_url: str, tmp_path: Path) -> None:
    by_migration = migrated(database_url)
    assert differences(by_migration) == []
    made = triggers(by_migration)
    assert made
    by_migration.close()
    reopened = open_database(database_url)
    assert triggers(reopened) == made
    reopened.close()


def test_an_older_workspace_gets_the_triggers_of_this_schema(database_url: str) -> None:
    """Those of schema 0004 let no entry be pruned: the upgrade replaces them."""
    older = migrated(database_url, "0004")
    made = triggers(older)
    with older.write() as connection:
        if older.engine.dialect.name == "sqlite":
            connection.execute(text("drop trigger audit_entry_no_update"))
            refuse = "begin select raise(abort, 'audit_entry is append-only'); end"
            connection.execute(text(f"create trigger audit_entry_no_update before update on audit_entry {refuse}"))
        else:
            refuse = "begin raise exception 'audit_entry is append-only'; end"
            function = f"function audit_entry_append_only() returns trigger language plpgsql as $$ {refuse} $$"
            connection.execute(text(f"create or replace {function}"))
    assert triggers(older) != made
    older.close()
    upgraded = open_database(database_url)
    assert triggers(upgraded) == made
    assert schema_version(upgraded) == HEAD
    upgraded.close()


def test_the_tables_as_created_have_the_triggers_of_the_migrations(database: Database, tmp_path: Path) -> None:
    assert differences(database) in ([], [_version_table(database)])
    if database.engine.dialect.name == "sqlite":
        other = migrated(f"sqlite:///{tmp_path / 'migrated.db'}")
        assert triggers(database) == triggers(other)
        other.close()
    assert len(triggers(database)) in (2, 3)


def _version_table(database: Database) -> object:
    """The one table that is the migration tool's own."""
    return next((each for each in differences(database) if "alembic_version" in str(each)), None)


def test_the_newest_known_schema_is_the_last_migration() -> None:
    names = sorted(path.name[:4] for path in (migrate.MIGRATIONS / "versions").glob("0*.py"))
    assert names == sorted(KNOWN)
    assert names[-1] == HEAD


def test_a_newer_schema_is_refused(database: Database, database_url: str) -> None:
    with database.write() as connection:
        connection.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(errors.SchemaTooNew):
        open_database(database_url)


def test_a_database_without_our_tables_is_refused(database_url: str) -> None:
    with pytest.raises(errors.Unreadable):
        open_database(database_url)


def test_the_migration_tool_is_not_imported_when_no_migration_is_due(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'socialguard.db'}"
    code = (
        "import sys; from socialguard.store.database import create_database, open_database\n"
        f"create_database({url!r}).close(); open_database({url!r}).close()\n"
        "sys.exit(any(name.partition('.')[0] == 'alembic' for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("old", KNOWN[:-1])
def test_an_older_database_is_brought_to_this_schema_when_it_is_opened(database_url: str, old: str) -> None:
    before = migrated(database_url, old)
    with before.write() as connection:
        connection.execute(text("insert into client values ('acme', 'x')"))
    before.close()
    opened = open_database(database_url)
    assert schema_version(opened) == HEAD
    assert differences(opened) == []
    with opened.read() as connection:
        assert connection.execute(text("select name from client")).scalar() == "acme"
    opened.close()


def test_a_file_is_copied_before_it_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "socialguard.db"
    database = create_database(f"sqlite:///{path}")
    with database.write() as connection:
        connection.execute(text("insert into client values ('acme', 'x')"))
    migrate.upgrade(database, HEAD)
    database.close()
    copy = path.with_name(f"{path.name}.before-{HEAD}")
    assert copy.stat().st_mode & 0o777 == 0o600
    assert sorted(each.name for each in tmp_path.glob("*.part")) == []
    reopened = open_database(f"sqlite:///{copy}")
    with reopened.read() as connection:
        assert connection.execute(text("select name from client")).scalar() == "acme"
    reopened.close()


def test_who_went_back_and_upgrades_again_has_a_copy_of_what_was_done_meanwhile(tmp_path: Path) -> None:
    path = tmp_path / "socialguard.db"
    migrated(f"sqlite:///{path}", KNOWN[-2]).close()
    open_database(f"sqlite:///{path}").close()
    first = path.with_name(f"{path.name}.before-{KNOWN[-2]}")
    path.write_bytes(first.read_bytes())  # back to the older program, which goes on with it
    older = Database(create_engine(f"sqlite:///{path}"), "")
    with older.write() as connection:
        connection.execute(text("insert into client values ('meanwhile', 'x')"))
    older.close()
    upgraded = open_database(f"sqlite:///{path}")
    copy = migrate.copy_of(upgraded, KNOWN[-2])
    upgraded.close()
    assert copy is not None
    assert copy != first
    kept = Database(create_engine(f"sqlite:///{copy}"), "")
    assert schema_version(kept) == KNOWN[-2]
    with kept.read() as connection:
        assert connection.execute(text("select name from client")).scalar() == "meanwhile"
    kept.close()
