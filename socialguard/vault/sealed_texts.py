"""Texts of this machine that hold a secret, sealed: where alerts go, the keys of anchors.

They lie beside the keys and not in the workspace, each sealed to this machine's worker and signed by it, so that
the daemon can open them and nobody can put one of their own among them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from socialguard import errors
from socialguard.canon import envelope, jcs
from socialguard.vault import private_files
from socialguard.vault.keys import KeyPair, seal_to


class SealedTexts:
    """Texts by name, of one organisation on this machine, in the file `path`. `TYPE` is the envelope type of one,
    `WHAT` the word for it, `LISTED` the command that lists them."""

    TYPE: ClassVar[str]
    WHAT: ClassVar[str]
    LISTED: ClassVar[str]

    def __init__(self, path: Path, org: str) -> None:
        self._path = path
        self._org = org

    def names(self) -> tuple[str, ...]:
        """Return all names, sorted; it needs no key."""
        return tuple(sorted(self._read()))

    def put(self, name: str, text: str, keys: KeyPair) -> None:
        """Seal a text under a name, in place of the one before."""
        sealed = jcs.b64(seal_to(keys.x25519, text.encode("utf-8"), self._info(name)))
        body = {"name": name, "sealed": sealed}
        signature = jcs.b64(keys.sign(self.TYPE, self._org, body))
        self._write({**self._read(), name: {"sealed": sealed, "signature": signature}})

    def remove(self, name: str) -> None:
        """Forget one; raises NotFound."""
        kept = self._read()
        if kept.pop(name, None) is None:
            raise errors.NotFound(kind=self.WHAT, name=name, hint=f"Run: {self.LISTED}")
        self._write(kept)

    def opened(self, keys: KeyPair) -> dict[str, str]:
        """Return the texts by name; raises Tampered for one that these keys did not keep."""
        found = {}
        for name, row in sorted(self._read().items()):
            try:
                body = jcs.encode({"name": name, "sealed": row["sealed"]})
                envelope.verify(keys.ed25519, jcs.unb64(row["signature"]), self.TYPE, self._org, body)
                found[name] = keys.open(jcs.unb64(row["sealed"]), self._info(name)).decode("utf-8")
            except (KeyError, ValueError):
                raise errors.Tampered(
                    what=f"What is sealed for {name}", detail="these keys did not write it."
                ) from None
        return found

    def _read(self) -> dict[str, dict[str, str]]:
        try:
            data = json.loads(private_files.read(self._path))
            return {str(name): {str(key): str(each) for key, each in row.items()} for name, row in data.items()}
        except FileNotFoundError:
            return {}
        except (ValueError, AttributeError):
            raise errors.Tampered(what="The file of sealed texts", detail="it is not one of ours.") from None

    def _write(self, rows: Mapping[str, Mapping[str, str]]) -> None:
        private_files.replace(self._path, json.dumps({name: dict(row) for name, row in rows.items()}).encode())

    def _info(self, name: str) -> bytes:
        return jcs.encode({"ctx": f"socialguard/{self.TYPE}/v1", "org": self._org, self.WHAT: name})


class Channels(SealedTexts):
    """Where alerts go outside: an address of a channel holds its password or token."""

    TYPE = "alert-channel"
    WHAT = "channel"
    LISTED = "socialguard alerts channel list"


class AnchorKeys(SealedTexts):
    """The keys of anchors that ask for one: the id and the secret, with a space between."""

    TYPE = "anchor-key"
    WHAT = "anchor"
    LISTED = "socialguard audit anchor list"
