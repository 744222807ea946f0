"""Any sequence of posts, edits, runs, kills and rebuildings ends as a simple model says."""

import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from socialguard.archive import closing, crash, reader
from socialguard.archive.archive import Archive
from socialguard.archive.interface import Gap
from socialguard.model.activity import Stream
from tests.archive.test_kills import Killed
from tests.archive.world import ACCOUNT, Network, ids, item, open_archive


class Life(RuleBasedStateMachine):
    """An account's life, and what the archive must hold of it: for each id, every text and metrics that a page
    brought, in their order, without repetitions."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.max_lines = closing.MAX_LINES
        closing.MAX_LINES = 12  # type: ignore[misc]
        self.archive: Archive = open_archive(self.place)
        self.network = Network(page_size=4)
        self.texts: dict[str, list[str]] = {}
        self.counts: dict[str, list[dict[str, int]]] = {}

    def teardown(self) -> None:
        crash.hook = None
        self.run(0)
        assert set(ids(self.archive)) == {one.network_id for one in self.network.items}
        self.archive.close_pages()
        assert self.archive.verify().problems == ()
        rebuilt = self.archive.rebuild()
        assert rebuilt.before == rebuilt.after
        self.everything_is_as_the_model_says()
        self.archive.close()
        closing.MAX_LINES = self.max_lines  # type: ignore[misc]
        shutil.rmtree(self.place)

    def keep(self, gap: Gap) -> Gap:
        page = self.network.page(gap.since, gap.at)
        kept = self.archive.keep(gap, page)
        for one in page.items:
            texts, counts = self.texts.setdefault(one.network_id, []), self.counts.setdefault(one.network_id, [])
            if texts[-1:] != [one.text]:
                texts.append(one.text)
            if counts[-1:] != [dict(one.metrics)]:
                counts.append(dict(one.metrics))
        return kept.gap

    @rule(count=st.integers(1, 9), own=st.booleans())
    def post(self, count: int, own: bool) -> None:
        first = len(self.network.items) + 1
        self.network.items += [item(number, own=own) for number in range(first, first + count)]

    @precondition(lambda self: self.network.items)
    @rule(data=st.data(), text=st.sampled_from(["Cheese", "Bread", "Wine"]))
    def edit(self, data: st.DataObject, text: str) -> None:
        at = data.draw(st.integers(0, len(self.network.items) - 1))
        self.network.items[at] = replace(self.network.items[at], text=text)

    @precondition(lambda self: self.network.items)
    @rule(data=st.data(), likes=st.integers(0, 5))
    def like(self, data: st.DataObject, likes: int) -> None:
        at = data.draw(st.integers(0, len(self.network.items) - 1))
        self.network.items[at] = replace(self.network.items[at], metrics={"likes": likes})

    @rule(likes=st.integers(0, 5))
    def take_metrics(self, likes: int) -> None:
        kept = list(self.texts)[:3]
        self.archive.keep_metrics(ACCOUNT, {name: {"likes": likes} for name in kept})
        for name in kept:
            if self.counts[name][-1] != {"likes": likes}:
                self.counts[name].append({"likes": likes})

    @rule(pages=st.integers(1, 3))
    def run(self, pages: int) -> None:
        """A run that stops after some pages; 0: one that does not."""
        left = pages or 1_000_000
        for gap in (*self.archive.gaps(ACCOUNT, Stream.POSTS), None):
            current = gap or self.archive.begin(ACCOUNT, Stream.POSTS)
            while left:
                left -= 1
                current = self.keep(current)
                if not current.is_open:
                    break

    @rule()
    def close_pages(self) -> None:
        self.archive.close_pages()

    @rule(point=st.sampled_from(crash.POINTS), beside=st.booleans())
    def die(self, point: str, beside: bool) -> None:
        """A kill somewhere within a page or a closing; then the next process, or one that went on beside."""
        texts = {name: list(found) for name, found in self.texts.items()}
        counts = {name: list(found) for name, found in self.counts.items()}

        def kill(reached: str) -> None:
            if reached == point:
                raise Killed

        survivor = self.archive
        if beside:
            self.archive = open_archive(self.place)
        crash.hook = kill
        try:
            if point == "in_keep":
                self.keep(self.archive.begin(ACCOUNT, Stream.POSTS))
            else:
                self.archive.close_pages()
        except Killed:
            self.texts, self.counts = texts, counts
        crash.hook = None
        self.archive.close()
        self.archive = survivor if beside else open_archive(self.place)

    @rule()
    def rebuild(self) -> None:
        rebuilt = self.archive.rebuild()
        assert rebuilt.before == rebuilt.after

    @rule()
    def lose_the_index(self) -> None:
        self.archive.close_pages()
        root = self.archive.root()
        self.archive.close()
        (self.place / "archive.db").unlink()
        self.archive = open_archive(self.place)
        assert self.archive.root() == root

    @invariant()
    def everything_is_as_the_model_says(self) -> None:
        with self.archive.database.read() as connection:
            assert sorted(ids(self.archive)) == sorted(self.texts)
            for name in list(self.texts)[-6:]:
                shown = reader.show(connection, ACCOUNT, name)
                assert shown is not None
                assert [one.text for one in shown.versions] == self.texts[name]
                assert [one.counts for one in shown.snapshots] == self.counts[name]


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=12, stateful_step_count=20, deadline=None)
