"""Killed at any instant, an archive loses nothing and keeps nothing twice."""

import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from socialguard.archive import closing, crash
from socialguard.archive.archive import Archive
from socialguard.model.activity import Stream
from tests.archive.world import ACCOUNT, Network, back_up, ids, item, open_archive

ITEMS = 2_000
KILLS = 20
PAGE = 10

RUN = """
import sys
from pathlib import Path
from socialguard.archive import closing, crash
from tests.archive.test_kills import PAGE
from tests.archive.world import Network, back_up, open_archive

def told(point):
    print(point, flush=True)
    if paced:
        sys.stdin.readline()

paced = sys.argv[2] == "paced"
closing.MAX_LINES = 100
archive = open_archive(Path(sys.argv[1]))
network = Network(page_size=PAGE)
network.post(int(sys.argv[3]))
crash.hook = told
back_up(archive, network)
archive.close_pages()
archive.verify()
archive.close()
print("done", flush=True)
"""


class Killed(BaseException):
    """Stands for the end of a process: nothing catches it."""


def test_a_backup_killed_twenty_times_is_whole_in_the_end(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, random.Random(20), KILLS, ITEMS)
    archive = open_archive(tmp_path)
    require_whole(archive, ITEMS)
    archive.close()


def kill_again_and_again(place: Path, chance: random.Random, kills: int, items: int) -> None:
    """Begin a backup of so many items and kill it, as often as told; then let one run to its end."""
    most = max(2, 2 * items // PAGE // kills)  # it must not be done before the last kill
    for _ in range(kills):
        started = [sys.executable, "-c", RUN, str(place), "paced", str(items)]
        with subprocess.Popen(started, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
            assert running.stdin is not None
            assert running.stdout is not None
            for _ in range(chance.randint(1, min(20, most))):
                assert running.stdout.readline() != "done\n"
                running.stdin.write("\n")
                running.stdin.flush()
            running.kill()  # it goes on meanwhile, and dies wherever it is by then
    last = [sys.executable, "-c", RUN, str(place), "free", str(items)]
    assert subprocess.run(last, stdout=subprocess.PIPE, text=True, check=True).stdout.endswith("done\n")


def run_once(archive: Archive, network: Network) -> None:
    """One run of a backup."""
    back_up(archive, network)
    archive.close_pages()


def require_whole(archive: Archive, count: int) -> None:
    """Nothing missing, nothing twice, no open gap, all proven, and the same again from the segments."""
    assert sorted(map(int, ids(archive))) == list(range(1, count + 1))
    assert archive.gaps(ACCOUNT, Stream.POSTS) == ()
    archive.close_pages()
    found = archive.verify()
    assert found.problems == ()
    assert len(stored_ids(archive)) == count
    rebuilt = archive.rebuild()
    assert rebuilt.before == rebuilt.after


def stored_ids(archive: Archive) -> list[str]:
    """The ids of all items in all segments, as often as they are there."""
    from socialguard.archive import lines

    files = archive._files
    found = [lines.read(line) for one in files.manifest().segments for line in files.read(one)]
    return [line.item for line in found if line.kind == "item"]


@pytest.fixture
def _points() -> Iterator[None]:
    yield
    crash.hook = None


@pytest.mark.usefixtures("_points")
@pytest.mark.parametrize("times", [1, 2, 3])
@pytest.mark.parametrize("point", crash.POINTS)
def test_a_kill_at_a_point_is_made_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, point: str, times: int
) -> None:
    monkeypatch.setattr(closing, "MAX_LINES", 15)
    network = Network()
    network.post(60)
    network.items[10:20] = [item(number, own=False) for number in range(11, 21)]  # what others wrote
    left = times

    def kill(reached: str) -> None:
        nonlocal left
        left -= reached == point
        if left == 0 and reached == point:
            raise Killed

    archive = open_archive(tmp_path)
    crash.hook = kill
    with pytest.raises(Killed):
        run_once(archive, network)
    crash.hook = None
    archive.close()
    archive = open_archive(tmp_path)
    assert archive.verify().problems == ()
    back_up(archive, network)
    require_whole(archive, 60)
    archive.close()


@pytest.mark.usefixtures("_points")
@pytest.mark.parametrize("torn", [1, 40, 300])
def test_half_a_line_of_the_manifest_is_dropped(tmp_path: Path, torn: int) -> None:
    network = Network()
    network.post(20)
    archive = open_archive(tmp_path)
    back_up(archive, network)
    archive.close_pages()
    network.post(20)
    back_up(archive, network)

    def kill(reached: str) -> None:
        if reached == "manifest_appended":
            raise Killed

    crash.hook = kill
    with pytest.raises(Killed):
        archive.close_pages()
    crash.hook = None
    archive.close()
    manifest = tmp_path / "archive" / "MANIFEST.jsonl"
    manifest.write_bytes(manifest.read_bytes()[:-torn])
    archive = open_archive(tmp_path)
    assert archive.verify().problems == ()
    require_whole(archive, 40)
    archive.close()


def test_two_readers_of_one_gap_keep_a_page_once(tmp_path: Path) -> None:
    from socialguard import errors

    network = Network()
    network.post(30)
    archive = open_archive(tmp_path)
    gap = archive.begin(ACCOUNT, Stream.POSTS)
    archive.keep(gap, network.page(None, None))
    with pytest.raises(errors.Busy):
        archive.keep(gap, network.page(None, None))
    (again,) = archive.gaps(ACCOUNT, Stream.POSTS)
    archive.keep(again, network.page(again.since, again.at))
    with pytest.raises(errors.Busy):
        archive.keep(again, network.page(again.since, again.at))
    archive.close()
