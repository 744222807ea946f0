"""The recovery kit: what opens everything again when machine, keyring and passphrases are gone.

It holds an age identity (opens exports and off-site copies), a key pair that the manifest lists (credentials
are sealed to it, it signs a new incarnation of the log), the org id and the manifest's hash. It is made once,
shown once, and kept on paper or a medium offline, never in the workspace.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Iterable
from typing import Final

from socialguard import errors
from socialguard.canon import envelope, jcs
from socialguard.model import credential
from socialguard.model.text import has_hidden
from socialguard.registry.signed import RecoveryKey
from socialguard.vault import age, kit_text
from socialguard.vault.keys import KeyPair, Secret, seal_to

_MAX_ACCESS: Final = 2000
_HEX_DIGITS: Final = 64


class Kit(Secret):
    """A recovery kit. `access` is the person's own note on how to reach the off-site copies."""

    __slots__ = ("access", "age_identity", "keys", "manifest_sha256", "org")

    org: str
    manifest_sha256: str
    age_identity: str
    keys: KeyPair
    access: str

    def __init__(self, org: str, manifest_sha256: str, age_identity: str, keys: KeyPair, access: str = "") -> None:
        if any(len(each) != _HEX_DIGITS or set(each) - set("0123456789abcdef") for each in (org, manifest_sha256)):
            raise ValueError("org id and manifest hash are 64 hex digits")
        self.org = org
        self.manifest_sha256 = manifest_sha256
        self.age_identity = age_identity
        self.keys = keys
        self.access = access
        credential.guard([age_identity, *kit_text.pieces(_letters(keys))])

    @property
    def age_recipient(self) -> str:
        """The recipient (`age1…`) that exports are made for."""
        return age.recipient_of(self.age_identity)

    def public(self) -> RecoveryKey:
        """Return the public halves, as the manifest's `recovery` lists them; the id is the signing key's."""
        return RecoveryKey(id=self.keys.signing_id, x25519=self.keys.x25519, ed25519=self.keys.ed25519)

    def document(self) -> str:
        """Return the kit as text to print or to save: every secret of it, in plain words."""
        return kit_text.render(
            {
                "org": self.org.upper(),
                "manifest": self.manifest_sha256.upper(),
                "key": _letters(self.keys),
                "age": self.age_identity,
            },
            self.access,
        )


def new_kit(org: str, manifest_sha256: str, access: str = "") -> Kit:
    """Return a new kit for an organisation (id and hash of 64 hex digits).

    `access` may hold a few lines on how to reach the off-site copies; UsageError if they are too long or hold
    control characters."""
    lines = access.strip().splitlines()
    if len(access) > _MAX_ACCESS or any(has_hidden(line) for line in lines):
        raise errors.UsageError(
            detail=f"The note on off-site access has at most {_MAX_ACCESS} characters, all of them visible."
        )
    identity, _ = age.new_identity()
    return Kit(org, manifest_sha256, identity, KeyPair.generate(), "\n".join(line.strip() for line in lines))


def parse_kit(text: str) -> Kit:
    """Return the kit that `document` wrote, also when it was typed or scanned: case, spaces, line breaks
    around and other lines do not matter.

    Raises UsageError that names the line with the mistake."""
    values, access = kit_text.parse(text)
    letters = values["key"]
    try:
        raw = base64.b32decode(letters + "=" * (-len(letters) % 8))
        keys = KeyPair.from_bytes(raw)
        kit = Kit(values["org"].lower(), values["manifest"].lower(), values["age"], keys, access)
        if _letters(keys) != letters:
            raise ValueError("unused bits are set")
    except (binascii.Error, ValueError):
        raise errors.UsageError(detail="This is not a recovery kit: its lines do not hold keys.") from None
    age.recipient_of(kit.age_identity)
    return kit


def check(kit: Kit, org: str, recovery: Iterable[RecoveryKey]) -> RecoveryKey:
    """Prove that the kit opens what is sealed to it and signs for it; return the manifest's key that it is.

    Raises UsageError for the kit of another organisation, Stale if the manifest does not (or no longer) list
    it, Tampered if the manifest gives only one half of its keys."""
    if kit.org != org:
        raise errors.UsageError(detail="This kit belongs to another organisation.")
    halves = {kit.keys.ed25519, kit.keys.x25519}
    listed = [key for key in recovery if halves & {key.ed25519, key.x25519}]
    if not listed:
        raise errors.Stale(
            detail="This kit is not in the manifest: another has replaced it, and it opens nothing newer.",
            remedy="Find the newer kit, or make one: socialguard vault recovery new",
        )
    key = listed[0]
    _prove(kit, key)
    return key


def _prove(kit: Kit, key: RecoveryKey) -> None:
    probe, info = secrets.token_bytes(32), b"socialguard/recovery-test/v1"
    try:
        opened = kit.keys.open(seal_to(key.x25519, probe, info), info)
        body = {"probe": probe.hex()}
        signature = kit.keys.sign("recovery-test", kit.org, body)
        envelope.opened(key.ed25519, signature, "recovery-test", kit.org, jcs.encode(dict(body)))
    except (errors.Tampered, envelope.BadSignature):
        raise errors.Tampered(
            what="The manifest's recovery key", detail="it joins the keys of two different kits."
        ) from None
    returned = age.open_export(kit.age_identity, age.export([kit.age_recipient], probe))
    if not hmac.compare_digest(opened, probe) or not hmac.compare_digest(returned, probe):
        raise errors.Unreadable(path="The kit", detail="it does not return what was sealed to it.")


def _letters(keys: KeyPair) -> str:
    return base64.b32encode(keys.to_bytes()).decode("ascii").rstrip("=")
