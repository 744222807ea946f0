"""Renewed tokens on their way into the database: between a network's answer and our commit nothing is lost.

A refresh uses the old token up. So a place for the new one is made before the network is asked, with its space
taken (a disk that fills up meanwhile cannot take it away), beside the keys and not in the workspace. What it
answers is written there first, sealed to the keys that will store it and signed by them; the commit that stores it
gives the place back. Whatever dies or fails in between leaves the token there, for the next refresh to store."""

import contextlib
import json
import os
from pathlib import Path
from typing import Final

from socialguard import errors
from socialguard.canon import envelope, jcs
from socialguard.vault import private_files
from socialguard.vault.keys import KeyPair, seal_to

TYPE: Final = "renewed-credential"
"""The envelope type of what is kept."""
ROOM: Final = 64 * 1024
_LONGEST_ID: Final = 64


class Renewed:
    """The places for renewed credentials of one organisation, in the directory `place`."""

    def __init__(self, place: Path, org: str) -> None:
        self._place = place
        self._org = org

    def prepare(self, account_id: str) -> None:
        """Take the space for an account's token; raises DiskFull, SocialGuardError: then ask nothing."""
        if not self._place.exists():
            private_files.make_directory(self._place)
        private_files.replace(self._path(account_id), b"\n" * ROOM)

    def keep(self, account_id: str, gen: int, document: dict[str, str], keys: KeyPair) -> None:
        """Write the credential that follows generation `gen`, durably, into the space that was prepared."""
        info = self._info(account_id, gen)
        sealed = seal_to(keys.x25519, json.dumps(document).encode("utf-8"), info)
        body = {"account": account_id, "gen": gen, "sealed": jcs.b64(sealed)}
        data = jcs.encode({**body, "signature": jcs.b64(keys.sign(TYPE, self._org, body))})
        if len(data) > ROOM:
            raise ValueError("a credential is smaller than its place")
        path = self._path(account_id)
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                os.pwrite(descriptor, data, 0)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as problem:
            raise private_files.unwritable(path, problem) from None

    def find(self, account_id: str, gen: int, keys: KeyPair) -> dict[str, str] | None:
        """Return the document of the credential that follows generation `gen`, None where there is none.

        Raises Tampered for one that these keys did not keep."""
        path = self._path(account_id)
        try:
            data = private_files.read(path).rstrip(b"\n")
        except FileNotFoundError:
            return None
        if not data:
            return None
        try:
            value = jcs.decode(data)
            if not isinstance(value, dict):
                raise ValueError("not an object")
            signature = jcs.unb64(str(value.pop("signature")))
            envelope.verify(keys.ed25519, signature, TYPE, self._org, jcs.encode(value))
            if (value["account"], value["gen"]) != (account_id, gen):
                return None  # of a generation that was stored or replaced meanwhile
            opened = json.loads(keys.open(jcs.unb64(str(value["sealed"])), self._info(account_id, gen)))
        except (KeyError, ValueError):
            raise errors.Tampered(what=f"The file {path}", detail="these keys did not write it.") from None
        return {str(name): str(item) for name, item in opened.items()}

    def holds(self, account_id: str) -> bool:
        """Whether something is kept for an account; not whether it is still the next."""
        try:
            with self._path(account_id).open("rb") as file:
                return file.read(1) == b"{"
        except OSError:
            return False

    def discard(self, account_id: str) -> None:
        """Give the place of an account back."""
        with contextlib.suppress(OSError):
            self._path(account_id).unlink(missing_ok=True)

    def _path(self, account_id: str) -> Path:
        if not account_id.replace("-", "").isalnum() or len(account_id) > _LONGEST_ID:
            raise ValueError("an account's id is letters, digits and hyphens")
        return self._place / account_id

    def _info(self, account_id: str, gen: int) -> bytes:
        return jcs.encode({"ctx": f"socialguard/{TYPE}/v1", "org": self._org, "account": account_id, "gen": gen})
