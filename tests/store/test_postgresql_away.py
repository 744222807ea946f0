"""A PostgreSQL that is away for a while, and transactions of it that cross: neither is damage."""

import socket
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import create_engine, text

from socialguard import errors
from socialguard.daemon.run import Daemon
from socialguard.store import dialect, lease
from socialguard.store.database import Database, connect, create_database
from socialguard.store.lease import Lease
from socialguard.workspace.opened import Workspace
from tests.office import Office, office

__all__ = ["office"]


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database; its server is started where nothing real is touched any more."""
    return str(request.getfixturevalue("postgresql_url"))


@pytest.fixture
def server(url: str) -> Iterator[Database]:
    created = create_database(url)
    yield created
    created.close()


def test_a_look_at_a_lease_is_not_disturbed_by_its_renewal(server: Database, url: str) -> None:
    held = Lease(server, "daemon", timedelta(seconds=30))
    held.take()
    other = connect(url)
    with other.read() as connection:
        assert connection.execute(text("select count(*) from lease")).scalar() == 1
        with server.write() as writing:
            held.renew(writing)
        found = lease.holder(connection, "daemon")
        assert found is not None
        assert found.is_alive
    other.close()


def test_a_lease_that_could_not_be_given_back_keeps_its_own_process_not_out(
    server: Database, url: str, request: pytest.FixtureRequest
) -> None:
    """A backup that ended while the server was away would else be 'in use' for twelve hours."""
    name = url.partition("?")[0].rpartition("/")[2]
    place = str(request.getfixturevalue("postgresql_server")).replace("/DATABASE", "/postgres")
    administrator = create_engine(place, isolation_level="AUTOCOMMIT")
    database = connect(url)

    def work() -> None:
        with lease.hold(database, "backup:a", timedelta(hours=12), "It"), administrator.connect() as connection:
            connection.execute(text(f"alter database {name} allow_connections false"))
            ended = "select pg_terminate_backend(pid) from pg_stat_activity where datname = :name"
            connection.execute(text(ended), {"name": name})

    with pytest.raises(errors.DatabaseAway):
        work()
    with administrator.connect() as connection:
        connection.execute(text(f"alter database {name} allow_connections true"))
    with lease.hold(database, "backup:a", timedelta(hours=12), "It"), pytest.raises(errors.Busy):
        Lease(database, "backup:a", timedelta(hours=12)).take()
    database.close()
    administrator.dispose()


def test_a_connection_that_the_server_ended_is_no_damage(server: Database, url: str) -> None:
    other = connect(url)

    def cut_off() -> None:
        with other.read() as connection:
            (pid,) = connection.execute(text("select pg_backend_pid()")).one()
            with server.read() as administrator:
                administrator.execute(text("select pg_terminate_backend(:pid)"), {"pid": pid})
            connection.execute(text("select count(*) from lease")).one()

    with pytest.raises(errors.DatabaseAway) as caught:
        cut_off()
    assert caught.value.exit_code == 1, "with 15 nobody would start the daemon again"
    with other.read() as connection:
        assert connection.execute(text("select 1")).scalar() == 1
    other.close()


@pytest.mark.parametrize(
    "place", ["postgresql+psycopg://nobody@127.0.0.1:9/none", "postgresql+psycopg:///?host=/nowhere"]
)
def test_a_server_that_is_not_there_is_told_as_that(place: str) -> None:
    database = connect(place)
    with pytest.raises(errors.DatabaseAway, match="cannot be reached"), database.read():
        pass
    database.close()


def test_a_server_that_says_nothing_keeps_no_freeze_waiting(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(dialect.PATIENCE, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        place = f"postgresql+psycopg://nobody@127.0.0.1:{mute.getsockname()[1]}/none"
        (office.home / "socialguard.toml").write_text(f'database = "{place}"\n')
        assert office.cli("freeze", "--all", "--reason", "leak").code == 0
        told = office.cli("daemon", "status", "--check")
        assert (told.code, "cannot be reached" in told.stdout) == (2, True)
    (office.home / "socialguard.toml").unlink()
    assert office.post("Not sent").code == 11


def test_transactions_that_cross_are_told_as_busy(server: Database, url: str) -> None:
    with server.write() as connection:
        connection.execute(text("create table crossing (n int)"))
        connection.execute(text("insert into crossing values (1)"))
    other = connect(url)

    def cross() -> None:
        with other.read() as connection:
            connection.execute(text("select n from crossing")).one()
            with server.write() as writing:
                writing.execute(text("update crossing set n = 2"))
            connection.execute(text("update crossing set n = 3"))

    with pytest.raises(errors.Busy):
        cross()
    other.close()


def test_a_daemon_goes_on_whose_database_was_away(office: Office) -> None:
    with office.entered(), Workspace(office.home) as workspace:
        daemon = Daemon(workspace)
        daemon._failed(errors.DatabaseAway(path="db", detail="gone."))
        assert not daemon._stop.is_set()
        daemon._failed(errors.Unreadable(path="db", detail="torn."))
        assert daemon._stop.is_set()
