"""MANIFEST.jsonl: which segments there are, a signed line each, chained by hash; HEAD: its last line once more.

A line is JCS `{v, shelf, seq_lo, seq_hi, n, root, sha256, size, prev, key, signature}`; that of a sealed segment
(v 2) has `shelf_key`, too, the id of what it opens with. A line `{v, destroyed, at, prev, key, signature}` says
that the key of a shelf is destroyed, and since when. `prev` is the SHA-256 of the line before, as stored (64 zeros
in the first), so that the last signature covers all lines. A line is signed before it is appended: a kill leaves a
whole line, part of one (dropped later), or none. HEAD is replaced after that, and tells when the end of the
manifest is lost."""

import hashlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from socialguard import clock, errors
from socialguard.archive import crash
from socialguard.archive.interface import DESTROYED, KIND, Problem, Seal, Segment
from socialguard.archive.segments import sync_directory
from socialguard.canon import jcs
from socialguard.model import bounded

PLAIN: Final = 1
SEALED: Final = 2
"""Versions of a line."""
FILE: Final = "MANIFEST.jsonl"
HEAD: Final = "HEAD"
FIRST: Final = "0" * 64

_LARGEST: Final = 1 << 30  # two million lines

_UNSIGNED: Final = "no worker of this organisation signed it as it is"
_LOOSE: Final = "it does not follow the line before it: lines were lost or moved"

_FIELDS: Final = frozenset(
    {"v", "shelf", "seq_lo", "seq_hi", "n", "root", "sha256", "size", "prev", "key", "signature"}
)
_FIELDS_SEALED: Final = _FIELDS | {"shelf_key"}
_FIELDS_DESTROYED: Final = frozenset({"v", "destroyed", "at", "prev", "key", "signature"})
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_KEY_ID: Final = re.compile(r"[0-9a-f]{32}")
_SHELF: Final = re.compile(r"own|others/[!-.0-~]{1,64}/[0-9]{4}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest as read. `destroyed` are the shelves whose key is destroyed, by when (`lines` in all); `torn`
    is how many bytes behind its last whole line a kill may have left; `lags` whether HEAD is not its last line, as
    a kill may have left it too."""

    segments: tuple[Segment, ...]
    destroyed: Mapping[str, str]
    lines: int
    problems: tuple[Problem, ...]
    torn: int
    lags: bool
    last: bytes
    """The last line, empty where there is none."""

    @property
    def prev(self) -> str:
        """What the next line names as the one before."""
        return hash_of(self.last) if self.last else FIRST


def line_of(seal: Seal, segment: Mapping[str, object], prev: str) -> bytes:
    """Return the signed line of a segment, without its line break."""
    version = SEALED if "shelf_key" in segment else PLAIN
    return _signed(seal, KIND, {**segment, "v": version}, prev)


def destroyed_line(seal: Seal, shelf: str, at: str, prev: str) -> bytes:
    """Return the signed line that says that the key of a shelf is destroyed."""
    return _signed(seal, DESTROYED, {"v": SEALED, "destroyed": shelf, "at": at}, prev)


def _signed(seal: Seal, kind: str, body: Mapping[str, object], prev: str) -> bytes:
    whole: dict[str, object] = {**body, "prev": prev, "key": seal.key_id}
    return jcs.encode({**whole, "signature": jcs.b64(seal.sign(kind, whole))})


def hash_of(line: bytes) -> str:
    """Return what the next line names as `prev`."""
    return hashlib.sha256(line).hexdigest()


def segment_of(number: int, line: bytes) -> Segment:
    """Return the segment that a line of our own writing names."""
    body = _parsed(line)
    assert body is not None
    return _segment(number, line, body)


def append(place: Path, lines: Sequence[bytes]) -> None:
    """Append lines durably in one write, then make the last one the head."""
    target = place / FILE
    descriptor = os.open(target, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(b"".join(line + b"\n" for line in lines))
        file.flush()
        os.fsync(descriptor)
    sync_directory(place)
    crash.at("manifest_appended")
    set_head(place, lines[-1])


def set_head(place: Path, line: bytes) -> None:
    """Replace the head durably."""
    part = place / f"{HEAD}.part"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(line + b"\n")
        file.flush()
        os.fsync(descriptor)
    part.replace(place / HEAD)
    sync_directory(place)


def read(place: Path, seal: Seal) -> Manifest:
    """Read the manifest and everything that is wrong with it; the signature of the last line covers all."""
    data, problems = _bytes(place / FILE), []
    whole, _newline, torn = data.rpartition(b"\n")
    stored = whole.split(b"\n") if whole else []
    segments: list[Segment] = []
    destroyed: dict[str, str] = {}
    wrong: dict[int, str] = {}
    for number, line in enumerate(stored, start=1):
        body = _parsed(line)
        if body is None:
            wrong[number] = "it is not a line that this program writes"
            continue
        if "destroyed" in body:
            destroyed.setdefault(str(body["destroyed"]), str(body["at"]))
        else:
            segments.append(_segment(number, line, body))
        if body["prev"] != (hash_of(stored[number - 2]) if number > 1 else FIRST):
            # Of the two one was changed, unless both are as they were signed: then others are gone.
            changed = [each for each in (number - 1, number) if each and not _is_signed(stored[each - 1], seal)]
            wrong.setdefault(*((changed[0], _UNSIGNED) if changed else (number, _LOOSE)))
    if stored and not _is_signed(stored[-1], seal):
        wrong.setdefault(len(stored), _UNSIGNED)
    problems += [Problem(f"{FILE} line {number}", what) for number, what in sorted(wrong.items())]
    head = _bytes(place / HEAD)
    problems += _head_problems(head, stored, seal)
    problems += _order_problems(segments) if not problems else []
    last = stored[-1] if stored else b""
    lags = head != last + b"\n" * bool(last)
    return Manifest(tuple(segments), destroyed, len(stored), tuple(problems), len(torn), lags, last)


def newest(place: Path) -> str | None:
    """Return the hash of the last line, as HEAD tells, without reading the manifest; None where there is none."""
    head = _bytes(place / HEAD)
    return hash_of(head.removesuffix(b"\n")) if head else None


def end(place: Path) -> str | None:
    """Return the hash of the last line, without reading those before it; None where the file does not end with
    just the line that HEAD says."""
    head = _bytes(place / HEAD)
    try:
        with bounded.opened(place / FILE) as file:
            before = os.fstat(file.fileno()).st_size - len(head)
            if not head.endswith(b"\n") or before < 0:
                return None
            file.seek(max(0, before - 1))
            found = file.read(len(head) + 1)
    except OSError:
        return None  # whoever reads all of it says why
    return hash_of(head[:-1]) if found == b"\n" * bool(before) + head else None


def is_newer(place: Path, age: timedelta) -> bool:
    """Return whether the last closing is less than `age` ago, by the machine's clock of now and then."""
    try:
        seconds = clock.machine().timestamp() - (place / HEAD).stat().st_mtime
    except OSError:
        return False
    return 0 <= seconds < age.total_seconds()


def drop_torn_end(place: Path, torn: int) -> None:
    """Cut off part of a line that a kill left behind the last whole one."""
    if torn:
        target = place / FILE
        os.truncate(target, target.stat().st_size - torn)


def _head_problems(head: bytes, stored: Sequence[bytes], seal: Seal) -> list[Problem]:
    """What is wrong with HEAD, but that it is behind or not there yet (`Manifest.lags`)."""
    line = head.removesuffix(b"\n")
    if not head:
        return []
    if not head.endswith(b"\n") or not _is_signed(line, seal):
        return [Problem(HEAD, _UNSIGNED)]
    if line not in stored:
        return [Problem(FILE, "its end is missing: HEAD names a line that it does not have")]
    return []


def _order_problems(segments: Sequence[Segment]) -> list[Problem]:
    """Segments of one shelf hold pages in rising order."""
    highest: dict[str, int] = {}
    problems = []
    for one in segments:
        if not highest.get(one.shelf, 0) < one.seq_lo <= one.seq_hi:
            problems.append(Problem(f"{FILE} line {one.number}", "it names pages that an earlier line has"))
        highest[one.shelf] = one.seq_hi
    return problems


def _is_signed(line: bytes, seal: Seal) -> bool:
    body = _parsed(line)
    if body is None:
        return False
    signature = jcs.unb64(str(body.pop("signature")))
    # Canonical bytes were decoded, so this is the body as stored.
    kind = DESTROYED if "destroyed" in body else KIND
    return seal.is_signed(str(body["key"]), signature, kind, jcs.encode(body))


def _parsed(line: bytes) -> dict[str, object] | None:
    try:
        body = jcs.decode(line)
        if not isinstance(body, dict):
            return None
        jcs.unb64(body["signature"] if isinstance(body.get("signature"), str) else "!")
    except jcs.NotCanonical:
        return None
    if not (_is_hash(body, "prev") and isinstance(body.get("key"), str)):
        return None
    if "destroyed" in body:
        return body if _says_destroyed(body) else None
    return body if _names_segment(body) else None


def _names_segment(body: Mapping[str, object]) -> bool:
    fields = _FIELDS_SEALED if "shelf_key" in body else _FIELDS
    version = SEALED if "shelf_key" in body else PLAIN
    if set(body) != fields or body["v"] != version or not _matches(_SHELF, body["shelf"]):
        return False
    numbers = [body[name] for name in ("seq_lo", "seq_hi", "n", "size")]
    if not all(type(one) is int and one >= 0 for one in numbers):
        return False
    return _is_hash(body, "root", "sha256") and _matches(_KEY_ID, body.get("shelf_key", "0" * 32))


def _says_destroyed(body: Mapping[str, object]) -> bool:
    shelf, at = body["destroyed"], body.get("at")
    if set(body) != _FIELDS_DESTROYED or body["v"] != SEALED or not isinstance(at, str):
        return False
    try:
        jcs.parse_timestamp(at)
    except jcs.BadTimestamp:
        return False
    return shelf != "own" and _matches(_SHELF, shelf)


def _is_hash(body: Mapping[str, object], *names: str) -> bool:
    return all(_matches(_HEX, body.get(name)) for name in names)


def _matches(form: "re.Pattern[str]", value: object) -> bool:
    return isinstance(value, str) and form.fullmatch(value) is not None


def _segment(number: int, line: bytes, body: Mapping[str, object]) -> Segment:
    lo, hi, lines, size = (int(str(body[name])) for name in ("seq_lo", "seq_hi", "n", "size"))
    shelf, root, sha256 = (str(body[name]) for name in ("shelf", "root", "sha256"))
    return Segment(number, shelf, lo, hi, lines, root, sha256, size, hash_of(line), str(body.get("shelf_key", "")))


def _bytes(path: Path) -> bytes:
    try:
        return bounded.read_whole(path, _LARGEST)
    except FileNotFoundError:
        return b""
    except OSError as problem:
        raise errors.Unreadable(path=path.name, detail=problem.strerror or "it cannot be opened.") from None
