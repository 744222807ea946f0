"""The key-encryption key (KEK): where it comes from, and that it comes from nowhere else.

At `init` a source is chosen, in this order: systemd credential, keyring, key file, passphrase. It is recorded
in the header of every file that the KEK seals, and only the recorded source opens it again: a missing
keyring does not make a key file acceptable. A check value in the record tells a wrong KEK from a damaged
file; guessing against it costs what guessing against the file itself costs.
"""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final, Self

from socialguard import errors
from socialguard.canon import jcs
from socialguard.model import credential
from socialguard.model.text import marked
from socialguard.vault.keys import Secret

KEK_BYTES: Final = 32
AskPassphrase = Callable[[], str]
"""Returns the passphrase that a person or a file descriptor gives; the face's business."""

_CHECK_PREFIX: Final = b"socialguard/kek-check/v1\n"
_CHECK_DIGITS: Final = 32


class Kind(StrEnum):
    """The kinds of source, in the order in which `init` offers them."""

    SYSTEMD = "systemd"
    KEYRING = "keyring"
    FILE = "file"
    PASSPHRASE = "passphrase"  # noqa: S105 - the name of a kind


# What a record of each kind holds besides its check value.
_PARAMS: Final[Mapping[Kind, Mapping[str, type]]] = {
    Kind.SYSTEMD: {},
    Kind.KEYRING: {"entry": str},
    Kind.FILE: {},
    Kind.PASSPHRASE: {"salt": str, "memory": int, "passes": int, "lanes": int},
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a KEK comes from: the kind, its place (file path, name of the credential or of the keyring
    backend, empty for a passphrase), parameters by name, and the check value of the KEK (32 hex digits)."""

    kind: Kind
    place: str
    params: tuple[tuple[str, str | int], ...] = ()
    check: str = ""

    def document(self) -> dict[str, object]:
        """Return the record as a JSON value, as headers carry it."""
        return {
            "kind": self.kind.value,
            "place": self.place,
            "params": dict(self.params),
            "check": self.check,
        }

    @classmethod
    def parse(cls, value: object) -> Self:
        """Return the source that `document` wrote; ValueError for anything else."""
        if not isinstance(value, dict) or set(value) != {"kind", "place", "params", "check"}:
            raise ValueError("the record of a KEK source has other fields")
        kind, place, params, check = value["kind"], value["place"], value["params"], value["check"]
        if not isinstance(kind, str) or kind not in list(Kind):
            raise ValueError("the kind of KEK source is not known")
        expected = _PARAMS[Kind(kind)]
        if not isinstance(place, str) or not isinstance(params, dict) or set(params) != set(expected):
            raise ValueError("the record of a KEK source has other parameters")
        if any(type(params[name]) is not type_ for name, type_ in expected.items()):
            raise ValueError("a parameter of a KEK source has another type")
        if not isinstance(check, str) or len(check) != _CHECK_DIGITS:
            raise ValueError("the check value of a KEK source is malformed")
        return cls(Kind(kind), place, tuple(sorted(params.items())), check)

    def text(self, name: str) -> str:
        """Return the parameter `name` that is text."""
        return str(dict(self.params)[name])

    def number(self, name: str) -> int:
        """Return the parameter `name` that is a number."""
        return int(dict(self.params)[name])

    def __str__(self) -> str:
        names = {
            Kind.SYSTEMD: marked(f"the systemd credential {self.place}"),
            Kind.KEYRING: marked(f"the keyring ({self.place})"),
            Kind.FILE: marked(f"the key file {self.place}"),
            Kind.PASSPHRASE: marked("a passphrase"),
        }
        return names[self.kind]


class Kek(Secret):
    """A KEK in memory (32 bytes), with the source that it came from."""

    __slots__ = ("key", "source")

    key: bytes
    source: Source

    def __init__(self, source: Source, key: bytes) -> None:
        if len(key) != KEK_BYTES:
            raise ValueError("a KEK is 32 bytes")
        self.source = source
        self.key = key
        credential.guard([jcs.b64(key), key.hex()])


def open_kek(source: Source, ask_passphrase: AskPassphrase | None) -> Kek:
    """Return the KEK from its recorded source, and from no other.

    Raises Locked when the source is not at hand or the passphrase is wrong, Unreadable for a key file that
    others could open, and Tampered when the source holds another key or the record asks for a weak one."""
    kek = Kek(source, _read(source, ask_passphrase))
    if not hmac.compare_digest(check_value(kek.key), source.check):
        if source.kind is Kind.PASSPHRASE:
            raise errors.Locked(detail="this is not its passphrase.", remedy="Try again.")
        named = str(source)
        raise errors.Tampered(what=named[0].upper() + named[1:], detail="it holds another key than before.")
    return kek


def create_kek(kind: Kind, place: str, ask_passphrase: AskPassphrase | None = None) -> Kek:
    """Return a new KEK from a source of `kind` at `place`; a key that is there already is used.

    `place` is the path of a key file, the name of a systemd credential (empty: `socialguard.kek`) or of a keyring
    backend (empty: the first that works); a passphrase needs none. Raises Locked when the source cannot be used,
    Unreadable for a key file that others could open and UsageError for a passphrase that is too short."""
    if kind is Kind.FILE:
        from socialguard.vault import key_file

        where = str(Path(place).expanduser().absolute())
        return _recorded(Source(kind, where), key_file.create(Path(where)))
    if kind is Kind.SYSTEMD:
        from socialguard.vault import key_file

        name = place or key_file.CREDENTIAL_NAME
        return _recorded(Source(kind, name), key_file.read_systemd_credential(name))
    if kind is Kind.KEYRING:
        from socialguard.vault import desktop_keyring

        backend, entry, key = desktop_keyring.create(place)
        return _recorded(Source(kind, backend, (("entry", entry),)), key)
    from socialguard.vault import passphrase

    params, key = passphrase.create(ask_passphrase)
    return _recorded(Source(kind, "", tuple(sorted(params.items()))), key)


def check_value(key: bytes) -> str:
    """Return the check value of a KEK: the first 16 bytes, in hex, of HMAC-SHA256 with the KEK as key."""
    return hmac.digest(key, _CHECK_PREFIX, hashlib.sha256).hex()[:_CHECK_DIGITS]


def _recorded(source: Source, key: bytes) -> Kek:
    return Kek(replace(source, check=check_value(key)), key)


def _read(source: Source, ask_passphrase: AskPassphrase | None) -> bytes:
    if source.kind is Kind.FILE:
        from socialguard.vault import key_file

        return key_file.read(Path(source.place))
    if source.kind is Kind.SYSTEMD:
        from socialguard.vault import key_file

        return key_file.read_systemd_credential(source.place)
    if source.kind is Kind.KEYRING:
        from socialguard.vault import desktop_keyring

        return desktop_keyring.read(source.place, source.text("entry"))
    from socialguard.vault import kernel, passphrase

    # Before the kernel keyring is asked: a weakened record must not pass because the vault is unlocked.
    passphrase.check_cost(source.number("memory"), source.number("passes"), source.number("lanes"))
    return kernel.find(source.check) or passphrase.derive(source, ask_passphrase)
