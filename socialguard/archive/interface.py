"""What the archive needs from above, and the values that it gives."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from socialguard.model.activity import Mark, Stream

Progress = Callable[[int, int], None]
"""Is told (done, all) while long work goes on."""

KIND: Final = "archive.segment"
"""The type of the envelope that signs a line of the manifest."""
DESTROYED: Final = "archive.destroyed"
"""The type of the envelope of a line that says that a shelf's key is destroyed."""
GONE: Final = "gone"
"""A tombstone's reason: the network said twice, a day apart, that there is no such item, while it showed
others."""
BY_US: Final = "by_us"
"""A tombstone's reason: a deletion of ours, which the network confirmed."""


def no_progress(done: int, total: int) -> None:
    """Nobody watches."""


class Seal(Protocol):
    """Signs the lines of the manifest, and says whose signature is to be believed."""

    @property
    def key_id(self) -> str:
        """The id of the key that signs here."""
        ...

    def sign(self, kind: str, body: Mapping[str, object]) -> bytes:
        """Return the envelope signature of a body."""
        ...

    def is_signed(self, key_id: str, signature: bytes, kind: str, stored: bytes) -> bool:
        """Return whether a worker of this organisation signed the stored body with that key."""
        ...


@dataclass(frozen=True, slots=True)
class ShelfKey:
    """What is added to a shelf of others is sealed with."""

    id: str
    key: bytes = field(repr=False)


class ShelfKeys(Protocol):
    """Keeps the keys of what other people wrote, apart from the archive's files."""

    def present(self, shelf: str) -> tuple[str, bytes]:
        """Return id and key for what is added to a shelf now; durable before it is returned."""
        ...

    def of(self, shelf: str, key_id: str) -> bytes | None:
        """Return a shelf's key of that id, None where there is none any more; raises NotFound, Locked where this
        machine cannot open any."""
        ...

    def destroy(self, shelf: str) -> int:
        """Destroy all keys of a shelf for good; return how many there were."""
        ...


@dataclass(frozen=True, slots=True)
class Gap:
    """What is still to be read of a stream: from `at` (None: from the newest on) down to `since` (None: to the
    end). `newest` is the newest item of its first page, None before that."""

    account_id: str
    stream: Stream
    number: int
    since: Mark | None
    at: str | None
    newest: Mark | None = None
    is_open: bool = True
    reached_limit: bool = False


@dataclass(frozen=True, slots=True)
class Kept:
    """What a page brought: the gap as it stands now, new items, items that were edited, snapshots of metrics."""

    gap: Gap
    new: int
    changed: int
    snapshots: int


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment as a line of the manifest names it. `root` is the RFC 6962 root over its lines, `sha256` the hash
    of the file, both hex; `number` counts the lines of the manifest from 1; `key_id` is empty where it is not
    sealed."""

    number: int
    shelf: str
    seq_lo: int
    seq_hi: int
    lines: int
    root: str
    sha256: str
    size: int
    line_sha256: str
    key_id: str = ""

    @staticmethod
    def name_of(lo: int, hi: int, root: str, *, is_sealed: bool) -> str:
        """Return the name of a segment's file."""
        return f"{lo}-{hi}-{root}.jsonl.zst{'.sealed' if is_sealed else ''}"

    @property
    def file_name(self) -> str:
        """The name of its file."""
        return self.name_of(self.seq_lo, self.seq_hi, self.root, is_sealed=bool(self.key_id))


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that `verify` found: the file (and line) that it is about, and what is wrong with it."""

    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification looked at, and every problem that it found. `unopened` segments are proven by their
    bytes alone, since this machine has no key to them; `destroyed` are the shelves whose key is destroyed, with
    the time; `plain` segments of others were written before they were sealed."""

    segments: int
    lines: int
    blobs: int
    problems: tuple[Problem, ...]
    unopened: int = 0
    plain: int = 0
    destroyed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The canonical roots (hex) of the index before and after it was made anew; `before` is None where there was
    no index that could be read. `reason` says why it was done by itself: `missing`, `damaged`, `schema`, else
    None."""

    before: str | None
    after: str
    lines: int
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Resealed:
    """How many segments of others were in the clear, and the hashes of the manifest's last line (hex) before they
    were sealed and after."""

    segments: int
    before: str
    after: str
