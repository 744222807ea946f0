"""Pins: what this machine has seen, kept outside the workspace, so that a roll-back of it is noticed.

One small file, sealed under the worker's KEK, replaced atomically and durably: manifest epoch and hash, the
highest generation of each credential, the last checkpointed tree, the freeze counter, a hash of the machine
id. Numbers only rise: a lower one changes nothing. Processes take turns by a lock on a file beside it. (A
roll-back of this whole directory is seen only by an anchor outside the machine.)
"""

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Self

from socialguard import clock, errors
from socialguard.audit.interface import Tree
from socialguard.canon import jcs
from socialguard.store import process
from socialguard.vault import private_files, sealed
from socialguard.vault.kek import Kek

KIND: Final = "pins"
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_TURN_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.002
_FIELDS: Final = frozenset({"host", "manifest", "generations", "tree", "freeze"})


@dataclass(frozen=True, slots=True)
class Seen:
    """What pins hold. `manifest` is (epoch, SHA-256 in 64 hex digits), `generations` by account id, `host`
    the machine's id."""

    host: str = ""
    manifest: tuple[int, str] | None = None
    generations: Mapping[str, int] = field(default_factory=dict)
    tree: Tree | None = None
    freeze: int = 0

    def encode(self) -> bytes:
        """Return the canonical bytes that are sealed."""
        manifest = None if self.manifest is None else {"epoch": self.manifest[0], "sha256": self.manifest[1]}
        tree = self.tree and {
            "incarnation": self.tree.incarnation,
            "size": self.tree.size,
            "root": self.tree.root.hex(),
        }
        return jcs.encode(
            {
                "host": self.host,
                "manifest": manifest,
                "generations": dict(self.generations),
                "tree": tree,
                "freeze": self.freeze,
            }
        )

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return what `encode` wrote; ValueError for anything else."""
        value = jcs.decode(data)
        if not isinstance(value, dict) or set(value) != _FIELDS:
            raise ValueError("pins of another form")
        generations, host = value["generations"], value["host"]
        if not isinstance(generations, dict) or not isinstance(host, str):
            raise ValueError("pins of another form")
        return cls(
            host=host,
            manifest=_manifest(value["manifest"]),
            generations={account: _count(gen) for account, gen in generations.items()},
            tree=_tree(value["tree"]),
            freeze=_count(value["freeze"]),
        )


class Pins:
    """The pins of this machine in one organisation. Fulfils `audit.interface.TreePin`.

    Every method reads the file anew, since other processes write it. No pin ever goes back: what is lower than
    was seen changes nothing, for another process may have pinned its newer work first, and whoever reads a
    workspace holds it against the pins before. All raise NotAdopted, Tampered and Unreadable as `open`; those
    that pin also DiskFull, and Busy after 10 seconds behind another process."""

    def __init__(self, path: Path, org: str, kek: Kek) -> None:
        self._path = path
        self._org = org
        self._kek = kek
        self._known: tuple[object, Seen] | None = None

    def __repr__(self) -> str:
        return f"Pins({self._org})"

    @classmethod
    def open(cls, path: Path, org: str, kek: Kek) -> Self:
        """Return the pins in the file at `path`.

        Raises NotAdopted if they are missing or of another machine, Unreadable if others could open them,
        Tampered if they were changed or name another KEK."""
        pins = cls(path, org, kek)
        pins._read()
        return pins

    @classmethod
    def adopt(cls, path: Path, org: str, kek: Kek, seen: Seen | None = None) -> Self:
        """Write pins of this machine in place of whatever was there, and return them.

        `seen` (default: nothing yet) is what they hold, its `host` excepted. This is the one way back for a
        number; the reasoned and logged act is the caller's."""
        pins = cls(path, org, kek)
        with pins.alone():
            pins._write(replace(seen or Seen(), host=process.host_id()))
        return pins

    def manifest(self) -> tuple[int, str] | None:
        """Return epoch and SHA-256 (64 hex digits) of the newest manifest seen, None before the first."""
        return self._read().manifest

    def pin_manifest(self, epoch: int, sha256: str) -> None:
        """Remember a manifest; Tampered for another manifest of the epoch that is pinned."""
        _hash(sha256)

        def raised(seen: Seen) -> Seen:
            if seen.manifest and _differs((epoch, sha256), seen.manifest):
                raise _forked("The manifest", f"another epoch {epoch} was seen before.")
            if seen.manifest and epoch < seen.manifest[0]:
                return seen
            return replace(seen, manifest=(epoch, sha256))

        self._change(raised)

    def generation(self, account: str) -> int:
        """Return the highest generation seen of an account's credential, 0 before the first."""
        return self._read().generations.get(account, 0)

    def pin_generation(self, account: str, gen: int) -> None:
        """Remember a credential's generation."""
        self.pin_generations({account: gen})

    def pin_generations(self, generations: Mapping[str, int]) -> None:
        """Remember the generations of several credentials, by account, in one write."""

        def raised(seen: Seen) -> Seen:
            known = seen.generations
            newer = {account: max(gen, known.get(account, 0)) for account, gen in generations.items()}
            return replace(seen, generations={**known, **newer})

        self._change(raised)

    def pinned_tree(self) -> Tree | None:
        """Return the tree that was pinned last, None before the first."""
        return self._read().tree

    def pin_tree(self, tree: Tree) -> None:
        """Remember a checkpointed tree; Tampered for another root at the size that is pinned. That it extends
        the pinned tree is for the audit log to prove."""
        _hash(tree.root.hex())

        def raised(seen: Seen) -> Seen:
            old = seen.tree
            if old is None:
                return replace(seen, tree=tree)
            if _differs((tree.incarnation, tree.size, tree.root), (old.incarnation, old.size, old.root)):
                raise _forked("The audit log", f"another tree of {old.size} entries was seen before.")
            older = (tree.incarnation, tree.size) < (old.incarnation, old.size)
            return seen if older else replace(seen, tree=tree)

        self._change(raised)

    def freeze_count(self) -> int:
        """Return how many freezes and thaws were seen."""
        return self._read().freeze

    def pin_freeze(self, count: int) -> None:
        """Remember the freeze counter."""

        def raised(seen: Seen) -> Seen:
            return replace(seen, freeze=max(count, seen.freeze))

        self._change(raised)

    def _change(self, raised: Callable[[Seen], Seen]) -> None:
        with self.alone():
            seen = self._read()
            new = raised(seen)
            if new != seen:
                self._write(new)

    def _read(self) -> Seen:
        """Return what the file holds now; it is opened again only where it is another one than the last, since it
        is replaced and never written in place."""
        state = private_files.state(self._path)
        if self._known is None or state is None or self._known[0] != state:
            self._known = (state, self._opened())
        return self._known[1]

    def _opened(self) -> Seen:
        try:
            file = sealed.read(self._path, self._org, KIND)
        except FileNotFoundError:
            raise errors.NotAdopted(detail="its pins are missing here.") from None
        if file.header.source != self._kek.source:
            raise errors.Tampered(what=f"The file {self._path}", detail="it names another source of its KEK.")
        try:
            seen = Seen.decode(file.open(self._kek))
        except ValueError:
            raise errors.Tampered(what=f"The file {self._path}", detail="it does not hold pins.") from None
        if seen.host != process.host_id():
            raise errors.NotAdopted(detail="its pins were made on another machine.")
        return seen

    def _write(self, seen: Seen) -> None:
        header = sealed.Header(self._org, KIND, "", self._kek.source)
        private_files.replace(self._path, sealed.seal(header, seen.encode(), self._kek))
        # Nobody else writes meanwhile (`_turn`): what lies there now is this.
        self._known = (private_files.state(self._path), seen)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Let no other process or thread change them meanwhile: each opens the lock file for itself."""
        path = self._path.with_name(f"{self._path.name}.lock")
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            descriptor = os.open(path, flags, private_files.FILE_MODE)
        except FileNotFoundError:
            raise errors.NotAdopted(detail="its identity directory is missing here.") from None
        except OSError as problem:
            raise private_files.unwritable(path, problem) from None
        try:
            give_up = clock.monotonic() + _TURN_SECONDS
            while not _locked(descriptor):
                if clock.monotonic() > give_up:  # a stopped process may hold it
                    raise errors.Busy(what=f"The file {self._path}")
                clock.pause(_POLL_SECONDS)
            yield
        finally:
            os.close(descriptor)


def _locked(descriptor: int) -> bool:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _differs(new: tuple[object, ...], old: tuple[object, ...]) -> bool:
    """Whether two pins of the same position (all but the last item) hold different hashes."""
    return new[:-1] == old[:-1] and new[-1] != old[-1]


def _forked(what: str, detail: str) -> errors.Tampered:
    return errors.Tampered(what=what, detail=detail)


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError("a count is an integer from 0")
    return value


def _hash(value: object) -> bytes:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise ValueError("a SHA-256 is 64 lower-case hex digits")
    return bytes.fromhex(value)


def _manifest(value: object) -> tuple[int, str] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"epoch", "sha256"}:
        raise ValueError("a pinned manifest of another form")
    return _count(value["epoch"]), _hash(value["sha256"]).hex()


def _tree(value: object) -> Tree | None:
    if value is None:
        return None
    if not isinstance(value, dict) or set(value) != {"incarnation", "size", "root"}:
        raise ValueError("a pinned tree of another form")
    return Tree(_count(value["incarnation"]), _count(value["size"]), _hash(value["root"]))
