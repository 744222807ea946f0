"""The identity directory of one organisation on this machine: who we are here, sealed under a KEK.

    <identity base>/<org id>/member.key   a person's key pair
                             worker.key   the key pair that sends
                             log.key      the key that signs checkpoints (`log.key.next`: one that was offered)
                             pins         what this machine has seen (`vault.pins`)

Opening the directory reads headers only. A secret is opened when it is asked for; each KEK once in a process,
since a passphrase costs work. The worker's KEK opens worker, log and pins, never the member: a daemon that
has only that KEK cannot act as a person.
"""

import contextlib
import secrets
import shutil
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from socialguard import errors
from socialguard.model.text import marked
from socialguard.vault import kernel, private_files, rekeying, sealed
from socialguard.vault.kek import AskPassphrase, Kek, Kind, Source, open_kek
from socialguard.vault.keys import KeyPair, LogKey
from socialguard.vault.pins import Pins, Seen

MEMBER: Final = "member"
WORKER: Final = "worker"
LOG: Final = "log"

_FILES: Final[Mapping[str, str]] = {MEMBER: "member.key", WORKER: "worker.key", LOG: "log.key"}
# Where the workspace was founded, the same without its person, a person who joined, a worker that joined.
_KINDS_OF_MACHINE: Final = ({MEMBER, WORKER, LOG}, {WORKER, LOG}, {MEMBER}, {WORKER})
_WORDS: Final[Mapping[str, str]] = {MEMBER: marked("member"), WORKER: marked("worker"), LOG: marked("log")}
_PINS_FILE: Final = "pins"
_LOG_BEFORE: Final = "log.key.before"
_LOG_NEXT: Final = rekeying.LOG_NEXT
_Key = TypeVar("_Key", KeyPair, LogKey)
_ORG_CHARACTERS: Final = frozenset("0123456789abcdefghijklmnopqrstuvwxyz-_")


@dataclass(frozen=True, slots=True)
class PublicHalves:
    """The public keys (32 bytes each) that a header names. Not proof: the manifest says whose they are."""

    ed25519: bytes
    x25519: bytes


def create(
    base: Path,
    org: str,
    kek: Kek,
    member: KeyPair,
    worker: KeyPair,
    log_key: LogKey,
    member_id: str,
    worker_id: str,
    *,
    worker_kek: Kek | None = None,
) -> None:
    """Write the identity directory of `org`, whole or not at all, with pins that have seen nothing yet.

    `kek` seals the member's keys, `worker_kek` (default: the same) everything else. Raises UsageError if
    there is an identity of this organisation already, DiskFull, or SocialGuardError where it cannot be
    written."""
    place = directory(base, org)
    theirs = worker_kek or kek
    private_files.make_directory(base)
    beside = base / f".{org}.{secrets.token_hex(4)}"
    private_files.make_directory(beside)
    try:
        for kind, id, key, seal_with in ((MEMBER, member_id, member, kek), (WORKER, worker_id, worker, theirs)):
            header = sealed.Header(org, kind, id, seal_with.source, key.ed25519, key.x25519)
            private_files.replace(beside / _FILES[kind], sealed.seal(header, key.to_bytes(), seal_with))
        header = sealed.Header(org, LOG, log_key.key_id, theirs.source, log_key.public)
        private_files.replace(beside / _FILES[LOG], sealed.seal(header, log_key.to_bytes(), theirs))
        Pins.adopt(beside / _PINS_FILE, org, theirs)
        _move_into_place(beside, place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def create_one(
    base: Path, org: str, kek: Kek, kind: str, id: str, pair: KeyPair, manifest: tuple[int, str]
) -> None:
    """Write the identity directory of one person (`MEMBER`) or worker who joins `org`, whole or not at all, with
    pins that have seen the manifest of the invitation (epoch and SHA-256) and nothing else; raises as `create`."""
    place = directory(base, org)
    private_files.make_directory(base)
    beside = base / f".{org}.{secrets.token_hex(4)}"
    private_files.make_directory(beside)
    try:
        header = sealed.Header(org, kind, id, kek.source, pair.ed25519, pair.x25519)
        private_files.replace(beside / _FILES[kind], sealed.seal(header, pair.to_bytes(), kek))
        Pins.adopt(beside / _PINS_FILE, org, kek, Seen(manifest=manifest))
        _move_into_place(beside, place)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def directory(base: Path, org: str) -> Path:
    """Return the identity directory of an organisation; UsageError for an id that is not one."""
    if not org or len(org) > 128 or not _ORG_CHARACTERS.issuperset(org):
        raise errors.UsageError(detail=f"{org} is not the id of an organisation.")
    return base / org


def open_identity(base: Path, org: str, known: tuple[Kek, ...] = ()) -> "Identity":
    """Return this machine's identity in an organisation; nothing secret is opened yet. `known` KEKs, as just
    after `create`, are not asked for again.

    Raises NotAdopted if there is none; Unreadable if others can open it or a version is not known; Tampered
    if a header is malformed or the files do not agree on the source of their KEK."""
    place = directory(base, org)
    rekeying.finish(place)
    unknown = errors.NotAdopted(
        detail=f"there are no keys for it in {place}.",
        remedy="Give SOCIALGUARD_IDENTITY if they lie elsewhere, or ask an owner for an invitation. "
        "Where they are lost: socialguard vault recovery restore KIT",
    )
    try:
        private_files.check_directory(place)
    except FileNotFoundError:
        raise unknown from None
    files = {}
    for kind, name in _FILES.items():
        # A daemon's machine need not hold a person's keys, nor a person's a daemon's.
        with contextlib.suppress(FileNotFoundError):
            files[kind] = sealed.read(place / name, org, kind)
    if set(files) not in _KINDS_OF_MACHINE:
        raise unknown
    if {WORKER, LOG} <= set(files) and files[WORKER].header.source != files[LOG].header.source:
        raise errors.Tampered(
            what=f"The directory {place}", detail="worker and log keys name different sources of their KEK."
        )
    return Identity(place, org, files, known)


class Identity:
    """This machine's member, worker, log key and pins in one organisation. Safe to share between threads."""

    def __init__(
        self, place: Path, org: str, files: Mapping[str, sealed.SealedFile], known: tuple[Kek, ...] = ()
    ) -> None:
        self.place = place
        self.org = org
        self._files = dict(files)
        self._log: LogKey | None = None
        self._keks: dict[Source, Kek] = {kek.source: kek for kek in known}
        self._lock = threading.RLock()

    def __repr__(self) -> str:
        return f"Identity({self.org})"

    @property
    def member_id(self) -> str:
        """The member's id as the header names it; raises NotAdopted where no person has keys here."""
        return self._file(MEMBER).header.id

    @property
    def worker_id(self) -> str:
        """The worker's id as the header names it."""
        return self._file(WORKER).header.id

    @property
    def member_source(self) -> Source:
        """Where the KEK of the member's keys comes from."""
        return self._file(MEMBER).header.source

    def has(self, kind: str) -> bool:
        """Whether there are keys of `MEMBER`, `WORKER` or `LOG` here."""
        return kind in self._files

    @property
    def worker_source(self) -> Source:
        """Where the KEK of worker, log key and pins comes from: a person's own where no worker has keys here."""
        return self._file(WORKER if WORKER in self._files else MEMBER).header.source

    def public(self, kind: str) -> PublicHalves:
        """Return the public halves of `MEMBER` or `WORKER`, without opening anything."""
        header = self._file(kind).header
        return PublicHalves(header.ed25519, header.x25519)

    @property
    def log_public(self) -> bytes:
        """The public half of the log key, without opening anything."""
        return self._file(LOG).header.ed25519

    def member(self, ask: AskPassphrase | None) -> KeyPair:
        """Return the member's key pair; raises as `kek.open_kek`, NotAdopted and Tampered."""
        return self._pair(MEMBER, ask)

    def worker(self, ask: AskPassphrase | None) -> KeyPair:
        """Return the worker's key pair; raises as `kek.open_kek` and Tampered."""
        return self._pair(WORKER, ask)

    def log_key(self, listed: bytes, ask: AskPassphrase | None) -> LogKey:
        """Return the log key whose public half is `listed`, as the manifest says: another process may have changed
        it. Raises LogKeyElsewhere where it is not here, else as `kek.open_kek` and Tampered."""
        with self._lock:
            if self._log is None or self._log.public != listed:
                # What is not listed is opened, too: a header that was changed must not look like a key of before.
                file = self._log_file(listed) or self._files.get(LOG)
                if file is None:
                    raise errors.LogKeyElsewhere
                key = _checked(file, LogKey.from_bytes, file.open(self.kek(file.header.source, ask)))
                if key.public != file.header.ed25519:
                    raise errors.Tampered(what=f"The file {file.path}", detail="its public key is another.")
                self._log = key
            if self._log.public != listed:
                raise errors.LogKeyElsewhere
            return self._log

    def offer_log_key(self, ask: AskPassphrase | None) -> LogKey:
        """Make a log key that signs nothing until the manifest lists it, in place of one that was offered before.

        The caller holds a write transaction in which that one is not listed."""
        new = LogKey.generate()
        self._keep_log_key(self.place / _LOG_NEXT, new, self.kek(self.worker_source, ask))
        return new

    def replace_log_key(self, new: LogKey, ask: AskPassphrase | None) -> None:
        """Put a new log key in the place of the old, which stays beside it until `settle_log_key`.

        The caller holds the write transaction that lists it, so that nobody signs in between."""
        path = self.place / _FILES[LOG]
        kek = self.kek(self._file(LOG).header.source, ask)
        private_files.replace(self.place / _LOG_BEFORE, private_files.read(path))
        self._keep_log_key(path, new, kek)

    def is_log_key_changing(self) -> bool:
        """Whether a change of the log key may wait to be settled; opens nothing."""
        return any((self.place / name).exists() for name in (_LOG_BEFORE, _LOG_NEXT))

    def is_log_key_settled(self, listed: bytes) -> bool:
        """Whether there is nothing to settle where the manifest lists this key."""
        file = self._log_file(listed)
        is_in_place = file is None or file.path == self.place / _FILES[LOG]
        return is_in_place and not (self.place / _LOG_BEFORE).exists()

    def settle_log_key(self, listed: bytes) -> None:
        """End a change of the log key: the one that stays in its place is that whose public half is `listed`, as
        the manifest says. One that was offered and is not listed waits on.

        The caller holds the write transaction in which that was read."""
        file, path = self._log_file(listed), self.place / _FILES[LOG]
        try:
            if file is not None:
                if file.path != path:
                    file.path.replace(path)
                (self.place / _LOG_BEFORE).unlink(missing_ok=True)
            private_files.sync_directory(self.place)
        except OSError as problem:
            raise private_files.unwritable(path, problem) from None

    def _log_file(self, listed: bytes) -> sealed.SealedFile | None:
        for name in (_FILES[LOG], _LOG_NEXT, _LOG_BEFORE):
            with contextlib.suppress(FileNotFoundError):
                file = sealed.read(self.place / name, self.org, LOG)
                if file.header.ed25519 == listed:
                    return file
        return None

    def _keep_log_key(self, path: Path, key: LogKey, kek: Kek) -> None:
        header = sealed.Header(self.org, LOG, key.key_id, kek.source, key.public)
        private_files.replace(path, sealed.seal(header, key.to_bytes(), kek))

    def pins(self, ask: AskPassphrase | None) -> Pins:
        """Return this machine's pins; raises as `kek.open_kek` and `Pins.open`."""
        return Pins.open(self.place / _PINS_FILE, self.org, self.kek(self.worker_source, ask))

    def adopt_pins(self, ask: AskPassphrase | None, seen: Seen | None = None) -> Pins:
        """Replace the pins by new ones for this machine, which have seen `seen` (default: nothing), and
        return them.

        What they replace is lost: the reasoned, logged act is the caller's."""
        return Pins.adopt(self.place / _PINS_FILE, self.org, self.kek(self.worker_source, ask), seen)

    def unlock(self, ask: AskPassphrase | None) -> None:
        """Keep the KEKs of this identity that are passphrases in the kernel, for 8 hours; raises as
        `kek.open_kek` and `kernel.unlock`."""
        sources = self._passphrases() or [self.member_source]
        for source in sources:
            kernel.unlock(self.kek(source, ask))

    def lock(self) -> bool:
        """Forget this identity's KEKs, in the kernel and in this object; return whether the kernel held one."""
        with self._lock:
            self._keks.clear()
        held = [kernel.lock(source.check) for source in self._passphrases()]
        return any(held)

    def kek(self, source: Source, ask: AskPassphrase | None) -> Kek:
        """Return the KEK of a source that a file here names, opened at most once in this process."""
        with self._lock:
            found = self._keks.get(source)
            if found is None:
                found = self._keks[source] = open_kek(source, ask)
            return found

    def _passphrases(self) -> list[Source]:
        found = {file.header.source for file in self._files.values()}
        return [source for source in found if source.kind is Kind.PASSPHRASE]

    def _pair(self, kind: str, ask: AskPassphrase | None) -> KeyPair:
        file = self._file(kind)
        pair = _checked(file, KeyPair.from_bytes, file.open(self.kek(file.header.source, ask)))
        if (pair.ed25519, pair.x25519) != (file.header.ed25519, file.header.x25519):
            raise errors.Tampered(what=f"The file {file.path}", detail="its public keys are others.")
        return pair

    def _file(self, kind: str) -> sealed.SealedFile:
        try:
            return self._files[kind]
        except KeyError:
            raise errors.KeysElsewhere(kind=_WORDS[kind]) from None


def _move_into_place(beside: Path, place: Path) -> None:
    try:
        beside.rename(place)  # fails if there is a directory that is not empty
        private_files.sync_directory(place.parent)
    except OSError as problem:
        if place.exists():
            raise errors.UsageError(
                detail=f"There is an identity for this organisation in {place} already.",
                remedy="Keep it: its keys may be the only ones that open your credentials.",
            ) from None
        raise private_files.unwritable(place, problem) from None


def _checked(file: sealed.SealedFile, parse: Callable[[bytes], _Key], data: bytes) -> _Key:
    try:
        return parse(data)
    except ValueError:
        raise errors.Tampered(what=f"The file {file.path}", detail="it does not hold a key.") from None
