"""Keyed hashes of the credentials that were sealed or opened on this machine, so that a text can be held against
them without any credential being opened: HMAC-SHA256 under a random key, in one private file beside the keys.

The file's first line is the key, each other line an account, a generation and the hashes of its secret values. It
is added to, so that processes need not take turns; what is replaced goes when the file has grown. Whoever reads it
can ask of a token whether it is one of ours, which helps nobody who does not have the token."""

import contextlib
import hmac
import os
import secrets
import threading
from pathlib import Path
from typing import Final

from socialguard import errors
from socialguard.model.credential import Credential
from socialguard.vault import private_files

SHORTEST: Final = 12
"""Values of fewer characters are names and numbers, not secrets."""

_SECRET: Final = ("token", "secret", "key", "password", "verifier")
_KEY_BYTES: Final = 32
_GROWN: Final = 1 << 20
_LARGEST: Final = 16 << 20


class Marks:
    """The marks in the file `path`; there need be none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state: object = None
        self._key = b""
        self._seen: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._hashes: frozenset[str] = frozenset()
        self._turn = threading.Lock()

    def add(self, account_id: str, gen: int, credential: Credential) -> None:
        """Remember what is secret in a credential, once for each generation. Where it cannot be written, nothing
        else suffers: the text checks know the forms of tokens too."""
        values = [value for name, value in credential.document().items() if _is_secret(name, value)]
        with self._turn, contextlib.suppress(errors.SocialGuardError, OSError):
            self._load(make=True)
            if self._seen.get(account_id, (0, ()))[0] >= gen or not values:
                return
            hashes = tuple(self._hash(value) for value in values)
            self._seen[account_id] = (gen, hashes)
            self._append(f"{account_id} {gen} {' '.join(hashes)}\n")

    def is_ours(self, text: str) -> bool:
        """Return whether `text` is a secret value of a credential that was remembered here."""
        if len(text) < SHORTEST:
            return False
        with self._turn:
            try:
                self._load(make=False)
            except errors.SocialGuardError:
                return False
            return bool(self._key) and self._hash(text) in self._hashes

    def _hash(self, value: str) -> str:
        return hmac.digest(self._key, value.encode("utf-8", "surrogatepass"), "sha256").hex()

    def _load(self, *, make: bool) -> None:
        if make and not self._path.exists():
            private_files.create(self._path, secrets.token_hex(_KEY_BYTES).encode("ascii") + b"\n")
        state = private_files.state(self._path)
        if state is None or state == self._state:
            return
        first, *lines = private_files.read(self._path, _LARGEST).decode("ascii", "replace").splitlines()
        try:
            self._key = bytes.fromhex(first)
        except ValueError:
            raise errors.Unreadable(path=self._path, detail="its first line is no key.") from None
        self._seen = {}
        every: set[str] = set()
        for line in lines:
            account_id, *rest = line.split(" ")
            if len(rest) > 1 and rest[0].isdecimal():
                self._seen[account_id] = (int(rest[0]), tuple(rest[1:]))
                every.update(rest[1:])
        self._hashes = frozenset(every)
        self._state = state

    def _append(self, line: str) -> None:
        if self._path.stat().st_size > _GROWN:
            kept = "".join(f"{one} {gen} {' '.join(hashes)}\n" for one, (gen, hashes) in self._seen.items())
            private_files.replace(self._path, f"{self._key.hex()}\n{kept}".encode("ascii"))
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW)
        try:
            os.write(descriptor, line.encode("ascii"))
        finally:
            os.close(descriptor)


def _is_secret(name: str, value: str) -> bool:
    return len(value) >= SHORTEST and any(word in name for word in _SECRET) and not name.endswith("_at")
