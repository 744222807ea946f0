"""Pins: they remember, they only rise, and they belong to one machine."""

import multiprocessing
import os
import time
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from socialguard import clock, errors
from socialguard.audit.interface import Tree, TreePin
from socialguard.canon import jcs
from socialguard.registry.interface import ManifestPin
from socialguard.store import process
from socialguard.vault import kek, pins
from socialguard.vault.kek import Kind
from socialguard.vault.pins import Pins, Seen
from tests.vault.identities import ORG, Place, made

A, B = "a1" * 32, "b2" * 32
ROOT_A, ROOT_B = bytes.fromhex(A), bytes.fromhex(B)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return made(tmp_path / "identity")


@pytest.fixture
def pinned(place: Place) -> Pins:
    return place.open().pins(None)


def test_new_pins_have_seen_nothing(pinned: Pins) -> None:
    manifest_pin: ManifestPin = pinned
    tree_pin: TreePin = pinned
    assert manifest_pin.manifest() is None
    assert tree_pin.pinned_tree() is None
    assert pinned.generation("a-1") == 0
    assert pinned.freeze_count() == 0


def test_what_was_pinned_is_there_for_another_process(place: Place, pinned: Pins) -> None:
    pinned.pin_manifest(3, A)
    pinned.pin_generation("a-1", 7)
    pinned.pin_tree(Tree(1, 100, ROOT_A))
    pinned.pin_freeze(2)
    other = place.open().pins(None)
    assert other.manifest() == (3, A)
    assert (other.generation("a-1"), other.generation("a-2")) == (7, 0)
    assert other.pinned_tree() == Tree(1, 100, ROOT_A)
    assert other.freeze_count() == 2


def test_what_is_lower_than_was_seen_changes_nothing(pinned: Pins) -> None:
    pinned.pin_manifest(3, A)
    pinned.pin_generation("a-1", 7)
    pinned.pin_tree(Tree(2, 100, ROOT_A))
    pinned.pin_freeze(2)
    pinned.pin_manifest(2, A)
    pinned.pin_generation("a-1", 6)
    pinned.pin_tree(Tree(2, 99, ROOT_A))
    pinned.pin_tree(Tree(1, 500, ROOT_A))
    pinned.pin_freeze(1)
    assert pinned.generation("a-1") == 7
    assert pinned.freeze_count() == 2
    assert pinned.manifest() == (3, A)
    assert pinned.pinned_tree() == Tree(2, 100, ROOT_A)


def test_one_place_never_holds_two_hashes(pinned: Pins) -> None:
    pinned.pin_manifest(3, A)
    pinned.pin_tree(Tree(1, 100, ROOT_A))
    with pytest.raises(errors.Tampered):
        pinned.pin_manifest(3, B)
    with pytest.raises(errors.Tampered):
        pinned.pin_tree(Tree(1, 100, ROOT_B))
    pinned.pin_manifest(3, A)
    pinned.pin_tree(Tree(1, 100, ROOT_A))


def test_a_new_incarnation_may_be_shorter(pinned: Pins) -> None:
    pinned.pin_tree(Tree(1, 100, ROOT_A))
    pinned.pin_tree(Tree(2, 1, ROOT_B))
    assert pinned.pinned_tree() == Tree(2, 1, ROOT_B)


class _Rising(RuleBasedStateMachine):
    """Against a model: a pin holds the highest that was ever pinned, whatever the order."""

    place: Place

    @initialize()
    def start(self) -> None:
        self.pins = Pins.adopt(self.place.directory / "pins", ORG, self.place.kek)
        self.generations: dict[str, int] = {}
        self.epoch = -1
        self.freeze = 0
        self.tree = (-1, -1)

    @rule(account=st.sampled_from(["a-1", "a-2"]), gen=st.integers(0, 5))
    def generation(self, account: str, gen: int) -> None:
        self.pins.pin_generation(account, gen)
        self.generations[account] = max(gen, self.generations.get(account, 0))
        assert self.pins.generation(account) == self.generations[account]

    @rule(epoch=st.integers(0, 5))
    def manifest(self, epoch: int) -> None:
        self.pins.pin_manifest(epoch, A)
        self.epoch = max(epoch, self.epoch)
        assert self.pins.manifest() == (self.epoch, A)

    @rule(count=st.integers(0, 5))
    def stop(self, count: int) -> None:
        self.pins.pin_freeze(count)
        self.freeze = max(count, self.freeze)
        assert self.pins.freeze_count() == self.freeze

    @rule(incarnation=st.integers(0, 3), size=st.integers(0, 5))
    def grow(self, incarnation: int, size: int) -> None:
        self.pins.pin_tree(Tree(incarnation, size, ROOT_A))
        self.tree = max((incarnation, size), self.tree)
        assert self.pins.pinned_tree() == Tree(*self.tree, ROOT_A)


def test_pins_rise_as_the_model_says(place: Place) -> None:
    machine = type("Rising", (_Rising,), {"place": place})
    run_state_machine_as_test(machine, settings=settings(max_examples=25, stateful_step_count=20, deadline=None))


def test_missing_pins_are_a_machine_that_has_not_adopted(place: Place) -> None:
    (place.directory / "pins").unlink()
    with pytest.raises(errors.NotAdopted) as refusal:
        place.open().pins(None)
    assert "workspace adopt" in refusal.value.what_to_do()


def test_pins_that_vanish_while_we_run_are_not_made_again(place: Place, pinned: Pins) -> None:
    (place.directory / "pins").unlink()
    with pytest.raises(errors.NotAdopted):
        pinned.pin_freeze(1)
    assert not (place.directory / "pins").exists()


def test_pins_that_others_may_open_meanwhile_are_refused(place: Place, pinned: Pins) -> None:
    assert pinned.freeze_count() == 0
    (place.directory / "pins").chmod(0o644)
    with pytest.raises(errors.Unreadable):
        pinned.freeze_count()


def test_pins_of_another_machine_are_refused(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "host_id", lambda: "f" * 32)
    with pytest.raises(errors.NotAdopted, match="another machine"):
        place.open().pins(None)


def test_adopting_writes_what_is_known_for_this_machine_at_once(
    place: Place, pinned: Pins, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned.pin_manifest(9, B)
    monkeypatch.setattr(process, "host_id", lambda: "f" * 32)
    adopted = place.open().adopt_pins(None, Seen(manifest=(4, A), generations={"a-1": 2}, tree=Tree(1, 5, ROOT_A)))
    assert adopted.manifest() == (4, A)
    again = place.open().pins(None)
    assert (again.generation("a-1"), again.pinned_tree(), again.freeze_count()) == (2, Tree(1, 5, ROOT_A), 0)


def test_an_older_copy_of_the_pins_reads_as_what_it_was(place: Place, pinned: Pins) -> None:
    """What the formats say is not seen here: only an anchor outside notices this roll-back."""
    pinned.pin_generation("a-1", 1)
    older = (place.directory / "pins").read_bytes()
    pinned.pin_generation("a-1", 2)
    (place.directory / "pins").write_bytes(older)
    assert place.open().pins(None).generation("a-1") == 1


def test_every_pin_is_sealed_anew_and_leaves_nothing_behind(place: Place, pinned: Pins) -> None:
    boxes = set()
    for count in range(1, 6):
        pinned.pin_freeze(count)
        boxes.add((place.directory / "pins").read_bytes())
    assert len(boxes) == 5
    names = {each.name for each in place.directory.iterdir()}
    assert names == {"member.key", "worker.key", "log.key", "pins", "pins.lock"}


def test_what_a_crash_left_beside_the_pins_does_no_harm(place: Place, pinned: Pins) -> None:
    (place.directory / ".pins.new").write_bytes(b"half")
    pinned.pin_freeze(1)
    assert pinned.freeze_count() == 1
    assert not (place.directory / ".pins.new").exists()


def test_an_unchanged_pin_is_not_written(place: Place, pinned: Pins) -> None:
    pinned.pin_freeze(1)
    before = (place.directory / "pins").stat().st_mtime_ns
    pinned.pin_freeze(1)
    assert (place.directory / "pins").stat().st_mtime_ns == before


def test_a_pin_is_on_the_disk_before_its_name_is_changed(pinned: Pins, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    real_sync, real_replace = os.fsync, Path.replace

    def sync(descriptor: int) -> None:
        seen.append("directory" if Path(f"/proc/self/fd/{descriptor}").resolve().is_dir() else "file")
        real_sync(descriptor)

    def rename(self: Path, target: Path) -> Path:
        seen.append("rename")
        return real_replace(self, target)

    monkeypatch.setattr(os, "fsync", sync)
    monkeypatch.setattr(Path, "replace", rename)
    pinned.pin_freeze(1)
    assert seen == ["file", "rename", "directory"]


def test_a_full_disk_keeps_the_old_pins(place: Place, pinned: Pins, monkeypatch: pytest.MonkeyPatch) -> None:
    pinned.pin_freeze(1)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(errors.DiskFull):
        pinned.pin_freeze(2)
    monkeypatch.undo()
    assert pinned.freeze_count() == 1
    assert not (place.directory / ".pins.new").exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[]", jcs.encode({"host": 1, "manifest": None, "generations": {}, "tree": None, "freeze": 0})],
)
def test_sealed_bytes_that_are_no_pins_are_refused(place: Place, content: bytes) -> None:
    from socialguard.vault import sealed

    header = sealed.Header(ORG, pins.KIND, "", place.kek.source)
    (place.directory / "pins").write_bytes(sealed.seal(header, content, place.kek))
    with pytest.raises(errors.Tampered):
        place.open().pins(None)


def test_pins_under_another_kek_are_refused(place: Place, tmp_path: Path) -> None:
    other = kek.create_kek(Kind.FILE, str(tmp_path / "other"))
    Pins.adopt(place.directory / "pins", ORG, other)
    with pytest.raises(errors.Tampered, match="another source"):
        place.open().pins(None)


def test_pins_of_no_hash_are_a_mistake_of_the_caller(pinned: Pins) -> None:
    for value in ("", "A" * 64, "a" * 63):
        with pytest.raises(ValueError, match="hex"):
            pinned.pin_manifest(1, value)
    with pytest.raises(ValueError, match="hex"):
        pinned.pin_tree(Tree(1, 1, b"short"))


def _count_up(base: Path, account: str, up_to: int) -> None:
    """Run in another process: raise one account's generation step by step."""
    from socialguard.vault import identity

    mine = identity.open_identity(base, ORG).pins(None)
    for gen in range(1, up_to + 1):
        mine.pin_generation(account, gen)


def test_processes_do_not_lose_each_others_pins(place: Place) -> None:
    context = multiprocessing.get_context("spawn")
    accounts = ["a-1", "a-2", "a-3"]
    workers = [context.Process(target=_count_up, args=(place.base, account, 25)) for account in accounts]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
        assert worker.exitcode == 0
    pinned = place.open().pins(None)
    assert [pinned.generation(account) for account in accounts] == [25, 25, 25]


def test_a_stopped_process_that_holds_the_pins_does_not_stop_us_for_ever(
    place: Place, pinned: Pins, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    moments = iter(range(0, 1000, 4))
    monkeypatch.setattr(clock, "monotonic", lambda: float(next(moments)))
    monkeypatch.setattr(clock, "pause", lambda _seconds: None)
    with (place.directory / "pins.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(errors.Busy):
            pinned.pin_freeze(1)
        assert pinned.freeze_count() == 0  # reading needs no turn


def test_a_pin_works_for_less_than_two_milliseconds_besides_its_two_syncs(pinned: Pins) -> None:
    costs = []
    for count in range(1, 40):
        started = time.thread_time()  # not the disk, which other tests share
        pinned.pin_freeze(count)
        costs.append(time.thread_time() - started)
    assert sorted(costs)[len(costs) // 2] < 0.020
