"""Credentials of this machine's own that can only read: with them the watch looks at an account without any wrap
of the credential that publishes.

They lie beside the keys, never in the workspace: whoever has the workspace, and whoever has the keys of the worker
that publishes, can neither use nor replace them. Each is sealed to this machine's keys and signed by them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from socialguard import errors
from socialguard.canon import envelope, jcs
from socialguard.model.credential import Credential
from socialguard.vault import private_files
from socialguard.vault.keys import KeyPair, seal_to

TYPE: Final = "reader"
"""The envelope type of what is kept."""
_LONGEST_ID: Final = 64


class Readers:
    """The reading credentials of one organisation, in the directory `place`; `keys` opens this machine's own."""

    def __init__(self, place: Path, org: str, keys: Callable[[], KeyPair]) -> None:
        self._place = place
        self._org = org
        self._keys = keys

    def holds(self, account_id: str) -> bool:
        """Whether this machine reads an account with a credential of its own."""
        return self._path(account_id).exists()

    def keep(self, account_id: str, document: dict[str, str]) -> None:
        """Keep a credential's document durably, in place of the one before."""
        keys = self._keys()
        if not self._place.exists():
            private_files.make_directory(self._place)
        box = seal_to(keys.x25519, json.dumps(document).encode("utf-8"), self._info(account_id))
        body = {"account": account_id, "sealed": jcs.b64(box)}
        signature = jcs.b64(keys.sign(TYPE, self._org, body))
        private_files.replace(self._path(account_id), jcs.encode({**body, "signature": signature}))

    def open(self, account_id: str, network: str) -> Credential:
        """Return the credential that was kept; Tampered for one that these keys did not keep here."""
        path, keys = self._path(account_id), self._keys()
        try:
            value = jcs.decode(private_files.read(path))
            if not isinstance(value, dict):
                raise ValueError("not an object")
            signature = jcs.unb64(str(value.pop("signature")))
            envelope.verify(keys.ed25519, signature, TYPE, self._org, jcs.encode(value))
            if value["account"] != account_id:
                raise ValueError("another account's")
            opened = json.loads(keys.open(jcs.unb64(str(value["sealed"])), self._info(account_id)))
        except (KeyError, ValueError):
            raise errors.Tampered(what=f"The file {path}", detail="these keys did not write it.") from None
        kind = str(opened.pop("kind", ""))
        return Credential(network, kind, {str(name): str(item) for name, item in opened.items()})

    def remove(self, account_id: str) -> bool:
        """Forget a credential; return whether there was one."""
        path = self._path(account_id)
        there = path.exists()
        path.unlink(missing_ok=True)
        return there

    def _path(self, account_id: str) -> Path:
        if not account_id.replace("-", "").isalnum() or len(account_id) > _LONGEST_ID:
            raise ValueError("an account's id is letters, digits and hyphens")
        return self._place / account_id

    def _info(self, account_id: str) -> bytes:
        return jcs.encode({"ctx": f"socialguard/{TYPE}/v1", "org": self._org, "account": account_id})
