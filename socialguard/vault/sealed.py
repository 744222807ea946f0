"""Files sealed under a KEK: one line of header, one line of ciphertext.

    {"ed25519":…,"id":…,"kek":{…},"kind":…,"org":…,"v":1,"x25519":…} in canonical form
    base64(96-bit nonce ‖ AES-256-GCM ciphertext ‖ tag)

The header line, as stored and without its newline, is the associated data: no byte of it changes unseen. It
is readable without the KEK, and says which source the KEK comes from.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from socialguard import errors
from socialguard.canon import jcs
from socialguard.vault import private_files
from socialguard.vault.kek import Kek, Source

VERSION: Final = 1
_NONCE_BYTES: Final = 12
_TAG_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class Header:
    """What stands in front of sealed bytes: the organisation, what is sealed (`member`, `worker`, `log`,
    `pins`), the id of its owner, the public halves (empty where there is none) and the KEK's source."""

    org: str
    kind: str
    id: str
    source: Source
    ed25519: bytes = b""
    x25519: bytes = b""

    def document(self) -> dict[str, object]:
        """Return the header as a JSON value."""
        return {
            "v": VERSION,
            "org": self.org,
            "kind": self.kind,
            "id": self.id,
            "kek": self.source.document(),
            "ed25519": jcs.b64(self.ed25519),
            "x25519": jcs.b64(self.x25519),
        }


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A sealed file as it was read: its parsed header, the header's bytes as stored, and the box."""

    path: Path
    header: Header
    stored_header: bytes
    box: bytes

    def open(self, kek: Kek) -> bytes:
        """Return the sealed bytes; raises Tampered if one bit of file or header is not as it was sealed."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce, ciphertext = self.box[:_NONCE_BYTES], self.box[_NONCE_BYTES:]
        try:
            return AESGCM(kek.key).decrypt(nonce, ciphertext, self.stored_header)
        except InvalidTag:
            raise _changed(self.path, "it does not open with its key.") from None


def seal(header: Header, plaintext: bytes, kek: Kek) -> bytes:
    """Return the bytes of a sealed file; `header.source` must be the KEK's own (ValueError)."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if header.source != kek.source:
        raise ValueError("a header names the source of the KEK that seals")
    first = jcs.encode(header.document())
    nonce = secrets.token_bytes(_NONCE_BYTES)
    box = nonce + AESGCM(kek.key).encrypt(nonce, plaintext, first)
    return first + b"\n" + jcs.b64(box).encode("ascii") + b"\n"


def read(path: Path, org: str, kind: str) -> SealedFile:
    """Return the sealed file at `path`, still closed.

    Raises FileNotFoundError, Unreadable (permissions, unknown version), and Tampered if it is malformed or of
    another organisation or kind than expected."""
    data = private_files.read(path)
    first, newline, rest = data.partition(b"\n")
    if not newline or not rest.endswith(b"\n"):
        raise _changed(path, "it is not two lines.")
    try:
        box = jcs.unb64(rest[:-1].decode("ascii"))
        document = jcs.decode(first)
    except (UnicodeDecodeError, jcs.NotCanonical):
        raise _changed(path, "it is not a sealed file.") from None
    if not isinstance(document, dict) or len(box) < _NONCE_BYTES + _TAG_BYTES:
        raise _changed(path, "it is not a sealed file.")
    version = document.get("v")
    if version != VERSION or isinstance(version, bool):
        raise errors.Unreadable(
            path=path,
            detail=f"it is of version {version}; this program knows {VERSION}.",
            remedy="Use the newer version of socialguard.",
        )
    header = _parse(document, path)
    if header.org != org or header.kind != kind:
        raise _changed(path, "it belongs to another organisation or is of another kind.")
    return SealedFile(path, header, first, box)


def _parse(document: Mapping[str, object], path: Path) -> Header:
    texts = {name: document.get(name) for name in ("org", "kind", "id", "ed25519", "x25519")}
    if set(document) != {"v", "kek", *texts} or not all(isinstance(each, str) for each in texts.values()):
        raise _changed(path, "its header has other fields.")
    plain = {name: str(value) for name, value in texts.items()}
    try:
        return Header(
            org=plain["org"],
            kind=plain["kind"],
            id=plain["id"],
            source=Source.parse(document["kek"]),
            ed25519=jcs.unb64(plain["ed25519"]),
            x25519=jcs.unb64(plain["x25519"]),
        )
    except ValueError as problem:
        raise _changed(path, f"{problem}.") from None


def _changed(path: Path, detail: str) -> errors.Tampered:
    return errors.Tampered(what=f"The file {path}", detail=detail)
