"""Signed notes and checkpoints as C2SP defines them (c2sp.org/signed-note, c2sp.org/tlog-checkpoint).

A note is text, a blank line and signature lines; a checkpoint is a note whose text is origin, tree size and
root. Only Ed25519 (signature type 0x01) is known; signatures of unknown keys are ignored, a known key's bad
signature refuses the whole note, and a note without any known key's signature is refused.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from socialguard.canon import jcs

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MAX_NOTE_BYTES = 1_000_000
MAX_SIGNATURES = 100
"""Limits on a note that came from outside; the specification asks for at least 16 signatures."""

_ED25519 = b"\x01"
_KEY_ID_BYTES = 4
_PUBLIC_BYTES = 32
_ROOT_BYTES = 32
_MARK = "— "
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_SIZE = re.compile(r"0|[1-9][0-9]{0,19}")
_HEX_ID = re.compile(r"[0-9a-f]{8}")


class BadNote(ValueError):
    """A note, key or checkpoint is malformed, or is not signed by a key that is trusted here."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A key that may sign notes: its name and its Ed25519 public key."""

    name: str
    public: bytes

    def __post_init__(self) -> None:
        _refuse_bad_name(self.name)
        if len(self.public) != _PUBLIC_BYTES:
            raise BadNote("an Ed25519 public key is 32 bytes")

    @property
    def key_id(self) -> bytes:
        """The first 4 bytes of SHA-256(name ‖ 0x0A ‖ 0x01 ‖ public key)."""
        material = self.name.encode("utf-8") + b"\n" + _ED25519 + self.public
        return hashlib.sha256(material).digest()[:_KEY_ID_BYTES]

    def vkey(self) -> str:
        """Return the key as text: name `+` key id in hex `+` base64 of 0x01 and the public key."""
        return f"{self.name}+{self.key_id.hex()}+{jcs.b64(_ED25519 + self.public)}"

    @classmethod
    def from_vkey(cls, text: str) -> VerifierKey:
        """Return the key of a vkey; raises BadNote if it is malformed, not Ed25519, or has another's id."""
        name, _, rest = text.partition("+")
        hex_id, _, encoded = rest.partition("+")
        material = _unb64(encoded)
        if not _HEX_ID.fullmatch(hex_id) or material[:1] != _ED25519:
            raise BadNote("not an Ed25519 vkey")
        key = cls(name, material[1:])
        if key.key_id.hex() != hex_id:
            raise BadNote("the id of this vkey does not belong to its key")
        return key


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the key's name and 4-byte id, and the raw signature."""

    name: str
    key_id: bytes
    raw: bytes

    def line(self) -> str:
        """Return the line as it stands in a note, with its newline."""
        return f"{_MARK}{self.name} {jcs.b64(self.key_id + self.raw)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A parsed note. Its text must not be believed before `verify`."""

    text: str
    signatures: tuple[Signature, ...]

    def to_bytes(self) -> bytes:
        """Return the note as it is stored and sent."""
        return (self.text + "\n" + "".join(each.line() for each in self.signatures)).encode("utf-8")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The statement of a log: origin, number of leaves, 32-byte root, and extension lines."""

    origin: str
    size: int
    root: bytes
    extensions: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for line in (self.origin, *self.extensions):
            if not line or "\n" in line or _CONTROL.search(line):
                raise BadNote("a line of a checkpoint is empty or holds a control character")
        if not 0 <= self.size < 2**64 or len(self.root) != _ROOT_BYTES:
            raise BadNote("a checkpoint needs a size of 64 bits and a root of 32 bytes")

    def text(self) -> str:
        """Return the note text of the checkpoint."""
        return "\n".join((self.origin, str(self.size), jcs.b64(self.root), *self.extensions)) + "\n"

    @classmethod
    def from_text(cls, text: str) -> Checkpoint:
        """Return the checkpoint that a note text states; raises BadNote if it is malformed."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() != "":
            raise BadNote("a checkpoint has at least three lines")
        origin, size, root, *extensions = lines
        if not _SIZE.fullmatch(size):
            raise BadNote("the size of a checkpoint is not a plain number")
        return cls(origin, int(size), _unb64(root), tuple(extensions))


def sign(text: str, name: str, private: Ed25519PrivateKey) -> bytes:
    """Return a note with one signature; raises BadNote if text or name may not stand in a note."""
    _refuse_bad_text(text)
    return Note(text, (_signature(text, name, private),)).to_bytes()


def cosign(data: bytes, name: str, private: Ed25519PrivateKey) -> bytes:
    """Return the note with one more signature; raises BadNote if it is malformed or has too many."""
    note = parse(data)
    added = Note(note.text, (*note.signatures, _signature(note.text, name, private))).to_bytes()
    parse(added)
    return added


def parse(data: bytes) -> Note:
    """Return the parts of a note, unverified; raises BadNote if it is malformed."""
    if len(data) > MAX_NOTE_BYTES:
        raise BadNote("a note is larger than 1 MB")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError:
        raise BadNote("a note is not UTF-8") from None
    if _CONTROL.search(whole):
        raise BadNote("a note holds a control character")
    # The text may hold empty lines: the last one separates it from the signatures.
    above, blank, below = whole.rpartition("\n\n")
    if not blank or not below.endswith("\n"):
        raise BadNote("a note is a text, an empty line and signatures")
    lines = below[:-1].split("\n")
    if len(lines) > MAX_SIGNATURES:
        raise BadNote("a note has too many signatures")
    return Note(above + "\n", tuple(_parse_signature(line) for line in lines))


def verify(data: bytes, keys: Iterable[VerifierKey]) -> tuple[Note, tuple[VerifierKey, ...]]:
    """Return the note and those of the keys that signed it, in the order of the signatures.

    Raises BadNote if the note is malformed, if any known key's signature is wrong, if none of the keys
    signed it, or if two of the keys share name and id.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    known: dict[tuple[str, bytes], VerifierKey] = {}
    for key in keys:
        if known.setdefault((key.name, key.key_id), key) != key:
            raise BadNote("two keys share their name and id")
    note = parse(data)
    message = note.text.encode("utf-8")
    signers: dict[VerifierKey, None] = {}
    for signature in note.signatures:
        signer = known.get((signature.name, signature.key_id))
        if signer is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(signer.public).verify(signature.raw, message)
        except (InvalidSignature, ValueError):
            raise BadNote("a known key's signature over this note is wrong") from None
        signers[signer] = None
    if not signers:
        raise BadNote("no key that is trusted here signed this note")
    return note, tuple(signers)


def sign_checkpoint(checkpoint: Checkpoint, private: Ed25519PrivateKey) -> bytes:
    """Return the checkpoint as a note, signed under its origin as the key's name."""
    return sign(checkpoint.text(), checkpoint.origin, private)


def verify_checkpoint(data: bytes, origin: str, public: Iterable[bytes]) -> Checkpoint:
    """Return a checkpoint of the log `origin`, signed under that name by one of the public keys.

    Raises BadNote as `verify`, and for a checkpoint of another origin.
    """
    note, _signers = verify(data, [VerifierKey(origin, each) for each in public])
    checkpoint = Checkpoint.from_text(note.text)
    if checkpoint.origin != origin:
        raise BadNote("this is a checkpoint of another log")
    return checkpoint


def _signature(text: str, name: str, private: Ed25519PrivateKey) -> Signature:
    key = VerifierKey(name, private.public_key().public_bytes_raw())
    return Signature(name, key.key_id, private.sign(text.encode("utf-8")))


def _parse_signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not space:
        raise BadNote("a signature line is '— name base64'")
    _refuse_bad_name(name)
    material = _unb64(encoded)
    if len(material) <= _KEY_ID_BYTES:
        raise BadNote("a signature is shorter than its key id")
    return Signature(name, material[:_KEY_ID_BYTES], material[_KEY_ID_BYTES:])


def _refuse_bad_name(name: str) -> None:
    if not name or "+" in name or any(each.isspace() for each in name) or not _is_note_text(name):
        raise BadNote("the name of a key is empty, or holds a space, a plus or a control character")


def _refuse_bad_text(text: str) -> None:
    if not text.endswith("\n") or not _is_note_text(text):
        raise BadNote("the text of a note ends in a newline and holds no control characters")


def _is_note_text(text: str) -> bool:
    """Return whether the text is encodable and free of control characters other than newline."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return not _CONTROL.search(text)


def _unb64(text: str) -> bytes:
    try:
        return jcs.unb64(text)
    except jcs.NotCanonical:
        raise BadNote("not padded base64") from None
