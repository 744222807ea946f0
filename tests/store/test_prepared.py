"""Statements that are compiled once do what SQLAlchemy's own execution does, on both databases."""

import pytest
from sqlalchemy import (
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    bindparam,
    insert,
    select,
    update,
)

from socialguard import errors
from socialguard.store.database import Database
from socialguard.store.prepared import Prepared

THINGS = Table(
    "things",
    MetaData(),
    Column("id", Integer, primary_key=True),
    Column("name", Text),
    Column("data", LargeBinary),
    Column("done", Boolean),
)
KEEP = Prepared(insert(THINGS))
KEEP_NEW = Prepared(insert(THINGS).returning(THINGS.c.id))
OF_NAME = Prepared(select(THINGS).where(THINGS.c.name == bindparam("wanted")).order_by(THINGS.c.id))
RENAME = Prepared(update(THINGS).where(THINGS.c.id == bindparam("old_id")))


@pytest.fixture
def things(database: Database) -> Database:
    """A database with the table of these tests."""
    with database.write() as connection:
        THINGS.create(connection)
    return database


def test_rows_go_in_and_come_out_with_their_types_and_names(things: Database) -> None:
    with things.write() as connection:
        assert KEEP.run(connection, id=1, name="100 % é", data=b"\0\xff", done=True) == 1
        assert KEEP.run(connection, id=2, name="100 % é", data=None, done=False) == 1
    with things.read() as connection:
        first, second = OF_NAME.all(connection, wanted="100 % é")
        assert (first.id, first.name, bytes(first.data), first.done) == (1, "100 % é", b"\0\xff", True)
        assert (second.id, second.data, second.done) == (2, None, False)
        assert OF_NAME.first(connection, wanted="100 % é") == first
        assert OF_NAME.scalar(connection, wanted="100 % é") == 1
        assert [row[0] for row in OF_NAME.tuples(connection, wanted="100 % é")] == [1, 2]
        plain = connection.execute(select(THINGS).order_by(THINGS.c.id)).all()
        assert [tuple(row) for row in plain] == [tuple(first), tuple(second)]


def test_what_is_not_there_is_none_and_no_row_is_changed(things: Database) -> None:
    with things.write() as connection:
        assert OF_NAME.all(connection, wanted="nobody") == []
        assert OF_NAME.first(connection, wanted="nobody") is None
        assert OF_NAME.scalar(connection, wanted="nobody") is None
        assert RENAME.run(connection, old_id=7, name="new") == 0


def test_an_update_changes_the_columns_that_are_named(things: Database) -> None:
    with things.write() as connection:
        KEEP.run(connection, id=1, name="old", data=b"kept", done=False)
        assert RENAME.run(connection, old_id=1, name="new") == 1
        assert OF_NAME.scalar(connection, wanted="new") == 1
        assert bytes(OF_NAME.first(connection, wanted="new").data) == b"kept"  # type: ignore[union-attr]


def test_an_insert_can_return_what_the_database_made(things: Database) -> None:
    with things.write() as connection:
        assert KEEP_NEW.scalar(connection, id=41, name="a", data=None, done=None) == 41


def test_a_driver_s_error_is_explained_and_what_was_written_before_it_is_rolled_back(things: Database) -> None:
    with things.write() as connection:
        connection.execute(THINGS.delete())
    lost = Prepared(select(Table("lost", MetaData(), Column("id", Integer))))

    def keep_and_fail() -> None:
        with things.write() as connection:
            KEEP.run(connection, id=1, name="gone", data=None, done=None)
            lost.all(connection)

    with pytest.raises(errors.SocialGuardError):
        keep_and_fail()
    with things.read() as connection:
        assert OF_NAME.all(connection, wanted="gone") == []


def test_other_names_than_the_first_time_are_refused(things: Database) -> None:
    keep = Prepared(insert(THINGS))
    with things.write() as connection:
        keep.run(connection, id=1, name="of the first account")
        with pytest.raises(ValueError, match="always given"):
            keep.run(connection, id=2)
        with pytest.raises(ValueError, match="always given"):
            keep.run(connection, id=2, name="of the second", done=True)


def test_text_from_outside_is_a_value_and_never_sql(things: Database) -> None:
    with things.write() as connection:
        KEEP.run(connection, id=1, name="'; drop table things; --", data=None, done=None)
        assert OF_NAME.scalar(connection, wanted="'; drop table things; --") == 1
