"""A ledger with one account, on each kind of database."""

import pytest
from sqlalchemy import insert

from socialguard import clock
from socialguard.canon import jcs
from socialguard.store.database import Database
from socialguard.store.tables import account, client

ACCOUNT = "a-0000000000000001"


@pytest.fixture
def ledger(database: Database) -> Database:
    """The database, with an account that deliveries can be for."""
    return with_account(database)


def with_account(database: Database) -> Database:
    """Put an account that deliveries can be for into a database."""
    now = jcs.timestamp(clock.now())
    with database.write() as connection:
        connection.execute(insert(client).values(name="acme", created_at=now))
        connection.execute(
            insert(account).values(
                id=ACCOUNT,
                network="x",
                handle="acme",
                user_id="1",
                origin="http://127.0.0.1:1",
                client="acme",
                short_name="acme",
                attended=False,
                display_name="Acme",
                zone="UTC",
                state="active",
                created_at=now,
            )
        )
    return database
