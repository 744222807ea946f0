"""An alert is raised once for what goes on, and known to every command until it was seen."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from socialguard import clock, errors
from socialguard.alerts import notice, reader
from socialguard.alerts.board import Board
from socialguard.store.database import Database
from socialguard.store.tables import alert


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where the notice of this test lies."""
    return tmp_path / "workspace" / "cache" / "alerts.json"


def raised(database: Database, board: Board, kind: str = "late", delivery: str | None = "d1") -> None:
    """Raise an alert on a delivery."""
    with database.write() as connection:
        board.raise_(
            connection, kind, "{what} is late", {"what": delivery}, account_id="a-1", delivery_id=delivery
        )


def unseen(database: Database) -> list[reader.Alert]:
    """Return what nobody has seen."""
    with database.read() as connection:
        return reader.page(connection, unseen=True, limit=None)


def test_a_cause_that_goes_on_is_one_alert_whose_time_and_count_move(database: Database, place: Path) -> None:
    board = Board(place)
    raised(database, board)
    (first,) = unseen(database)
    clock.shift(timedelta(minutes=5))
    raised(database, board)
    (again,) = unseen(database)
    assert (again.id, again.count, again.first_at) == (first.id, 2, first.raised_at)
    assert again.raised_at - first.raised_at >= timedelta(minutes=5)


@pytest.mark.parametrize(("kind", "delivery"), [("clock", "d1"), ("late", "d2"), ("late", None)])
def test_another_cause_is_another_alert(database: Database, place: Path, kind: str, delivery: str | None) -> None:
    board = Board(place)
    raised(database, board)
    raised(database, board, kind, delivery)
    raised(database, board, kind, delivery)
    assert sorted(one.count for one in unseen(database)) == [1, 2]


def test_what_was_seen_is_not_told_again_for_a_day_and_then_is_a_new_alert(
    database: Database, place: Path
) -> None:
    board = Board(place)
    raised(database, board)
    with database.write() as connection:
        assert board.see(connection, None) == (1,)
    clock.shift(timedelta(hours=23))
    raised(database, board)
    assert unseen(database) == []
    assert notice.read(place) is None
    clock.shift(timedelta(hours=25))
    raised(database, board)
    assert [(one.id, one.count) for one in unseen(database)] == [(2, 1)]
    with database.read() as connection:
        assert [one.id for one in reader.page(connection, unseen=False, limit=None)] == [2, 1]


def test_the_notice_names_the_newest_and_goes_when_all_are_seen(database: Database, place: Path) -> None:
    board = Board(place)
    assert notice.read(place) is None
    raised(database, board)
    clock.shift(timedelta(minutes=1))
    raised(database, board, delivery="d2")
    found = notice.read(place)
    assert found is not None
    assert (found.unseen, found.template, found.fields) == (2, "{what} is late", {"what": "d2"})
    with database.write() as connection:
        assert board.see(connection, [2]) == (2,)
    found = notice.read(place)
    assert found is not None
    assert (found.unseen, found.fields) == (1, {"what": "d1"})
    with database.write() as connection:
        board.see(connection, None)
    assert not place.exists()


def test_an_unknown_id_is_named_and_nothing_is_marked(database: Database, place: Path) -> None:
    board = Board(place)
    raised(database, board)
    with pytest.raises(errors.NotFound, match="There is no alert 7"), database.write() as connection:
        board.see(connection, [1, 7])
    assert len(unseen(database)) == 1


def test_an_alert_that_another_wrote_is_told_as_tampered_with(database: Database, place: Path) -> None:
    raised(database, Board(place))
    for message in ("no json", "[]", "{}", '{"template": "x", "fields": [], "count": 1, "first": ""}'):
        with database.write() as connection:
            connection.execute(update(alert).values(message=message))
        assert [one.template for one in unseen(database)] == [reader.CHANGED]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"unseen": "x", "fields": {}}', '{"fields": {}}', "\x00"])
def test_a_notice_that_is_none_of_ours_tells_nothing(place: Path, text: str) -> None:
    place.parent.mkdir(parents=True)
    place.write_text(text)
    assert notice.read(place) is None


def test_a_disk_that_takes_no_notice_stops_no_alert(database: Database, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file where a directory is needed")
    raised(database, Board(tmp_path / "cache" / "alerts.json"))
    assert len(unseen(database)) == 1
