"""What is kept is found again: in lists, by any words at all, with its history."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from socialguard import clock
from socialguard.archive import reader
from socialguard.archive.archive import Archive
from socialguard.model.activity import ActivityPage, Attachment, Kind, Profile, Stream
from tests.archive.world import ACCOUNT, START, Network, back_up, item, open_archive

OTHER = "a-0000000000000002"


@pytest.fixture
def archive(database_url: str, tmp_path: Path) -> Iterator[Archive]:
    """Texts of all kinds, of two accounts."""
    opened = open_archive(tmp_path, database_url)
    network = Network()
    network.post(8)
    network.items += [
        item(9, "A café in Lyon 🧀 tastes well-known"),
        item(10, 'She said "buy CHEESE now" 100% -- really'),
        item(11, "チーズはおいしい", own=False, kind=Kind.MENTION, author_id="7", author_name="Hanako"),
        item(12, "Look at https://example.com/cheese?x=1 #fromage @acme"),
    ]
    back_up(opened, network)
    other = Network()
    other.post(3)
    back_up(opened, other, Stream.MENTIONS, OTHER)
    yield opened
    opened.close()


def found(archive: Archive, query: str) -> list[str]:
    with archive.database.read() as connection:
        return [one.network_id for one in reader.search(connection, query, account_ids=[ACCOUNT])]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("cheese", ["12", "10", "8", "7", "6", "5", "4", "3", "2", "1"]),
        ("CHEESE now", ["10"]),
        ('"cheese now"', ["10"]),
        ('"now cheese"', []),
        ("post 3", ["3"]),
        ("🧀", ["9"]),
        ("lyon 🧀", ["9"]),
        ("well known", ["9"]),
        ("well-known", ["9"]),
        ("example.com", ["12"]),
        ("#fromage", ["12"]),
        ("おいしい", ["11"]),
        ("fromage OR lyon", []),
        ("che*", []),
        ("text:cheese", []),
        ("", []),
        ('"', []),
        ("%", ["10"]),
        ("--", ["10"]),
        ("_", []),
        ("://", ["12"]),
        ('"://" %', []),
        ("'; drop table item; --", []),
        ("tasted", []),
    ],
)
def test_a_search_finds_all_its_words_and_obeys_none(archive: Archive, query: str, ids: list[str]) -> None:
    assert found(archive, query) == ids


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(st.characters(codec="utf-8") | st.sampled_from("\"'()*:^-+%_\\\0 "), max_size=60))
def test_any_query_is_answered(archive: Archive, query: str) -> None:
    assert {int(one) for one in found(archive, query)} <= set(range(1, 13)), "with items of this account only"


@pytest.mark.parametrize(
    "query",
    [
        *("cheese " * 1500, '"' * 10_000, "(" * 10_000, " " * 20_000, "🧀" * 20_000, "a" * 10_000, "%" * 10_000),
        " ".join(chr(0x4E00 + number) for number in range(4_900)),
        "post " + "。".join(chr(0x4E00 + number) for number in range(4_900)),
    ],
)
def test_a_very_long_query_is_answered(archive: Archive, query: str) -> None:
    assert {int(one) for one in found(archive, query)} <= set(range(1, 13))
    assert found(archive, "post 3") == ["3"], "and the next one is, too"


def test_a_whole_text_finds_its_post(archive: Archive) -> None:
    long = " ".join(f"word{number}" for number in range(1_000))
    gap = archive.begin(ACCOUNT, Stream.POSTS)
    archive.keep(gap, ActivityPage((item(13, long),), None))
    assert found(archive, long) == ["13"]
    assert found(archive, long + " missing") == []
    assert found(archive, f"{long} {long}") == ["13"]  # cut between two words


def test_words_of_an_older_version_find_the_item(archive: Archive) -> None:
    for text in ("Now about bread", "Now about wine"):
        archive.keep(archive.begin(ACCOUNT, Stream.POSTS), ActivityPage((item(3, text),), "more"))
        archive.keep(archive.gaps(ACCOUNT, Stream.POSTS)[0], ActivityPage((), None))
    for query in ("post 3", "bread", "wine"):
        assert found(archive, query) == ["3"]
    archive.rebuild()
    for query in ("post 3", "bread", "wine"):
        assert found(archive, query) == ["3"]


def test_words_and_a_sign_are_both_asked_for_in_any_version(archive: Archive) -> None:
    """A picture beside words narrows what the words find, also where an older version held it."""
    for text in ("Bread for all 🥖", "Bread for all 🎉", "Bread for all"):
        archive.keep(archive.begin(ACCOUNT, Stream.POSTS), ActivityPage((item(3, text),), "more"))
        archive.keep(archive.gaps(ACCOUNT, Stream.POSTS)[0], ActivityPage((), None))
    archive.keep(archive.begin(ACCOUNT, Stream.POSTS), ActivityPage((item(4, "Bread for few 🎉"),), None))
    assert found(archive, "bread 🎉") == ["4", "3"]
    assert found(archive, "bread all 🎉") == ["3"]
    assert found(archive, "🥖 bread") == ["3"]
    assert found(archive, "bread 🥖 🎉") == []  # no version holds both
    assert found(archive, "wine 🎉") == []


def test_pages_of_a_list_hold_every_item_once(archive: Archive) -> None:
    seen: list[str] = []
    last = None
    with archive.database.read() as connection:
        while page := reader.items(connection, before=last, limit=4):
            seen += [one.network_id for one in page]
            last = page[-1]
        times = [one.created_at for one in reader.items(connection, limit=100)]
    assert len(seen) == 15
    assert times == sorted(times, reverse=True)


def test_a_list_can_be_narrowed(archive: Archive) -> None:
    def ids(**how: object) -> list[str]:
        with archive.database.read() as connection:
            return [one.network_id for one in reader.items(connection, **how)]  # type: ignore[arg-type]

    assert ids(account_ids=[OTHER]) == ["3", "2", "1"]
    assert ids(own=False) == ["11"]
    assert ids(kinds=[Kind.MENTION]) == ["11"]
    assert ids(since=START + timedelta(minutes=12)) == ["12"]
    assert ids(account_ids=[ACCOUNT], until=START + timedelta(minutes=3)) == ["2", "1"]


def test_an_item_is_shown_with_its_history(archive: Archive) -> None:
    picture = Attachment("m1", "photo", "https://example.com/1.jpg", "A cheese")
    edited = replace(item(2, "Edited"), attachments=(picture,), metrics={"likes": 70})
    archive.keep(archive.begin(ACCOUNT, Stream.POSTS), ActivityPage((edited,), None))
    with archive.database.read() as connection:
        shown = reader.show(connection, ACCOUNT, "2")
        assert shown is not None
        assert shown.summary.versions == 2
        assert (shown.summary.text, shown.summary.metrics) == ("Edited", {"likes": 70})
        assert [(one.number, one.text) for one in shown.versions] == [(1, "Post 2 about cheese"), (2, "Edited")]
        assert [one.counts for one in shown.snapshots] == [{"likes": 2}, {"likes": 70}]
        assert shown.snapshots[0].taken_at < shown.snapshots[1].taken_at
        assert shown.files == (reader.File("m1", picture.url, None),)
        (wanted,) = reader.wanted_files(connection, ACCOUNT)
        assert (wanted.network_id, wanted.key, wanted.url) == ("2", "m1", picture.url)
        assert reader.show(connection, ACCOUNT, "77") is None


def test_counts_and_ages_are_told_by_account(archive: Archive) -> None:
    clock.shift(timedelta(hours=1))
    archive.keep(archive.begin(ACCOUNT, Stream.POSTS), ActivityPage((), None))
    with archive.database.read() as connection:
        counts = reader.counts(connection)
        assert (counts[ACCOUNT].items, counts[ACCOUNT].own, counts[ACCOUNT].gaps) == (12, 11, 0)
        assert (counts[OTHER].items, counts[OTHER].own) == (3, 3)
        read_at = reader.read_at(connection, ACCOUNT)
        assert read_at == counts[ACCOUNT].read_at
        assert read_at is not None
        assert abs(read_at - clock.now()) < timedelta(minutes=1)
        assert reader.read_at(connection, "a-nobody") is None


def test_texts_come_in_the_order_of_time(archive: Archive) -> None:
    with archive.database.read() as connection:
        assert reader.texts(connection, OTHER, limit=2) == ("Post 2 about cheese", "Post 3 about cheese")


def test_the_newest_profile_is_kept_and_only_where_it_changed(archive: Archive) -> None:
    first = Profile("1", "acme", "Acme", 5, 8)
    assert archive.keep_profile(ACCOUNT, first)
    assert not archive.keep_profile(ACCOUNT, first)
    assert archive.keep_profile(ACCOUNT, replace(first, followers=6, posts=9))
    with archive.database.read() as connection:
        newest = reader.newest_profile(connection, ACCOUNT)
    assert newest is not None
    assert newest["followers"] == 6


def test_where_only_counts_change_a_profile_is_kept_once_a_day(archive: Archive) -> None:
    """They do so every hour, and a profile is kept whole."""
    first = Profile("1", "acme", "Acme", 5, None, {"bio": "Cheese"}, {"listed": 7})
    kept = []
    try:
        for hour in range(49):
            clock.shift(timedelta(hours=hour))
            now = replace(first, followers=6 + hour, metrics={"listed": 8 + hour})
            kept += [hour] * archive.keep_profile(ACCOUNT, now)
        assert kept == [0, 23, 46]
        assert archive.keep_profile(ACCOUNT, replace(now, content={"bio": "Wine"}))
    finally:
        clock.shift(timedelta(0))
