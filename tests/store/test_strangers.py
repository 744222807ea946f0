"""What acts by itself in a database, and was not made by this program, is refused: of either kind."""

import pytest
from sqlalchemy import text

from socialguard import errors
from socialguard.store import strangers
from socialguard.store.database import create_database, open_database

_NOTHING = "create function nothing() returns trigger language plpgsql as $$ begin return null; end $$"

POSTGRESQL = {
    "a trigger": (
        _NOTHING,
        "create trigger quiet before insert on stop for each row execute function nothing()",
    ),
    "a trigger of our name": (
        _NOTHING,
        "drop trigger audit_entry_append_only on audit_entry",
        "create trigger audit_entry_append_only before insert on audit_entry"
        " for each row execute function nothing()",
    ),
    "a trigger of ours that does something else": (
        "create or replace function audit_entry_append_only() returns trigger language plpgsql as $$ begin"
        " return new; end $$",
    ),
    "a rule": ("create rule quiet as on insert to stop do instead nothing",),
    "a view": ("alter table approval rename to kept", "create view approval as select * from kept"),
    "a policy for rows": (
        "alter table audit_entry enable row level security",
        "alter table audit_entry force row level security",
        "create policy hidden on audit_entry using (outcome <> 'sent')",
    ),
    "a table that adds to one of ours": ("create table more () inherits (delivery)",),
}


def test_what_this_program_made_is_no_stranger(database_url: str) -> None:
    create_database(database_url).close()
    opened = open_database(database_url)
    with opened.read() as connection:
        strangers.refuse(connection)
    opened.close()


@pytest.mark.parametrize("what", list(POSTGRESQL))
def test_what_acts_by_itself_on_postgresql_is_refused(postgresql_url: str, what: str) -> None:
    database = create_database(postgresql_url)
    with database.write() as connection:
        for statement in POSTGRESQL[what]:
            connection.execute(text(statement))
    with database.read() as connection, pytest.raises(errors.Tampered, match="did not make"):
        strangers.refuse(connection)
    database.close()


def test_a_view_beside_our_tables_is_nobodys_business(postgresql_url: str) -> None:
    """Reports of others may look at them, where the database is a server's."""
    database = create_database(postgresql_url)
    with database.write() as connection:
        connection.execute(text("create view report as select count(*) from delivery"))
    with database.read() as connection:
        strangers.refuse(connection)
    database.close()
